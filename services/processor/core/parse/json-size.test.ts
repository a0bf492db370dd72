import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mostJsonBytes } from './json-size.js';

it('is never less than what JSON takes', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      expect(mostJsonBytes(value)).toBeGreaterThanOrEqual(Buffer.byteLength(JSON.stringify(value)));
    }),
  );
  for (const text of ['\u0000\u001f"\\', '\ud800', '😀 é', '\n'.repeat(40)])
    expect(mostJsonBytes([text])).toBeGreaterThanOrEqual(Buffer.byteLength(JSON.stringify([text])));
});

it('is near to it for plain data', () => {
  const run = { kind: 'run', id: 'x'.repeat(60), session: null, about: [1, 20, 3_000_000], open: true };
  expect(mostJsonBytes(run)).toBeLessThan(1.5 * Buffer.byteLength(JSON.stringify(run)));
});
