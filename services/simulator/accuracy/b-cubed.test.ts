import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bCubed, bCubedItems } from './b-cubed.js';

const letters = (text: string) => [...text];

describe('B-cubed', () => {
  // worked out by hand, item by item
  it.each([
    ['equal up to names', 'aaabb', 'xxxyy', 1, 1],
    ['all in one cluster', 'aaabb', 'xxxxx', (3 * (3 / 5) + 2 * (2 / 5)) / 5, 1],
    ['every item by itself', 'aaabb', 'vwxyz', 1, (3 * (1 / 3) + 2 * (1 / 2)) / 5],
    // the third a sits with the b: precisions 1 1 1/3 2/3 2/3, recalls 2/3 2/3 1/3 1 1
    ['one item in the wrong cluster', 'aaabb', 'xxyyy', 11 / 15, 11 / 15],
    // a: 3 of 4 in x, 1 in y; b: 1 in x, 1 in y
    [
      'two clusters that both mix',
      'aaaabb',
      'xxxyxy',
      (3 * (3 / 4) + 1 / 2 + 1 / 4 + 1 / 2) / 6,
      (3 * (3 / 4) + 1 / 4 + 1 / 2 + 1 / 2) / 6,
    ],
  ])('%s', (_name, truth, predicted, precision, recall) => {
    const score = bCubed(letters(truth), letters(predicted));
    expect(score.precision).toBeCloseTo(precision, 12);
    expect(score.recall).toBeCloseTo(recall, 12);
    expect(score.f1).toBeCloseTo((2 * precision * recall) / (precision + recall), 12);
  });

  it('is 1 where there is nothing to score', () => {
    expect(bCubed([], [])).toEqual({ precision: 1, recall: 1, f1: 1 });
  });

  it('refuses lists of different lengths', () => {
    expect(() => bCubed(['a'], [])).toThrow(RangeError);
  });

  it('turns precision into recall when classes and clusters change places, and stays in (0, 1]', () => {
    const pairs = fc.array(fc.tuple(fc.nat(5).map(String), fc.nat(5).map(String)), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(pairs, (items) => {
        const truth = items.map(([one]) => one);
        const predicted = items.map(([, cluster]) => cluster);
        const there = bCubedItems(truth, predicted);
        const back = bCubedItems(predicted, truth);
        expect(back).toEqual(
          there.map(({ precision, recall }) => ({ precision: recall, recall: precision })),
        );
        for (const { precision, recall } of there) {
          expect(precision).toBeGreaterThan(0);
          expect(precision).toBeLessThanOrEqual(1);
          expect(recall).toBeGreaterThan(0);
        }
      }),
    );
  });
});
