import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentEvent } from '../../lib/model/events.js';
import { Random } from '../../lib/testing/random.js';
import type { TopologyDriver } from '../../lib/testing/topology-driver.js';
import { type HandMadeOptions, handMadeDriver, MINUTE, type Sent, send, T0 } from './hand-made.js';
import { comparable, totalsThatDiffer } from './rows.js';
import { expectedTraces, streamsOfEvents } from './scenarios.js';

/** DESIGN's paragraph "What is guaranteed", sentence by sentence. fast-check prints the seed of a failure. */
const RUNS = Number(process.env.DRIVER_RUNS ?? 60);
/** A failure is shrunk for so long; the smallest case found by then is shown with its seed. */
const LIMITS = { numRuns: RUNS, interruptAfterTimeLimit: 40_000 };
const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

const QUIET_MS = 11 * MINUTE;

/** One after the other, everything committed at once: what the others are compared with. */
function plain(streams: Sent[][], options: HandMadeOptions = {}): TopologyDriver {
  const driver = handMadeDriver(options);
  send(driver, ...streams.flat());
  driver.settle();
  driver.advance(QUIET_MS);
  expect(driver.read('dead-letter')).toEqual([]);
  return driver;
}

/** Streams merged and tasks run in an order drawn from the seed, with crashes in between. */
function shuffled(
  streams: Sent[][],
  seed: number,
  options: HandMadeOptions,
  crashChance = 0.05,
): TopologyDriver {
  const random = new Random(seed);
  const driver = handMadeDriver(options);
  const events = random.merge(streams);
  while (events.length > 0) {
    send(driver, ...events.splice(0, 1 + random.below(12)));
    driver.interleave({ seed: random.below(2 ** 31), crashChance });
  }
  driver.advance(QUIET_MS);
  expect(driver.read('dead-letter')).toEqual([]);
  return driver;
}

const anyRun = fc.record({ seed: seeds, partitions: fc.constantFrom(1, 3, 6) });

describe('what is guaranteed', () => {
  it('never loses and never doubles an event', () => {
    fc.assert(
      fc.property(streamsOfEvents, anyRun, (streams, { seed, partitions }) => {
        const driver = shuffled(streams, seed, { partitions });
        const sent = new Set(streams.flat().map((event) => event.id));
        expect(new Set(driver.lastRows().events.keys())).toEqual(sent);
        const records = driver.read('agent-events').filter((record) => record.schema === 'agent-event');
        const emitted = records.map((record) => {
          const { event_id, revision } = record.value as AgentEvent;
          return `${event_id}@${revision}`;
        });
        expect(new Set(emitted).size).toBe(emitted.length);
        const amends = streams.flat().filter((event) => event.amends).length;
        expect(emitted.length).toBeLessThanOrEqual(sent.size + amends);
      }),
      LIMITS,
    );
  });

  it('puts every event in the trace that its ids and binds define', () => {
    fc.assert(
      fc.property(streamsOfEvents, anyRun, (streams, { seed, partitions }) => {
        const rows = shuffled(streams, seed, { partitions }).lastRows();
        const traces = new Map([...rows.events.values()].map((row) => [row.event_id, row.trace_id]));
        expect(traces).toEqual(expectedTraces(streams));
      }),
      LIMITS,
    );
  });

  it('gives the same last rows whatever the order between streams, the partitions, the tasks and the crashes', () => {
    fc.assert(
      fc.property(streamsOfEvents, anyRun, (streams, { seed, partitions }) => {
        const reference = comparable(plain(streams).lastRows());
        const { lastRows } = { lastRows: shuffled(streams, seed, { partitions }).lastRows() };
        expect(comparable(lastRows)).toEqual(reference);
      }),
      LIMITS,
    );
  });

  it('gives the same last rows after a replay from the start', () => {
    fc.assert(
      fc.property(streamsOfEvents, anyRun, (streams, { seed, partitions }) => {
        const driver = shuffled(streams, seed, { partitions });
        const replay = handMadeDriver({ partitions, generation: 2, nowMs: T0 + 5 * 86_400_000 });
        for (const record of driver.readBytes('raw-logs')) replay.run.append('raw-logs', record);
        replay.interleave({ seed: seed ^ 1, crashChance: 0.02 });
        replay.advance(QUIET_MS);
        expect(comparable(replay.lastRows(), { raw: false })).toEqual(
          comparable(driver.lastRows(), { raw: false }),
        );
        expect([...replay.lastRows().events.values()].every((row) => row.generation === 2)).toBe(true);
      }),
      LIMITS,
    );
  });

  it('makes the totals of all traces the events that were accepted', () => {
    fc.assert(
      fc.property(
        streamsOfEvents,
        anyRun,
        fc.constantFrom(3, 7, 10_000),
        (streams, run, maxEventsPerTrace) => {
          const rows = shuffled(streams, run.seed, {
            partitions: run.partitions,
            maxEventsPerTrace,
          }).lastRows();
          expect(totalsThatDiffer(rows)).toEqual([]);
          const total = [...rows.traces.values()].reduce((sum, trace) => sum + trace.total_events, 0);
          expect(total).toBe(new Set(streams.flat().map((event) => event.id)).size);
        },
      ),
      LIMITS,
    );
  });

  it('holds for a continued trace too, but for which part an event is in', () => {
    fc.assert(
      fc.property(streamsOfEvents, anyRun, fc.constantFrom(3, 7), (streams, run, maxEventsPerTrace) => {
        const shape = (driver: TopologyDriver) => {
          const rows = driver.lastRows();
          const traces = [...rows.traces.values()].map(
            ({ trace_id, continues, merged_into, total_events, group_ids }) => ({
              trace_id,
              continues,
              merged_into,
              total_events,
              group_ids,
            }),
          );
          return traces.sort((a, b) => (a.trace_id < b.trace_id ? -1 : 1));
        };
        const options = { partitions: run.partitions, maxEventsPerTrace };
        expect(shape(shuffled(streams, run.seed, options))).toEqual(
          shape(plain(streams, { maxEventsPerTrace })),
        );
      }),
      LIMITS,
    );
  });
});
