import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadCursorError, decodeCursor, encodeCursor } from './cursor.js';
import { decodeProperties, encodeProperties } from './rows.js';

describe('properties', () => {
  test('a key __proto__ survives at any depth and pollutes nothing', () => {
    const given = JSON.parse(
      '{"__proto__":{"admin":true},"%__proto__":1,"a":[{"__proto__":2}],"b":"__proto__"}',
    );
    const stored = encodeProperties(given);
    expect(JSON.stringify(stored)).not.toContain('"__proto__":');
    expect(JSON.stringify(decodeProperties(stored))).toBe(JSON.stringify(given));
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  test('what has no such key is passed on as it is', () => {
    const given = { message: 'm', nested: { list: [1, 'two', null] } };
    expect(encodeProperties(given)).toBe(given);
  });

  test('any JSON object survives the way there and back', () => {
    const key = fc.oneof(
      fc.string(),
      fc.constantFrom('__proto__', '%__proto__', '%%__proto__', 'constructor'),
    );
    const object = fc
      .jsonValue({ maxDepth: 3 })
      .chain((value) => fc.dictionary(key, fc.constant(value), { maxKeys: 4 }));
    fc.assert(
      fc.property(object, (given) => {
        const json = JSON.stringify(given);
        expect(JSON.stringify(decodeProperties(encodeProperties(JSON.parse(json))))).toBe(json);
      }),
    );
  });
});

describe('cursor', () => {
  test('comes back as it was, whatever the id', () => {
    fc.assert(
      fc.property(fc.integer(), fc.string({ unit: 'binary' }), (key, id) => {
        expect(decodeCursor('events', encodeCursor('events', { key, id }))).toEqual({ key, id });
      }),
    );
  });

  test.each(['', 'nonsense', Buffer.from('[]').toString('base64url'), 'eyJhIjoxfQ'])(
    '%j is refused',
    (text) => {
      expect(() => decodeCursor('events', text)).toThrow(BadCursorError);
    },
  );

  test('one of another listing is refused', () => {
    expect(() => decodeCursor('traces', encodeCursor('events', { key: 1, id: 'a' }))).toThrow(BadCursorError);
  });
});
