import { expect, it } from 'vitest';
import { failuresInRow, restartDelayMs, STABLE_AFTER_MS } from './backoff.js';

it.each([
  [1, 250],
  [2, 500],
  [3, 1_000],
  [6, 8_000],
  [7, 15_000],
  [1_000, 15_000],
])('waits after failure %i in a row for %i ms', (failures, delay) => {
  expect(restartDelayMs(failures)).toBe(delay);
});

it('starts counting anew once a component ran long enough', () => {
  expect(failuresInRow(5, STABLE_AFTER_MS - 1)).toBe(6);
  expect(failuresInRow(5, STABLE_AFTER_MS)).toBe(1);
});
