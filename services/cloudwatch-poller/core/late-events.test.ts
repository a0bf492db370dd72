import { expect, it } from 'vitest';
import type { Lanes } from './lanes.js';
import { ShardState } from './shard-state.js';

const MINUTE = 60_000;
const NOW = 1_700_000_000_000;
const LANES: Lanes = {
  fast: { overlapMs: MINUTE, settleMs: 0, intervalMs: 10_000 },
  sweep: { overlapMs: 60 * MINUTE, settleMs: 0, intervalMs: 10 * MINUTE },
};

it.each([
  // age of the event when CloudWatch took it; null: it does not say
  [0, 0],
  [60 * MINUTE, 0],
  [60 * MINUTE + 1, 1],
  [null, 0],
])('an event taken %j ms after its time counts %i times as beyond the lookback', (ageMs, beyondLookback) => {
  const state = new ShardState(LANES);
  const timestampMs = NOW - 90 * MINUTE;
  const range = state.openRange('g', 'sweep', NOW, NOW - 100 * MINUTE)!;
  const event = { eventId: 'e', stream: 's', message: '', timestampMs };
  const ingestedMs = ageMs === null ? null : timestampMs + ageMs;
  const accepted = state.accept('g', { ...range }, { events: [{ ...event, ingestedMs }], last: true });
  expect(accepted).toMatchObject({ beyondLookback, fresh: [{ eventId: 'e' }], late: 0 });
});

it('an event counts as late when the fast lane had passed its time', () => {
  const state = new ShardState(LANES);
  const fast = state.openRange('g', 'fast', NOW, NOW - 30 * MINUTE)!;
  state.accept('g', fast, { events: [], last: true });
  const again = state.openRange('g', 'fast', NOW + 1_000, 0)!;
  const event = { stream: 's', message: '', ingestedMs: null };
  const events = [-MINUTE, -1, 0, 500].map((at) => ({ ...event, eventId: `${at}`, timestampMs: NOW + at }));
  expect(state.accept('g', again, { events, last: true })).toMatchObject({ late: 2, duplicates: 0 });
});
