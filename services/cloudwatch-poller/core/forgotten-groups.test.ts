import { describe, expect, it } from 'vitest';
import type { Lanes } from './lanes.js';
import { type Change, ShardState } from './shard-state.js';

const MINUTE = 60_000;
const NOW = 1_700_000_000_000;
const LANES: Lanes = {
  fast: { overlapMs: MINUTE, settleMs: 0, intervalMs: 10_000 },
  sweep: { overlapMs: 20 * MINUTE, settleMs: 0, intervalMs: 5 * MINUTE },
};
const [KEPT, GONE] = ['1/r/kept', '1/r/gone'];
const isWanted = (group: string) => group === KEPT;

/** A changelog, and a shard that has read both groups up to {@link NOW}. */
function world() {
  const log: Change[] = [];
  const state = new ShardState(LANES);
  const commit = (of = state) => {
    const changes = of.takeChanges();
    of.stored(
      changes,
      changes.map((change) => log.push(change) - 1),
    );
    return changes;
  };
  for (const group of [KEPT, GONE]) {
    const range = state.openRange(group, 'fast', NOW, NOW - 10 * MINUTE)!;
    const events = [1, 2, 3].map((minutes) => ({
      eventId: `${group} ${minutes}`,
      timestampMs: NOW - minutes * MINUTE,
      ingestedMs: null,
      stream: 's',
      message: '',
    }));
    expect(state.accept(group, range, { events, last: true }).fresh).toHaveLength(3);
  }
  commit();
  const restored = (records = log) => {
    const next = new ShardState(LANES);
    records.forEach(({ key, value }, offset) => {
      next.restore(key, value, offset);
    });
    return next;
  };
  return { log, state, commit, restored };
}

describe('a log group that nobody wants any more', () => {
  it.each([
    ['until its time has come', NOW, []],
    ['and no longer', NOW + 1, [GONE]],
  ])('is remembered %s', (_when, beforeMs, forgotten) => {
    const { state } = world();
    expect(state.forgetGroups(beforeMs, isWanted)).toEqual(forgotten);
  });

  it('leaves no record, neither in the changelog nor after it is restored, and its neighbour all', () => {
    const { log, state, commit, restored } = world();
    const idsOfBoth = state.size;
    state.forgetGroups(NOW + 1, isWanted);
    const changes = commit();
    expect(changes.every(({ key, value }) => key.endsWith(GONE) && value === null)).toBe(true);
    const latest = new Map(log.map(({ key, value }) => [key, value]));
    expect([...latest].filter(([key, value]) => key.endsWith(GONE) && value !== null)).toEqual([]);
    const compacted = [...latest].map(([key, value]) => ({ key, value, seen: null }));
    for (const after of [state, restored(), restored(compacted), restored(compacted.reverse())]) {
      expect(after.size).toBe(idsOfBoth / 2);
      expect(after.progressOf(GONE)).toBeUndefined();
      expect(after.progressOf(KEPT)).toEqual(state.progressOf(KEPT));
      expect(after.forgetGroups(Number.POSITIVE_INFINITY, isWanted)).toEqual([]);
      expect(after.takeChanges()).toEqual([]);
    }
  });

  it('goes on where it was when it comes back before, and doubles nothing', () => {
    const { state, commit, restored } = world();
    state.forgetGroups(NOW, isWanted);
    commit();
    const range = restored().openRange(GONE, 'fast', NOW + 5 * MINUTE, NOW)!;
    expect(range).toMatchObject({ fromMs: NOW - MINUTE, toMs: NOW + 5 * MINUTE });
  });

  it('begins anew when it comes back after', () => {
    const { state, commit, restored } = world();
    state.forgetGroups(NOW + 1, isWanted);
    commit();
    const laterMs = NOW + 10_000 * MINUTE;
    const range = restored().openRange(GONE, 'fast', laterMs, laterMs - 7)!;
    expect(range).toMatchObject({ fromMs: laterMs - 7, toMs: laterMs });
  });
});
