import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Needles } from './needles.js';

const foundBits = (needles: Needles, count: number): boolean[] =>
  Array.from({ length: count }, (_, at) => (needles.found[at >> 5]! & (1 << (at & 31))) !== 0);

test('it finds what includes finds, whatever the literals share', () => {
  const part = fc.constantFrom('ing', 'calling', 'Tool', 'tool', 'aab', 'baa', '🧠 x', 'é', ' ', 'n":', 'ab');
  const text = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));
  const literal = text.filter(({ length }) => length >= 3);
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.array(literal, { maxLength: 3 }), { nil: null }), { maxLength: 70 }),
      fc.array(text, { maxLength: 5 }),
      (literals, texts) => {
        const needles = new Needles(literals);
        for (const one of texts) {
          needles.search(one);
          expect(foundBits(needles, literals.length)).toEqual(
            literals.map((of) => of?.some((each) => one.includes(each)) ?? false),
          );
        }
      },
    ),
  );
});

test('a literal is found wherever it stands in a long text', () => {
  const needles = new Needles([['the end'], ['never']]);
  for (let before = 4_080; before < 4_110; before++) {
    for (const filler of ['x', 'é', '—']) {
      needles.search(`${filler.repeat(before)}the end${filler.repeat(40)}`);
      expect(foundBits(needles, 2)).toEqual([true, false]);
      needles.search(`${filler.repeat(before)}the_end${filler.repeat(40)}`);
      expect(foundBits(needles, 2)).toEqual([false, false]);
    }
  }
  needles.search(`${' '.repeat(20_000)}the end`);
  expect(foundBits(needles, 2)).toEqual([true, false]);
});
