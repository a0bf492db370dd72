import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { type Lane, type Lanes, openRange, type Progress } from '../core/lanes.js';
import { type Delivery, GroupReader, type ReaderContext } from './group-reader.js';
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
