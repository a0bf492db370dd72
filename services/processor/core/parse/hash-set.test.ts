import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HashSet } from './hash-set.js';

test('it knows what a set of strings knows, whatever collides', () => {
  const word = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(16, 32, 64, -2147483648, 2147483647),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word), { maxLength: 300 }), (hashes) => {
      const set = new HashSet();
      const model = new Set<string>();
      for (const [high, low] of hashes) {
        const name = high === 0 && low === 0 ? '0,1' : `${high},${low}`;
        expect(set.add(high, low)).toBe(!model.has(name));
        model.add(name);
        expect(set.size).toBe(model.size);
      }
    }),
  );
});

test('ten thousand hashes are all found again', () => {
  const set = new HashSet();
  for (let n = 0; n < 10_000; n++)
    expect(set.add(Math.imul(n, 0x9e3779b1), Math.imul(n, 0x85ebca6b))).toBe(true);
  for (let n = 0; n < 10_000; n++)
    expect(set.add(Math.imul(n, 0x9e3779b1), Math.imul(n, 0x85ebca6b))).toBe(false);
  expect(set.size).toBe(10_000);
});
