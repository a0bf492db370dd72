import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AgentEvent } from '../../model/events.js';
import { holdsAll, levelName, readTerms, searchText } from '../../model/facts/search-text.js';
import { errorsByType } from '../../model/stats/statistics.js';
import type { SurrealStore } from './connection.js';
import { toFactRecord } from './facts.js';
import { fillFacts } from './fill-facts.js';
import { emptyStore, sampleEvent, sampleLink, sampleTrace } from './fixtures.js';
import { type EventFilter, listEvents } from './listings.js';
import { measuresOf, tracesByDay } from './measures.js';
import { ownStore } from './own-store.js';
import { deleteOlderThan } from './retention.js';
import { listTraces, type TraceOrder } from './trace-listings.js';
import { moveGroup, writeEvents, writeTraces } from './writes.js';

let store: SurrealStore;
ownStore((opened) => {
  store = opened;
});

const FIELDS = ['event_type', 'agent_id', 'session_id', 'trace_id', 'framework'] as const;
const anyOf = (wanted: string | readonly string[] | undefined, value: string | null) =>
  wanted === undefined || (value !== null && [wanted].flat().includes(value));

const fits = (event: AgentEvent, filter: EventFilter): boolean => {
  const properties = JSON.parse(event.properties);
  return (
    FIELDS.every((field) => anyOf(filter[field], event[field])) &&
    anyOf(filter.level, levelName(properties.level)) &&
    holdsAll(searchText(properties), filter.text ?? []) &&
    (filter.from === undefined || event.timestamp_ms >= filter.from) &&
    (filter.to === undefined || event.timestamp_ms < filter.to)
  );
};

async function allPages(
  filter: EventFilter,
  order: 'asc' | 'desc',
  limit: number,
  between?: () => Promise<void>,
) {
  const got: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listEvents(store, { ...filter, order, limit, cursor });
    expect(page.events.length).toBeLessThanOrEqual(limit);
    got.push(...page.events.map((row) => row.event_id));
    cursor = page.next_cursor ?? undefined;
    if (cursor) await between?.();
  } while (cursor !== undefined && got.length < 10_000);
  return got;
}

const WORDS = ['Paris', 'timeout', 'naïve', 'retry'];
const eventAt = (i: number, more: Partial<AgentEvent> = {}): AgentEvent =>
  sampleEvent({
    event_id: `e${(i * 7919) % 1009}-${i}`,
    group_id: `g${i % 11}`,
    trace_id: `t${i % 11}`,
    session_id: i % 3 ? `s${i % 5}` : null,
    agent_id: i % 7 ? `a${i % 3}` : null,
    event_type: ['tool_call', 'error', 'log', 'llm_end'][i % 4]!,
    framework: i % 4 ? ['langchain', 'llamaindex'][i % 2]! : null,
    // many of the same millisecond, stretches with none, some years ago
    timestamp_ms:
      i % 17 === 0 ? 1_000 * i : 1_000_000_000 + Math.floor(i / 9) * 250 + (i % 5 === 0 ? 90_000_000 : 0),
    properties: JSON.stringify({
      message: `${WORDS[i % 4]} number ${i % 13}`,
      ...(i % 2 ? { level: ['warning', 'WARN', 'ERROR', 'Info'][(i >> 1) % 4] } : {}),
      tool_output: { deep: [{ word: WORDS[(i + 1) % 4] }] },
    }),
    ...more,
  });

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const some = (...values: string[]) => maybe(fc.subarray(values, { minLength: 1 }));
const filters: fc.Arbitrary<EventFilter> = fc.record({
  event_type: some('tool_call', 'error', 'log', 'nothing'),
  agent_id: some('a0', 'a1', 'a2'),
  session_id: some('s1', 's2', 's4'),
  trace_id: some('t1', 't7', 't9'),
  framework: some('langchain', 'llamaindex'),
  level: some('WARN', 'INFO', 'FATAL'),
  text: maybe(
    fc
      .constantFrom('paris', '"number 7"', 'TIMEOUT retry', 'NAÏVE', '"_%', "'; DELETE agent_event; --")
      .map(readTerms),
  ),
  from: maybe(fc.integer({ min: 999_999_900, max: 1_000_004_600 })),
  to: maybe(fc.integer({ min: 1_000_000_000, max: 1_090_004_700 })),
});

describe('events are listed', () => {
  test('by any filters put together, in either order, in pages of any size, each once', async () => {
    const events = Array.from({ length: 200 }, (_, i) => eventAt(i));
    await writeEvents(store, events);
    await fc.assert(
      fc.asyncProperty(
        filters,
        fc.constantFrom('asc' as const, 'desc' as const),
        fc.constantFrom(1, 7, 50, 300),
        async (filter, order, limit) => {
          const wanted = events.filter((event) => fits(event, filter)).map(({ event_id }) => event_id);
          // one row a page of many rows says nothing new
          const got = await allPages(filter, order, wanted.length > 40 ? Math.max(limit, 7) : limit);
          expect([...got].sort()).toEqual([...wanted].sort());
          const times = got.map((id) => events.find(({ event_id }) => event_id === id)!.timestamp_ms);
          const sorted = [...times].sort((a, b) => (order === 'asc' ? a - b : b - a));
          expect(times).toEqual(sorted);
        },
      ),
      { numRuns: 120 },
    );
  });

  test('what exists throughout is on the pages exactly once while others come, change and go', async () => {
    await fc.assert(
      fc.asyncProperty(
        filters,
        fc.constantFrom('asc' as const, 'desc' as const),
        fc.integer(),
        async (filter, order, seed) => {
          await emptyStore(store);
          const events = Array.from({ length: 90 }, (_, i) => eventAt(i));
          await writeEvents(store, events);
          const touched = new Set<string>();
          let step = Math.abs(seed % 1_000);
          const stays = events.filter((_, i) => i % 3 !== 0);
          const got = await allPages(filter, order, 5, async () => {
            step += 7;
            const fresh = eventAt(step % 400, { event_id: `new-${step}` });
            const changed = {
              ...events[(step * 3) % 90]!,
              revision: step + 2,
              event_type: 'changed',
              timestamp_ms: step * 1_000,
            };
            const again = { ...stays[step % stays.length]!, revision: step + 2 };
            if (events.indexOf(events.find((e) => e.event_id === changed.event_id)!) % 3 !== 0) return;
            touched.add(changed.event_id);
            await writeEvents(store, [fresh, changed, again]);
          });
          const counted = new Map<string, number>();
          for (const id of got) counted.set(id, (counted.get(id) ?? 0) + 1);
          for (const event of stays.filter((one) => fits(one, filter))) {
            expect([event.event_id, counted.get(event.event_id)]).toEqual([event.event_id, 1]);
          }
          for (const id of counted.keys()) {
            const known = events.find(({ event_id }) => event_id === id);
            if (known && !touched.has(id)) expect(fits(known, filter)).toBe(true);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test('more events of one millisecond than a query gives are all listed by text', async () => {
    const events = Array.from({ length: 450 }, (_, i) => eventAt(i, { timestamp_ms: 5_000 }));
    await writeEvents(store, events);
    for (const order of ['asc', 'desc'] as const) {
      const got = await allPages({ text: ['number'] }, order, 100);
      expect([got.length, new Set(got).size]).toEqual([450, 450]);
    }
  });
});

describe('facts', () => {
  const factsOf = async () => {
    const [rows] = await store.query<[Record<string, unknown>[]]>('SELECT * FROM event_fact ORDER BY id;');
    return rows.map(({ id, ...rest }) => ({ id: String(id), ...rest }));
  };
  const wanted = (events: AgentEvent[]) =>
    events
      .map(toFactRecord)
      .map(({ id, ...rest }) => ({
        id: String(id),
        ...Object.fromEntries(Object.entries(rest).filter(([, v]) => v !== undefined)),
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));

  test('are those of the rows, whatever was written, replaced, delivered again, moved and deleted', async () => {
    const first = Array.from({ length: 20 }, (_, i) => eventAt(i, { trace_id: 't1', group_id: 'g1' }));
    await writeEvents(store, first);
    const newer = first.slice(5, 12).map((event, i) => ({
      ...event,
      revision: 9,
      timestamp_ms: event.timestamp_ms + (i % 2),
      event_type: 'error',
    }));
    await writeEvents(store, [...newer, eventAt(90, { trace_id: 't2' })]);
    await writeEvents(store, first);
    await moveGroup(store, sampleLink({ revision: 20, previous_trace_id: 't1', trace_id: 't3' }));
    const now = [...first.slice(0, 5), ...newer, ...first.slice(12), eventAt(90, { trace_id: 't2' })];
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    expect((await factsOf()).sort(byId)).toEqual(wanted(now).sort(byId));
    await writeTraces(store, [sampleTrace({ trace_id: 't3', updated_ms: 1 })]);
    await deleteOlderThan(store, new Date(2), 10);
    expect(await factsOf()).toEqual(wanted([eventAt(90, { trace_id: 't2' })]));
  });
});

describe('statistics', () => {
  test('read each event of a range once, while others come, and traces by day', async () => {
    const events = Array.from({ length: 300 }, (_, i) => eventAt(i));
    await writeEvents(store, events);
    const range = { from: 1_000_000_500, to: 1_090_002_000, agent_id: ['a1', 'a2'] };
    const wanted = events.filter((event) => fits(event, range));
    const { measures, reachedMs } = await measuresOf(store, range);
    expect(reachedMs).toBeNull();
    const key = ({ ms, type, agent }: { ms: number; type: string; agent: string | null }) =>
      `${ms} ${type} ${agent}`;
    expect(measures.map(key).sort()).toEqual(
      wanted.map((one) => key({ ms: one.timestamp_ms, type: one.event_type, agent: one.agent_id })).sort(),
    );
    expect(errorsByType(measures).reduce((sum, { errors }) => sum + errors, 0)).toBe(
      wanted.filter(({ event_type }) => event_type === 'error').length,
    );
    const day = 86_400_000;
    await writeTraces(store, [
      sampleTrace({ trace_id: 'a', start_ms: 5, total_events: 2, error_count: 1, status: 'failed' }),
      sampleTrace({ trace_id: 'b', start_ms: day - 1 }),
      sampleTrace({ trace_id: 'c', start_ms: day, agents: ['x'] }),
      sampleTrace({ trace_id: 'd', start_ms: day, merged_into: 'c' }),
    ]);
    const none = { running: 0, completed: 0, failed: 0, truncated: 0 };
    expect((await tracesByDay(store, {})).days).toEqual([
      { day: '1970-01-01', traces: 2, ...none, failed: 1, running: 1, events: 3, errors: 1 },
      { day: '1970-01-02', traces: 1, ...none, running: 1, events: 1, errors: 0 },
    ]);
    expect(
      (await tracesByDay(store, { from: 6, agent_id: 'agent-1' })).days.map(({ traces }) => traces),
    ).toEqual([1]);
    expect((await tracesByDay(store, { to: day })).days.map(({ traces }) => traces)).toEqual([2]);
  });
});

describe('rows without facts', () => {
  test('get them once, in the version of now', async () => {
    const { signal } = new AbortController();
    const events = Array.from({ length: 620 }, (_, i) => eventAt(i));
    await writeEvents(store, events.slice(0, 310));
    await writeEvents(store, events.slice(310));
    await store.query('DELETE event_fact; DELETE vectadb_schema:facts;');
    expect(await fillFacts(store, signal)).toBe(620);
    expect(await fillFacts(store, signal)).toBe(0);
    const got = await allPages({ text: ['number'] }, 'desc', 200);
    expect(new Set(got).size).toBe(620);
  });
});

describe('traces are listed', () => {
  const traces = Array.from({ length: 60 }, (_, i) =>
    sampleTrace({
      trace_id: `t${i}`,
      start_ms: 1_000_000 + Math.floor(i / 4) * 1_000,
      status: (['running', 'completed', 'failed'] as const)[i % 3]!,
      session_id: `s${i % 4}`,
      agents: i % 2 ? ['a0', 'a1'] : ['a1'],
      frameworks: i % 5 ? ['langchain'] : ['langchain', 'own'],
      duration_ms: (i * 7919) % 13,
      error_count: i % 4,
      merged_into: i % 10 === 9 ? 't0' : null,
      event_counts: i % 2 ? { log: 1 } : { tool_call: 2, 'a "b"': 1 },
    }),
  );

  const pagesOf = async (filter: Omit<Parameters<typeof listTraces>[1], 'limit'>, limit: number) => {
    const got: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listTraces(store, { ...filter, limit, cursor });
      got.push(...page.traces.map(({ trace_id }) => trace_id));
      cursor = page.next_cursor ?? undefined;
    } while (cursor && got.length < 1_000);
    return got;
  };

  test('by any filters put together, and in any order', async () => {
    await writeTraces(store, traces);
    const orders: (TraceOrder | undefined)[] = [
      undefined,
      { name: 'duration', keyOf: (trace) => trace.duration_ms, order: 'desc' },
      { name: 'errors', keyOf: (trace) => trace.error_count, order: 'asc' },
    ];
    const filter = fc.record({
      status: some('running', 'failed') as fc.Arbitrary<('running' | 'failed')[] | undefined>,
      agent_id: some('a0', 'a1', 'a9'),
      session_id: some('s0', 's1'),
      framework: some('own', 'other'),
      event_type: some('log', 'a "b"'),
      from: maybe(fc.integer({ min: 999_000, max: 1_016_000 })),
      to: maybe(fc.integer({ min: 1_000_000, max: 1_016_000 })),
    });
    await fc.assert(
      fc.asyncProperty(
        filter,
        fc.constantFrom(...orders),
        fc.constantFrom(1, 4, 100),
        async (given, by, limit) => {
          const wanted = traces.filter(
            (trace) =>
              trace.merged_into === null &&
              anyOf(given.status, trace.status) &&
              anyOf(given.session_id, trace.session_id) &&
              (given.agent_id === undefined ||
                given.agent_id.some((agent) => trace.agents.includes(agent))) &&
              (given.framework === undefined ||
                given.framework.some((one) => trace.frameworks.includes(one))) &&
              (given.event_type === undefined ||
                given.event_type.some((type) => type in trace.event_counts)) &&
              (given.from === undefined || trace.start_ms >= given.from) &&
              (given.to === undefined || trace.start_ms < given.to),
          );
          const got = await pagesOf({ ...given, ...(by ? { by } : {}) }, limit);
          expect([...got].sort()).toEqual(wanted.map(({ trace_id }) => trace_id).sort());
          const keys = got.map((id) => {
            const trace = traces.find(({ trace_id }) => trace_id === id)!;
            return by === undefined
              ? -trace.start_ms
              : by.name === 'duration'
                ? -trace.duration_ms
                : trace.error_count;
          });
          expect(keys).toEqual([...keys].sort((a, b) => a - b));
        },
      ),
      { numRuns: 80 },
    );
  });

  test('by what their events say', async () => {
    await writeTraces(store, traces);
    await writeEvents(store, [
      sampleEvent({ event_id: 'a', trace_id: 't1', properties: '{"message":"Booked a flight to Oslo"}' }),
      sampleEvent({ event_id: 'b', trace_id: 't5', properties: '{"tool_output":["flights","OSLO"]}' }),
      sampleEvent({ event_id: 'c', trace_id: 't7', properties: '{"message":"flight to Rome"}' }),
    ]);
    expect(await pagesOf({ text: readTerms('oslo flight') }, 1)).toEqual(['t5', 't1']);
    expect(await pagesOf({ text: readTerms('"flight to"'), status: ['completed'] }, 10)).toEqual([
      't7',
      't1',
    ]);
  });
});
