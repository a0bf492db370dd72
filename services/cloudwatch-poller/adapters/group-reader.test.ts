import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ApiErrorKind } from '../core/api-error.js';
import { beginAt, type Lane, type Lanes, openRange, type Progress } from '../core/lanes.js';
import { ApiError } from './cloudwatch-api.js';
import { type Delivery, GroupReader, type ReaderContext } from './group-reader.js';
import { Mutex, RequestGate, Slots } from './request-gate.js';
import type { Target } from './target.js';

const HOUR_MS = 3_600_000;
const lanes: Lanes = {
  fast: { overlapMs: 60_000, settleMs: 0, intervalMs: 20 },
  sweep: { overlapMs: HOUR_MS, settleMs: 0, intervalMs: 600_000 },
};

it('waits while the fast lane, in the middle of a pass, has to leave everything to the sweep', async () => {
  const nowMs = 100 * HOUR_MS;
  const behindMs = nowMs - 2 * HOUR_MS;
  // restored from a checkpoint: both lanes were reading when the poller was killed
  const progress: Progress = {
    sinceMs: behindMs,
    fast: { positionMs: behindMs, pass: { cursorMs: behindMs, targetMs: behindMs + 1_000 } },
    sweep: { positionMs: behindMs, pass: { cursorMs: behindMs, targetMs: behindMs + 1_000 } },
  };
  const asked: Lane[] = [];
  const delivery: Delivery = {
    progressOf: () => progress,
    openRange: (_group, lane) => {
      asked.push(lane);
      return openRange(progress, lane, nowMs, lanes)?.range ?? null;
    },
    deliver: async () => true,
  };
  const target = { gate: { turn: () => new Promise(() => {}) } } as unknown as Target;
  const context = { lanes, clock: () => nowMs, maxSleepMs: 1_000, logger: pino({ level: 'silent' }) };
  const group = { account: '123456789012', region: 'us-east-1', name: '/g' };
  const reader = new GroupReader(group, '/g', target, delivery, context as unknown as ReaderContext);
  void reader.run();
  await delay(110);
  reader.stop({ cut: true });
  const fast = asked.filter((lane) => lane === 'fast').length;
  expect(fast).toBeGreaterThan(1);
  expect(fast).toBeLessThan(8);
});

describe('a group that cannot be read', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    // kind, poll interval, seconds between its last two requests
    ['transient', 10, [7.5, 12.5]],
    ['transient', 0.1, [0.375, 0.63]],
    ['token', 10, [7.5, 12.5]],
    ['denied', 10, [22.5, 37.5]],
    ['missing', 10, [22.5, 37.5]],
    ['role', 10, [22.5, 37.5]],
    ['credentials', 0.1, [22.5, 37.5]],
  ] as [ApiErrorKind, number, [number, number]][])(
    '(%s, polled every %d s) is tried again, in the end after %j s',
    async (kind, intervalS, [leastS, mostS]) => {
      vi.useFakeTimers();
      const asked: number[] = [];
      const own: Lanes = { ...lanes, fast: { ...lanes.fast, intervalMs: intervalS * 1_000 } };
      let progress: Progress = {
        ...beginAt(Date.now() - 1_000),
        sweep: { positionMs: Date.now() + HOUR_MS, pass: null }, // not due
      };
      const api = {
        label: 'us-east-1',
        filterPage: async () => {
          asked.push(performance.now());
          throw new ApiError(kind, 'Failure', 'of this test');
        },
      };
      const gate = new RequestGate(1_000, new Slots(3, new Mutex()));
      const delivery: Delivery = {
        progressOf: () => progress,
        openRange: (_group, lane) => {
          const opened = openRange(progress, lane, Date.now(), own);
          progress = opened?.progress ?? progress;
          return opened?.range ?? null;
        },
        deliver: async () => true,
      };
      const metrics = { call: () => () => {}, failedCall: () => {}, cycle: () => {} };
      const context = {
        lanes: own,
        clock: Date.now,
        maxSleepMs: 60_000,
        metrics,
        logger: pino({ level: 'silent' }),
      };
      const group = { account: '123456789012', region: 'us-east-1', name: '/g' };
      const target = { api, gate, selectors: [] } as unknown as Target;
      const reader = new GroupReader(group, '/g', target, delivery, context as unknown as ReaderContext);
      void reader.run();
      await vi.advanceTimersByTimeAsync(300_000);
      reader.stop({ cut: true });
      expect(reader.trouble?.kind).toBe(kind);
      const restS = (asked.at(-1)! - asked.at(-2)!) / 1_000;
      if (kind !== 'token') expect(restS).toBeGreaterThanOrEqual(leastS);
      expect(restS).toBeLessThanOrEqual(mostS);
      expect(asked[1]! - asked[0]!).toBeLessThan(1_000);
    },
  );
});
