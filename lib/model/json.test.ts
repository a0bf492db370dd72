import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './json.js';

describe('canonical JSON', () => {
  it('is the same for equal objects whatever the order of their keys', () => {
    expect(canonicalJson({ b: 1, a: [{ d: 2, c: 3 }] })).toBe('{"a":[{"c":3,"d":2}],"b":1}');
  });

  it('keeps integers above 2^53 as strings, drops undefined, and takes no number that JSON lacks', () => {
    expect(
      canonicalJson({ big: 2 ** 60, none: undefined, nan: Number.NaN, long: 12345678901234567890n }),
    ).toBe('{"big":"1152921504606847000","long":"12345678901234567890","nan":null}');
  });

  it('keeps __proto__ as data', () => {
    const value = JSON.parse('{"__proto__":{"x":1},"a":2}');
    expect(canonicalJson(value)).toBe('{"__proto__":{"x":1},"a":2}');
  });

  it('survives any depth', () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    expect(canonicalJson(JSON.parse(deep)).length).toBeLessThan(200);
  });

  it('reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });
});
