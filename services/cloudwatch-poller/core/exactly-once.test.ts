import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seenRecordKey } from './checkpoint.js';
import { LANES, type Lane, type Lanes, type Range } from './lanes.js';
import { type LogEvent, ShardState } from './shard-state.js';

const MINUTE = 60_000;
const START = 1_700_000_000_000;
const LANE_SETTINGS: Lanes = {
  fast: { overlapMs: MINUTE, settleMs: 0, intervalMs: 10_000 },
  sweep: { overlapMs: 20 * MINUTE, settleMs: 0, intervalMs: 5 * MINUTE },
};
const GROUPS = ['1/r/a', '1/r/b'];

/** CloudWatch with events that become visible later, Kafka with its changelog, and between them a shard that may die at any moment. */
class World {
  nowMs = START;
  readonly delivered = new Map<string, number>();
  /** The changelog, an offset each. */
  private readonly log: { key: string; value: Buffer | null }[] = [];
  private state: ShardState;
  private reading = new Map<string, { range: Range; after: number }>();
  private pages = 0;

  constructor(
    private readonly lanes: Lanes,
    private readonly events: (LogEvent & { group: string; visibleMs: number })[],
    private readonly pageSize: number,
  ) {
    this.state = new ShardState(lanes);
  }

  /** All that was not committed is gone, whoever reads on. */
  die(): void {
    this.state = new ShardState(this.lanes);
    const latest = new Map(this.log.map(({ key }, offset) => [key, offset]));
    this.log.forEach(({ key, value }, offset) => {
      // every other of those that were written again has been compacted away
      if (latest.get(key) === offset || offset % 2 === 0) this.state.restore(key, value, offset);
    });
    this.reading.clear();
  }

  /** Ids that are in the changelog leave the memory. */
  trim(maxBytes: number): void {
    this.state.trim(maxBytes);
  }

  /** One page of a lane; `outcome` is what becomes of it. Returns whether there was anything to ask for. */
  page(
    group: string,
    lane: Lane,
    outcome: 'commit' | 'no answer' | 'abort' | 'again' | 'empty' | 'token',
  ): boolean {
    const flow = `${lane} ${group}`;
    let reading = this.reading.get(flow);
    if (reading === undefined) {
      const range = this.state.openRange(group, lane, this.nowMs, START);
      if (range === null) return false;
      reading = { range, after: 0 };
      this.reading.set(flow, reading);
    }
    if (outcome === 'no answer') return true;
    if (outcome === 'token') {
      reading.after = 0;
      return true;
    }
    const { range, after } = reading;
    if (outcome === 'empty') {
      this.state.accept(group, range, { events: [], last: false });
      return true;
    }
    const found = this.events
      .filter(
        ({ group: of, visibleMs, timestampMs: ms }) =>
          of === group && visibleMs <= this.nowMs && ms >= range.fromMs && ms <= range.toMs,
      )
      .sort((a, b) => a.timestampMs - b.timestampMs || (a.eventId < b.eventId ? -1 : 1));
    const last = after + this.pageSize >= found.length;
    const events = found.slice(after, after + this.pageSize);
    for (const stored of this.state.absent(group, range, events)) {
      const { key, value } = this.log[stored.offset]!;
      expect(key).toBe(seenRecordKey(group, stored));
      this.state.load(group, stored, value!);
    }
    const accepted = this.state.accept(group, range, {
      events,
      last: last && outcome !== 'again',
    });
    // most pages without new events are not written at once
    const written = accepted.fresh.length > 0 || this.pages++ % 3 === 0;
    if (outcome === 'abort') {
      this.die();
      return true;
    }
    if (written) this.commit(accepted.fresh);
    if (accepted.stale || (last && outcome === 'commit')) this.reading.delete(flow);
    else if (outcome === 'commit') reading.after += this.pageSize;
    return true;
  }

  commit(fresh: LogEvent[]): void {
    for (const { eventId } of fresh) this.delivered.set(eventId, (this.delivered.get(eventId) ?? 0) + 1);
    const changes = this.state.takeChanges();
    const offsets = changes.map(({ key, value }) => this.log.push({ key, value }) - 1);
    this.state.stored(changes, offsets);
  }

  /** Reads without faults until nothing is due. */
  settle(): void {
    for (const group of GROUPS) {
      for (const lane of ['sweep', 'fast'] as const) {
        const before = this.state.progressOf(group)?.[lane].positionMs;
        for (let n = 0; n < 10_000; n++) {
          if (!this.page(group, lane, 'commit')) break;
          const progress = this.state.progressOf(group)!;
          if (progress[lane].pass === null && progress[lane].positionMs !== before) break;
        }
      }
    }
    this.commit([]);
  }

  faults(): string[] {
    const faults: string[] = [];
    for (const { eventId, timestampMs } of this.events) {
      const times = this.delivered.get(eventId) ?? 0;
      if (times !== 1) faults.push(`${eventId} at +${timestampMs - START} ms: ${times} times`);
    }
    for (const group of GROUPS) {
      const progress = this.state.progressOf(group);
      if (progress && progress.sweep.positionMs > progress.fast.positionMs)
        faults.push(`${group}: the sweep is ahead of the fast lane`);
    }
    return faults;
  }

  /** Keys of seen ids that are not tombstoned. */
  get seenKeys(): string[] {
    const latest = new Map(this.log.map(({ key, value }) => [key, value]));
    return [...latest]
      .filter(([key, value]) => key.startsWith('seen:') && value !== null)
      .map(([key]) => key);
  }

  get remembered(): number {
    return this.state.size;
  }
}

const arbitraryEvents = fc.array(
  fc.record({
    group: fc.constantFrom(...GROUPS),
    // bursts of one millisecond, edges of minutes, and anything between
    atMs: fc.oneof(
      fc.constantFrom(0, 1, MINUTE - 1, MINUTE, 30 * MINUTE, 30 * MINUTE + 1),
      fc.integer({ min: 0, max: 180 * MINUTE }),
    ),
    delayMs: fc.oneof(
      fc.constant(0),
      fc.constantFrom(MINUTE, 20 * MINUTE),
      fc.integer({ min: 0, max: 20 * MINUTE }),
    ),
  }),
  { maxLength: 60 },
);

const arbitrarySteps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('page' as const),
        group: fc.constantFrom(...GROUPS),
        lane: fc.constantFrom(...LANES),
        outcome: fc.constantFrom(
          'commit',
          'commit',
          'commit',
          'no answer',
          'abort',
          'again',
          'token',
        ) as fc.Arbitrary<'commit' | 'no answer' | 'abort' | 'again' | 'empty' | 'token'>,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('time' as const),
        ms: fc.oneof(fc.integer({ min: 0, max: 10 * MINUTE }), fc.integer({ min: 0, max: 120 * MINUTE })),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('trim' as const), bytes: fc.constantFrom(0, 8, 40) }),
    },
  ),
  { maxLength: 120 },
);

describe('whatever pages, faults, delays and restarts come', () => {
  it('every event that becomes visible within the lookback is delivered, once', () => {
    fc.assert(
      fc.property(
        arbitraryEvents,
        arbitrarySteps,
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom(0, 5_000),
        (events, steps, pageSize, settleMs) => {
          const lanes: Lanes = {
            fast: { ...LANE_SETTINGS.fast, settleMs },
            sweep: { ...LANE_SETTINGS.sweep, settleMs },
          };
          const world = new World(
            lanes,
            events.map(({ group, atMs, delayMs }, index) => ({
              group,
              eventId: `event-${index}`,
              timestampMs: START + atMs,
              ingestedMs: null,
              visibleMs: START + atMs + delayMs,
              stream: 's',
              message: '',
            })),
            pageSize,
          );
          for (const step of steps) {
            if (step.kind === 'page') world.page(step.group, step.lane, step.outcome);
            else if (step.kind === 'time') world.nowMs += step.ms;
            else if (step.kind === 'trim') world.trim(step.bytes);
            else world.die();
          }
          world.nowMs = Math.max(world.nowMs, START + 200 * MINUTE);
          world.settle();
          world.die();
          world.nowMs += 25 * MINUTE;
          world.settle();
          expect(world.faults()).toEqual([]);
          world.nowMs += 25 * MINUTE;
          world.settle();
          expect({ remembered: world.remembered, seen: world.seenKeys }).toEqual({ remembered: 0, seen: [] });
        },
      ),
      { numRuns: 500 },
    );
  }, 60_000);
});
