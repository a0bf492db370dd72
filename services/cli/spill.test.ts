import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Spill } from './spill.js';

it('gives back what was appended, in any order, whether in memory or in its file', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 400 }),
      fc.array(fc.nat(), { maxLength: 80 }),
      (pieces, heldBytes, picks) => {
        const spill = new Spill(heldBytes);
        try {
          const places = pieces.map((piece) => spill.append(Buffer.from(piece)));
          for (const pick of [...pieces.keys(), ...picks]) {
            const n = pick % pieces.length;
            expect(spill.read(places[n]!, pieces[n]!.length).equals(pieces[n]!)).toBe(true);
          }
        } finally {
          spill.close();
        }
      },
    ),
  );
});

it('reads what is appended between reads', () => {
  const spill = new Spill(8);
  const first = spill.append(Buffer.from('abc'));
  expect(spill.read(first, 3).toString()).toBe('abc');
  const second = spill.append(Buffer.from('defghijk'));
  const third = spill.append(Buffer.from('l'));
  expect([spill.read(third, 1), spill.read(first, 3), spill.read(second, 8)].map(String)).toEqual([
    'l',
    'abc',
    'defghijk',
  ]);
  spill.close();
});
