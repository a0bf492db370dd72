import { expect, it } from 'vitest';
import { slopeOf } from './slope.js';

it.each([
  [
    [
      [0, 1],
      [1, 3],
      [2, 5],
    ],
    2,
  ],
  [
    [
      [0, 4],
      [5, 4],
      [9, 4],
    ],
    0,
  ],
  [
    [
      [3, 1],
      [3, 9],
    ],
    0,
  ],
  [
    [
      [0, 0],
      [1, 2],
      [2, 0],
    ],
    0,
  ],
] as const)('the line through %j rises by %d', (points, slope) => {
  expect(slopeOf(points as never)).toBeCloseTo(slope);
});
