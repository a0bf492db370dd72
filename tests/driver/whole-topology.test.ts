import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupKeys, uuidOf } from '../../lib/model/ids.js';
import { Random } from '../../lib/testing/random.js';
import type { TopologyDriver } from '../../lib/testing/topology-driver.js';
import { keyless, type RawStream, realDriver, T0 } from './raw-streams.js';
import { allStreams, ids, lambdaAgent } from './real-streams.js';
import { comparable, totalsThatDiffer } from './rows.js';

const RUNS = Number(process.env.DRIVER_RUNS ?? 40);
/** A failure is shrunk for so long; the smallest case found by then is shown with its seed. */
const LIMITS = { numRuns: RUNS, interruptAfterTimeLimit: 40_000 };
const HOUR = 3_600_000;
const sessionOf = (id: string) => uuidOf(groupKeys.session(id));

/** Every record of each stream after the other, then an hour of quiet. */
function plain(streams: RawStream[], options = {}): TopologyDriver {
  const driver = realDriver(options);
  for (const record of streams.flat()) driver.pipe('raw-logs', record);
  driver.settle();
  driver.advance(HOUR);
  return driver;
}

/** Streams merged, tasks interleaved, the clock moved and tasks crashed, all drawn from the seed. */
function shuffled(streams: RawStream[], seed: number, partitions: number): TopologyDriver {
  const random = new Random(seed);
  const driver = realDriver({ partitions });
  const records = random.merge(streams);
  while (records.length > 0) {
    for (const record of records.splice(0, 1 + random.below(6))) driver.pipe('raw-logs', record);
    if (random.chance(0.7)) driver.interleave({ seed: random.below(2 ** 31), crashChance: 0.04 });
    if (random.chance(0.5)) driver.advance(random.below(600));
  }
  driver.interleave({ seed: random.below(2 ** 31), crashChance: 0.04 });
  driver.advance(HOUR);
  return driver;
}

describe('the whole topology on lines as agents print them', () => {
  const driver = plain(allStreams());
  const { events, traces } = driver.lastRows();
  const eventsOf = (traceId: string) => [...events.values()].filter((row) => row.trace_id === traceId);

  it('gives a Lambda invocation one trace, with the lines between START and END that carry no id', () => {
    const trace = traces.get(sessionOf(ids.REQUEST_1))!;
    expect(trace).toMatchObject({ session_id: ids.REQUEST_1, status: 'completed', error_count: 0 });
    expect(trace.tools.timetable).toMatchObject({ calls: 1 });
    expect(trace.total_events).toBe(eventsOf(trace.trace_id).length);
    expect(eventsOf(trace.trace_id).map((row) => row.event_type)).toEqual(
      expect.arrayContaining(['platform', 'agent_thought', 'agent_action', 'tool_result', 'agent_finish']),
    );
  });

  it('says that an invocation failed which its time-out killed', () => {
    expect(traces.get(sessionOf(ids.REQUEST_2))).toMatchObject({ status: 'failed', error_count: 1 });
  });

  it('moves an invocation to the trace that its last line names, beside what another service says of it', () => {
    const trace = traces.get(ids.XRAY)!;
    expect(trace.group_ids).toHaveLength(2);
    expect(trace).toMatchObject({ session_id: ids.REQUEST_3, merged_into: null });
    expect(traces.get(sessionOf(ids.REQUEST_3))).toMatchObject({ total_events: 0, merged_into: ids.XRAY });
    expect(eventsOf(sessionOf(ids.REQUEST_3))).toEqual([]);
  });

  it('lets the earliest of two conflicting binds decide', () => {
    const session = sessionOf('voyage-1');
    expect(traces.get(session)).toMatchObject({ merged_into: 'trace-a', total_events: 0 });
    expect(traces.get('trace-a')).toMatchObject({
      total_events: 5,
      status: 'completed',
      agents: ['helper', 'pilot'],
    });
    expect(traces.get('trace-b')).toMatchObject({ total_events: 1, merged_into: null });
  });

  it('makes runs of a container without ids, parted by the agent window', () => {
    const runs = [...traces.values()].filter((trace) => trace.agent_id?.includes('quay'));
    expect(runs.map((trace) => trace.status).sort()).toEqual(['completed', 'failed']);
  });

  it('stores an HTTP event that is sent twice once, and one with an agent alone where the agent last was', () => {
    expect(traces.get(sessionOf('desk'))).toMatchObject({ total_events: 3, agents: ['clerk'] });
    expect(events.get('own-id-1')).toMatchObject({ session_id: 'desk' });
  });

  it('has totals that are those of the rows', () => {
    expect(totalsThatDiffer({ events, traces })).toEqual([]);
    expect(driver.read('dead-letter')).toEqual([]);
  });
});

describe('the last rows of the whole topology', () => {
  const reference = comparable(plain(allStreams()).lastRows());

  it.each([1, 3, 6])('are the same with %i partitions', (partitions) => {
    expect(comparable(plain(allStreams(), { partitions }).lastRows())).toEqual(reference);
  });

  it('are the same for any interleaving of streams and tasks, crashes and timers included', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0 }), fc.constantFrom(1, 3, 6), (seed, partitions) => {
        expect(comparable(shuffled(allStreams(), seed, partitions).lastRows())).toEqual(reference);
      }),
      LIMITS,
    );
  });

  it('are the same after a replay from the start', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0 }), fc.constantFrom(1, 3, 6), (seed, partitions) => {
        const driver = shuffled(allStreams(), seed, partitions);
        const replay = realDriver({ partitions, generation: 2, nowMs: T0 + 30 * HOUR });
        for (const record of driver.readBytes('raw-logs')) replay.run.append('raw-logs', record);
        replay.interleave({ seed: seed ^ 1 });
        replay.advance(HOUR);
        expect(comparable(replay.lastRows(), { raw: false })).toEqual(
          comparable(driver.lastRows(), { raw: false }),
        );
      }),
      LIMITS,
    );
  });
});

describe('what cannot be processed', () => {
  it('ends in dead-letter once, bytes untouched, while its siblings go on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0 }), fc.constantFrom(1, 3, 6), (seed, partitions) => {
        const broken = Buffer.from([0, 0, 0, 0, 99, 1, 2, 3]);
        const invalid = Buffer.from([0xff, 0xfe, 0x41]);
        const bad: RawStream = [broken, invalid].map((value, i) => ({
          key: 'k',
          value,
          timestampMs: T0 + i,
        }));
        const driver = shuffled([bad, lambdaAgent()], seed, partitions);
        const letters = driver.readBytes('dead-letter');
        expect(letters.map((letter) => letter.value!.toString('hex')).sort()).toEqual(
          [broken, invalid].map((value) => value.toString('hex')).sort(),
        );
        expect(letters[0]!.headers['__connect.errors.topic']!.toString()).toBe('raw-logs');
        expect(comparable(driver.lastRows())).toEqual(comparable(plain([lambdaAgent()]).lastRows()));
      }),
      { numRuns: 10 },
    );
  });

  it('brings lines that carry ids to the right trace though nobody gave them a key', () => {
    const lines: [number, string][] = Array.from({ length: 12 }, (_, i) => [
      i * 10,
      JSON.stringify({ session_id: `s${i % 2}`, event_type: 'decision', message: `step ${i}` }),
    ]);
    const driver = plain([keyless(lines)], { partitions: 6 });
    const { traces } = driver.lastRows();
    expect([...traces.values()].map((trace) => [trace.session_id, trace.total_events]).sort()).toEqual([
      ['s0', 6],
      ['s1', 6],
    ]);
  });
});
