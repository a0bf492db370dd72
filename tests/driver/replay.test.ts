import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../lib/testing/random.js';
import type { TopologyDriver } from '../../lib/testing/topology-driver.js';
import type { EncodedRecord } from '../../lib/topology/topology.js';
import { HOUR, handMadeDriver, handMadeTopology, MINUTE, type Sent, send } from './hand-made.js';
import { another, type RawStream, realDriver, realTopology } from './raw-streams.js';
import { allStreams } from './real-streams.js';
import { MemoryLog, replayed } from './replay-log.js';
import { comparable } from './rows.js';
import { streamsOfEvents } from './scenarios.js';

const RUNS = Number(process.env.DRIVER_RUNS ?? 40);
const LIMITS = { numRuns: RUNS, interruptAfterTimeLimit: 40_000 };

const anyReplay = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  partitions: fc.constantFrom(1, 3, 6),
  sliceMs: fc.constantFrom(1, 40, 1_000, MINUTE),
  crashChance: fc.constantFrom(0, 0.05, 0.3),
});

/** Appended as it came, processed by whoever runs next, with crashes. */
function live(streams: Sent[][], seed: number, partitions: number): TopologyDriver {
  const random = new Random(seed);
  const driver = handMadeDriver({ partitions });
  const events = random.merge(streams);
  while (events.length > 0) {
    send(driver, ...events.splice(0, 1 + random.below(12)));
    driver.interleave({ seed: random.below(2 ** 31), crashChance: 0.05 });
  }
  driver.advance(11 * MINUTE);
  return driver;
}

/** The lines of several sources as they were appended, some hours in all. */
function liveLines(streams: RawStream[], seed: number, partitions: number): TopologyDriver {
  const random = new Random(seed);
  const driver = realDriver({ partitions });
  const records = streams.flat().sort((a, b) => a.timestampMs - b.timestampMs);
  for (const record of records) {
    driver.advance(Math.max(0, record.timestampMs - driver.nowMs));
    driver.pipe('raw-logs', record);
    if (random.chance(0.6)) driver.interleave({ seed: random.below(2 ** 31), crashChance: 0.04 });
  }
  driver.advance(HOUR);
  return driver;
}

const repeated = (streams: RawStream[], byMs: number): RawStream[] =>
  streams.map((stream) => stream.map((record) => ({ ...record, timestampMs: record.timestampMs + byMs })));

describe('a replay with the same rules', () => {
  it('gives the same rows, in whatever slices it goes and however often it is killed', async () => {
    await fc.assert(
      fc.asyncProperty(streamsOfEvents, anyReplay, async (streams, options) => {
        const driver = live(streams, options.seed, options.partitions);
        const log = new MemoryLog(driver.readBytes('raw-logs'), options);
        const run = { ...options, generation: 2, untilMs: driver.nowMs };
        const rows = await replayed(handMadeTopology({ generation: 2 }), log, run);
        expect(comparable(rows, { raw: false })).toEqual(comparable(driver.lastRows(), { raw: false }));
        expect([...rows.events.values()].every((row) => row.generation === 2)).toBe(true);
      }),
      LIMITS,
    );
  });

  it('gives lines the same rows, with duplicates of an hour ago among them', async () => {
    await fc.assert(
      fc.asyncProperty(anyReplay, fc.constantFrom(10 * MINUTE, 50 * MINUTE), async (options, laterMs) => {
        const streams = [...allStreams(), ...repeated(allStreams(), laterMs)];
        const driver = liveLines(streams, options.seed, options.partitions);
        const log = new MemoryLog(driver.readBytes('raw-logs'), options);
        const run = { ...options, generation: 3, untilMs: driver.nowMs };
        const rows = await replayed(realTopology({ generation: 3 }), log, run);
        expect(comparable(rows, { raw: true })).toEqual(comparable(driver.lastRows(), { raw: true }));
      }),
      LIMITS,
    );
  });

  it('closes a trace that has been quiet by the end, and leaves one open that has not', async () => {
    for (const [quietMs, status] of [
      [11 * MINUTE, 'completed'],
      [9 * MINUTE, 'running'],
    ] as const) {
      const driver = handMadeDriver();
      send(driver, { stream: 's', id: 'e', session: 'one', type: 'tool_call', ms: driver.nowMs });
      driver.advance(quietMs);
      const log = new MemoryLog(driver.readBytes('raw-logs'), { partitions: 1, seed: 1, crashChance: 0 });
      const run = { generation: 2, untilMs: driver.nowMs, sliceMs: MINUTE };
      const rows = await replayed(handMadeTopology({ generation: 2 }), log, run);
      expect([...rows.traces.values()].map((trace) => trace.status)).toEqual([status]);
      expect(comparable(rows)).toEqual(comparable(driver.lastRows()));
    }
  });
});

describe('a replay that begins in the middle', () => {
  it('gives what began after its beginning the same rows', async () => {
    await fc.assert(
      fc.asyncProperty(anyReplay, async (options) => {
        const later = 5 * HOUR;
        const streams = [...allStreams(), ...allStreams().map((stream) => another(stream, later))];
        const driver = liveLines(streams, options.seed, options.partitions);
        const records = driver.readBytes('raw-logs');
        const fromMs = records[0]!.timestampMs + later - HOUR;
        const tail = records.filter((record: EncodedRecord) => record.timestampMs >= fromMs);
        const log = new MemoryLog(tail, options);
        const run = { ...options, generation: 2, untilMs: driver.nowMs };
        const rows = comparable(await replayed(realTopology({ generation: 2 }), log, run));
        const stored = comparable(driver.lastRows());
        const isLate = (row: object) => (row as { created_ms: number }).created_ms >= fromMs;
        expect(rows.events).toEqual(stored.events.filter(isLate));
        expect(rows.traces).toEqual(stored.traces.filter(isLate));
      }),
      { ...LIMITS, numRuns: Math.ceil(RUNS / 2) },
    );
  });
});
