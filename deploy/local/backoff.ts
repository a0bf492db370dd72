/** A component that ran this long was healthy: its next failure counts as the first, milliseconds. */
export const STABLE_AFTER_MS = 30_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 15_000;

/** Failures in a row, `previous` before this one, when it ran `ranMs`. */
export const failuresInRow = (previous: number, ranMs: number): number =>
  ranMs >= STABLE_AFTER_MS ? 1 : previous + 1;

/**
 * Pause before the restart that follows the n-th failure in a row, milliseconds: 250 doubled each time, at most 15 s. No
 * jitter: one supervisor restarts its own children, there is no herd.
 */
export const restartDelayMs = (failures: number): number =>
  Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, failures - 1));
