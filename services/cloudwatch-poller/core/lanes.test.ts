import { describe, expect, it } from 'vitest';
import {
  beginAt,
  closeRange,
  dueMs,
  horizonMs,
  isCurrent,
  type Lanes,
  openRange,
  type Progress,
} from './lanes.js';

const MINUTE = 60_000;
const lanes: Lanes = {
  fast: { overlapMs: MINUTE, settleMs: 2_000, intervalMs: 10_000 },
  sweep: { overlapMs: 60 * MINUTE, settleMs: 0, intervalMs: 10 * MINUTE },
};
const NOW = 1_000 * MINUTE;
const upTo = (fastMs: number, sweepMs: number): Progress => ({
  sinceMs: 0,
  fast: { positionMs: fastMs, pass: null },
  sweep: { positionMs: sweepMs, pass: null },
});

describe('a range', () => {
  it('reads from the overlap behind the position up to what has settled', () => {
    const opened = openRange(upTo(NOW - 10_000, NOW), 'fast', NOW, lanes)!;
    expect(opened.range).toEqual({ lane: 'fast', fromMs: NOW - 10_000 - MINUTE, toMs: NOW - 2_000 });
  });

  it('never begins before the group was met', () => {
    const opened = openRange(beginAt(NOW - 5_000), 'sweep', NOW, lanes)!;
    expect(opened.range).toEqual({ lane: 'sweep', fromMs: NOW - 5_000, toMs: NOW });
  });

  it('keeps its end while it is read, however late it gets', () => {
    const first = openRange(upTo(NOW - 10_000, NOW), 'fast', NOW, lanes)!;
    expect(openRange(first.progress, 'fast', NOW + 30_000, lanes)!.range).toEqual(first.range);
  });

  it('is none while the clock stands before the position', () => {
    expect(openRange(upTo(NOW, NOW), 'fast', NOW + 2_000, lanes)).toBeNull();
    expect(openRange(upTo(NOW, NOW), 'sweep', NOW - MINUTE, lanes)).toBeNull();
  });

  it('moves the position to its end, and not before it is closed', () => {
    const { range, progress } = openRange(upTo(NOW - 10_000, NOW), 'fast', NOW, lanes)!;
    expect(progress.fast.positionMs).toBe(NOW - 10_000);
    expect(closeRange(progress, range).fast).toEqual({ positionMs: NOW - 2_000, pass: null });
  });

  it('of a pass that is over is not current, nor one of the pass after it', () => {
    const { range, progress } = openRange(upTo(NOW - 10_000, NOW), 'fast', NOW, lanes)!;
    const closed = closeRange(progress, range);
    expect(isCurrent(closed, range)).toBe(false);
    const next = openRange(closed, 'fast', NOW + 10_000, lanes)!;
    expect(isCurrent(next.progress, range)).toBe(false);
    expect(() => closeRange(next.progress, range)).toThrow(/not being read/);
  });
});

describe('after an outage of three hours', () => {
  const behind = upTo(NOW - 180 * MINUTE, NOW - 185 * MINUTE);

  it('the fast lane leaves the past to the sweep', () => {
    expect(openRange(behind, 'fast', NOW, lanes)).toBeNull();
    expect(openRange(upTo(NOW - 59 * MINUTE, NOW - 60 * MINUTE), 'fast', NOW, lanes)).not.toBeNull();
  });

  it('the sweep reads from a lookback before its position, in quarters of it, and takes the fast lane along', () => {
    let progress = behind;
    const ends: number[] = [];
    for (let open = openRange(progress, 'sweep', NOW, lanes); progress.sweep.positionMs < NOW; ) {
      if (ends.length === 0) expect(open!.range.fromMs).toBe(NOW - 245 * MINUTE);
      progress = closeRange(open!.progress, open!.range);
      ends.push((NOW - open!.range.toMs) / MINUTE);
      expect(progress.fast.positionMs).toBeGreaterThanOrEqual(
        Math.max(open!.range.toMs, behind.fast.positionMs),
      );
      open = openRange(progress, 'sweep', NOW + ends.length * 1_000, lanes);
    }
    expect(ends.slice(0, 3)).toEqual([230, 215, 200]);
    // the last stretch is no longer than a usual sweep
    expect(ends.at(-1)).toBe(0);
    expect(ends).toHaveLength(12);
    expect(progress.fast.positionMs).toBe(NOW);
  });

  it('forgets what lies behind the sweep as it goes', () => {
    const { range, progress } = openRange(behind, 'sweep', NOW, lanes)!;
    expect(horizonMs(progress, lanes)).toBe(NOW - 245 * MINUTE);
    expect(horizonMs(closeRange(progress, range), lanes)).toBe(NOW - 230 * MINUTE);
  });

  it('a pass of the fast lane that the sweep has overtaken is given up', () => {
    const reading = openRange(upTo(NOW - 30_000, NOW - 10 * MINUTE), 'fast', NOW - 20_000, lanes)!.progress;
    const sweep = openRange(reading, 'sweep', NOW, lanes)!;
    const swept = closeRange(sweep.progress, sweep.range);
    expect(swept.fast).toEqual({ positionMs: NOW, pass: null });
    expect(horizonMs(swept, lanes)).toBe(NOW - 60 * MINUTE);
  });
});

describe('what need not be remembered', () => {
  it.each([
    ['between passes: a lookback before the last sweep', upTo(NOW, NOW - 5 * MINUTE), NOW - 65 * MINUTE],
    ['nothing before the group was met', beginAt(NOW), NOW],
    [
      'during a sweep: what it has read, as far as the next one will not ask for it',
      {
        ...upTo(NOW, NOW - 10 * MINUTE),
        sweep: { positionMs: NOW - 10 * MINUTE, pass: { cursorMs: NOW - 65 * MINUTE, targetMs: NOW } },
      },
      NOW - 65 * MINUTE,
    ],
    [
      'at the end of a sweep: a lookback before its end',
      {
        ...upTo(NOW, NOW - 10 * MINUTE),
        sweep: { positionMs: NOW - 10 * MINUTE, pass: { cursorMs: NOW - MINUTE, targetMs: NOW } },
      },
      NOW - 60 * MINUTE,
    ],
  ])('%s', (_what, progress, expected) => {
    expect(horizonMs(progress, lanes)).toBe(expected);
  });
});

describe('a lane is due', () => {
  it('an interval after its last pass began, or at once', () => {
    expect(dueMs(upTo(NOW, NOW), 'fast', null, lanes)).toBe(Number.NEGATIVE_INFINITY);
    expect(dueMs(upTo(NOW, NOW), 'fast', NOW - 4_000, lanes)).toBe(NOW + 6_000);
  });

  it('for the sweep by its stored position, so that a restart does not sweep again', () => {
    expect(dueMs(upTo(NOW, NOW - 3 * MINUTE), 'sweep', null, lanes)).toBe(NOW + 7 * MINUTE);
  });

  it('while a pass is open', () => {
    const { progress } = openRange(upTo(NOW - 10_000, NOW), 'fast', NOW, lanes)!;
    expect(dueMs(progress, 'fast', NOW, lanes)).toBe(Number.NEGATIVE_INFINITY);
  });
});
