import fc from 'fast-check';
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { loadSchemas } from '../../lib/config/schemas.js';
import { noErasures } from '../../lib/kafka/erasures.js';
import { Codec } from '../../lib/model/codec.js';
import type { AgentEvent, AgentTrace, EventRetraction, GroupLink } from '../../lib/model/events.js';
import { HOUR_MS, hourOf } from '../../lib/model/flow-account.js';
import type { DataError } from '../../lib/model/result.js';
import type { SurrealStore } from '../../lib/stores/surreal/connection.js';
import { emptyStore, sampleEvent, sampleLink, sampleTrace } from '../../lib/stores/surreal/fixtures.js';
import { nameOfRaw, readStoredHours } from '../../lib/stores/surreal/flow.js';
import { ownStore } from '../../lib/stores/surreal/own-store.js';
import { getEvent, getTrace } from '../../lib/stores/surreal/reads.js';
import type { TestStack } from '../../lib/testing/stack.js';
import { REPLAYED_HEADER } from '../../lib/topology/generation.js';
import type { EncodedRecord } from '../../lib/topology/topology.js';
import { createMetrics } from './metrics.js';
import { createHandler } from './sink.js';

type Sent =
  | { event: AgentEvent }
  | { link: GroupLink }
  | { trace: AgentTrace }
  | { retraction: EventRetraction }
  | { bytes: Buffer }
  /** A tombstone. */
  | { goneTrace: string };

const codec = Codec.local(loadSchemas());
let dead: { offset: number; cause: DataError }[];
let handle: ReturnType<typeof createHandler>;
let store: SurrealStore;
let stack: TestStack;
ownStore((opened, of) => {
  store = opened;
  stack = of;
});
beforeEach(() => {
  dead = [];
  handle = createHandler({
    erasures: noErasures,
    codec,
    store,
    metrics: createMetrics(new Registry()),
    deadLetter: async (record, cause) => {
      dead.push({ offset: record.offset, cause });
    },
  });
});

const encode = (sent: Sent): Buffer | null => {
  if ('event' in sent) return codec.encode('agent-event', sent.event);
  if ('link' in sent) return codec.encode('group-link', sent.link);
  if ('trace' in sent) return codec.encode('agent-trace', sent.trace);
  if ('retraction' in sent) return codec.encode('event-retraction', sent.retraction);
  if ('goneTrace' in sent) return null;
  return sent.bytes;
};

const deliver = (
  sent: Sent[],
  topic = 'agent-events',
  firstOffset = 0,
  signal = new AbortController().signal,
) =>
  handle(
    {
      topic,
      partition: 0,
      records: sent.map(
        (one, index): EncodedRecord => ({
          topic,
          partition: 0,
          offset: firstOffset + index,
          timestampMs: 0,
          key: 'goneTrace' in one ? Buffer.from(one.goneTrace) : null,
          value: encode(one),
          headers: {},
        }),
      ),
      nextOffset: firstOffset + sent.length,
      lag: 0,
    },
    signal,
  );

/** [event id, trace id, event type] of every row, and [event id, trace id] of every edge. */
async function stored() {
  const [rows, edges] = await store.query<
    [[{ id: string }, string, string][], [{ id: string }, { id: string }][]]
  >(
    `SELECT VALUE [id, trace_id, event_type] FROM agent_event;
     SELECT VALUE [out, in] FROM contains;`,
  );
  return {
    rows: rows.map(([id, ...rest]) => [id.id, ...rest]).sort(),
    edges: edges.map(([event, trace]) => [event.id, trace.id]).sort(),
  };
}

describe('the handler of agent-events', () => {
  /**
   * The log of one partition with the groups g0 and g1: events new, changed and sent again, and links, in the order of
   * their revisions as the tracer writes them. One event id may be claimed by both groups.
   */
  const log = fc
    .array(
      fc.record({
        group: fc.nat(1),
        kind: fc.constantFrom('event', 'event', 'event', 'link'),
        id: fc.nat(5),
        root: fc.nat(3),
      }),
      { minLength: 1, maxLength: 30 },
    )
    .map((steps): Sent[] => {
      const roots = ['root0', 'root1'];
      return steps.map(({ group, kind, id, root }, index): Sent => {
        const group_id = `g${group}`;
        const revision = index + 1;
        if (kind === 'link') {
          const previous_trace_id = roots[group]!;
          const trace_id = `root${root}`;
          roots[group] = trace_id;
          return { link: sampleLink({ group_id, revision, trace_id, previous_trace_id }) };
        }
        // ids 0 and 1 are shared by the groups, the others are a group's own
        const event_id = id < 2 ? `shared${id}` : `${group_id}-${id}`;
        return {
          event: sampleEvent({
            event_id,
            group_id,
            trace_id: roots[group]!,
            revision,
            event_type: `type${index}`,
            updated_ms: 1_767_800_000_000 + index,
            // a line of raw-logs each, an hour apart
            raw: { topic: 'raw-logs', partition: group, offset: id, index: 0 },
            created_ms: 1_767_800_000_000 + (id % 3) * HOUR_MS,
          }),
        };
      });
    });

  /** What must be there in the end: the last form of each event, in the last root of its group. */
  function model(records: Sent[]) {
    const roots = new Map<string, string>();
    const rows = new Map<string, AgentEvent>();
    for (const record of records) {
      if ('link' in record) roots.set(record.link.group_id, record.link.trace_id);
      if ('event' in record) {
        roots.set(record.event.group_id, record.event.trace_id);
        rows.set(record.event.event_id, record.event);
      }
    }
    const all = [...rows.values()].map((row) => ({ ...row, trace_id: roots.get(row.group_id)! }));
    return {
      rows: all.map((row) => [row.event_id, row.trace_id, row.event_type]).sort(),
      edges: all.map((row) => [row.event_id, row.trace_id]).sort(),
    };
  }

  /** Each record of raw-logs that became an event is counted once in its hour: its row, or that another has the row. */
  async function expectAccounts(records: Sent[]): Promise<void> {
    const events = new Map<string, AgentEvent>();
    for (const record of records)
      if ('event' in record)
        events.set(`${record.event.event_id} ${nameOfRaw(record.event.raw)}`, record.event);
    const expected: Record<number, number> = {};
    for (const { created_ms } of events.values())
      expected[hourOf(created_ms)] = (expected[hourOf(created_ms)] ?? 0) + 1;
    const hours = await readStoredHours(store, 0);
    const counted = hours.map(({ hour, stored: rows, duplicates }) => [hour, rows + duplicates]);
    expect(Object.fromEntries(counted)).toEqual(expected);
    const ids = new Set([...events.values()].map(({ event_id }) => event_id));
    expect(hours.reduce((sum, one) => sum + one.stored, 0)).toBe(ids.size);
  }

  test('whatever is delivered again, in whatever batches, the rows and edges are those of one pass', async () => {
    const deliveries = fc.array(fc.record({ back: fc.nat(12), take: fc.integer({ min: 1, max: 12 }) }), {
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(log, deliveries, async (records, restarts) => {
        await emptyStore(store);
        let reached = 0;
        for (const { back, take } of [...restarts, { back: 5, take: records.length }]) {
          // a restart goes back to the last committed offset and reads on from there
          const from = Math.max(0, reached - back);
          const to = Math.min(records.length, Math.max(from + take, reached));
          const middle = from + Math.floor((to - from) / 2);
          await deliver(records.slice(from, middle), 'agent-events', from);
          await deliver(records.slice(middle, to), 'agent-events', middle);
          reached = Math.max(reached, to);
        }
        await deliver(records.slice(reached), 'agent-events', reached);
        expect(await stored()).toEqual(model(records));
        await expectAccounts(records);
      }),
      { numRuns: 60 },
    );
    expect(dead).toEqual([]);
  });

  test('a batch that a former owner of the partition writes late changes nothing', async () => {
    const slice = fc.record({ from: fc.nat(29), take: fc.integer({ min: 1, max: 8 }) });
    await fc.assert(
      fc.asyncProperty(log, fc.array(slice, { minLength: 1, maxLength: 3 }), async (records, late) => {
        await emptyStore(store);
        await deliver(records);
        for (const { from, take } of late)
          await deliver(records.slice(from, from + take), 'agent-events', from);
        expect(await stored()).toEqual(model(records));
        await expectAccounts(records);
      }),
      { numRuns: 60 },
    );
  });

  test('two partitions at once, of groups that share ids, end in the same rows', async () => {
    await fc.assert(
      fc.asyncProperty(log, async (records) => {
        await emptyStore(store);
        const of = (group: string) =>
          records.filter(
            (record) =>
              ('event' in record ? record.event : (record as { link: GroupLink }).link).group_id === group,
          );
        await Promise.all(['g0', 'g1'].map((group) => deliver(of(group))));
        expect(await stored()).toEqual(model(records));
        await expectAccounts(records);
      }),
      { numRuns: 40 },
    );
  });

  test('one poisoned record goes to dead-letter with its reason, and everything around it is stored', async () => {
    const records: Sent[] = Array.from({ length: 300 }, (_, i) => ({
      event: sampleEvent({ event_id: `e${i}` }),
    }));
    records[7] = { event: sampleEvent({ event_id: 'e7', properties: '[1]' }) };
    records[150] = { bytes: Buffer.from([0, 0, 0, 0, 99, 1]) };
    records[299] = { event: sampleEvent({ event_id: 'e299', timestamp_ms: 9e15 }) };
    await deliver(records);
    expect(dead.map(({ offset, cause }) => [offset, cause.code]).sort()).toEqual([
      [150, 'UNKNOWN_SCHEMA_ID'],
      [299, 'PROCESSING'],
      [7, 'PROCESSING'],
    ]);
    expect((await stored()).rows).toHaveLength(297);
    const sums = (hours: Awaited<ReturnType<typeof readStoredHours>>) =>
      (['stored', 'duplicates', 'dead_letters'] as const).map((name) =>
        hours.reduce((sum, one) => sum + one[name], 0),
      );
    expect(sums(await readStoredHours(store, 0))).toEqual([297, 0, 3]);
    await deliver(records);
    expect(sums(await readStoredHours(store, 0))).toEqual([297, 0, 3]);
    // mended and sent again out of dead-letter: a row now, no dead letter any more
    const mended: Sent = { event: sampleEvent({ event_id: 'e7', flags: ['redriven'] }) };
    for (let time = 0; time < 2; time++) await deliver([mended]);
    expect(sums(await readStoredHours(store, 0))).toEqual([298, 0, 2]);
  });

  test('copies, originals and retractions in any order and as often as can be: what was accepted is counted once', async () => {
    const kinds = ['original', 'original', 'copy', 'retraction'] as const;
    const steps = fc.array(fc.record({ kind: fc.constantFrom(...kinds), id: fc.nat(2) }), {
      minLength: 1,
      maxLength: 14,
    });
    const deliveries = fc.array(fc.record({ back: fc.nat(8), take: fc.integer({ min: 1, max: 6 }) }), {
      maxLength: 6,
    });
    const recordOf = ({ kind, id }: { kind: (typeof kinds)[number]; id: number }, at: number) => {
      const event_id = `e${id}`;
      // an original may come late: another partition has it
      const made = {
        original: { event: sampleEvent({ event_id, revision: at + 1, raw: rawOf(id) }) },
        copy: { event: sampleEvent({ event_id, generation: 2, revision: 0, raw: rawOf(id) }) },
        retraction: { retraction: { event_id, group_id: 'g1', generation: 3, revision: 0 } },
      };
      const headers: EncodedRecord['headers'] =
        kind === 'copy' ? { [REPLAYED_HEADER]: Buffer.from('2') } : {};
      return { value: encode(made[kind]), headers };
    };
    const rawOf = (offset: number) => ({ topic: 'raw-logs', partition: 0, offset, index: 0 });
    await fc.assert(
      fc.asyncProperty(steps, deliveries, async (log, chunks) => {
        await emptyStore(store);
        const records = log.map((step, offset): EncodedRecord => {
          const place = { topic: 'agent-events', partition: 0, offset, timestampMs: 0, key: null };
          return { ...place, ...recordOf(step, offset) };
        });
        const take = (from: number, until: number) =>
          handle(
            {
              topic: 'agent-events',
              partition: 0,
              records: records.slice(from, until),
              nextOffset: until,
              lag: 0,
            },
            new AbortController().signal,
          );
        let reached = 0;
        for (const { back, take: count } of chunks) {
          const from = Math.max(0, reached - back);
          const until = Math.min(records.length, from + count);
          if (until > from) await take(from, until);
          reached = Math.max(reached, until);
        }
        if (reached < records.length) await take(reached, records.length);
        const accepted = new Set(log.filter(({ kind }) => kind === 'original').map(({ id }) => id));
        const hours = await readStoredHours(store, 0);
        expect(hours.reduce((sum, { stored: rows }) => sum + rows, 0)).toBe(accepted.size);
        expect(hours.reduce((sum, { duplicates, dead_letters }) => sum + duplicates + dead_letters, 0)).toBe(
          0,
        );
      }),
      { numRuns: 80 },
    );
  });

  test('what a replay has copied was accepted before, and is not counted', async () => {
    const copy = (event_id: string, headers: EncodedRecord['headers']) => ({
      topic: 'agent-events',
      partition: 0,
      offset: 0,
      timestampMs: 0,
      key: null,
      value: encode({ event: sampleEvent({ event_id, generation: 2 }) }),
      headers,
    });
    await deliver([{ event: sampleEvent({ event_id: 'stored' }) }]);
    const records = [
      copy('stored', {}),
      copy('fresh', {}),
      copy('copied', { [REPLAYED_HEADER]: Buffer.from('2') }),
    ];
    for (let time = 0; time < 2; time++)
      await handle(
        { topic: 'agent-events', partition: 0, records, nextOffset: 2, lag: 0 },
        new AbortController().signal,
      );
    expect((await stored()).rows).toHaveLength(3);
    expect(await readStoredHours(store, 0)).toMatchObject([{ stored: 2, duplicates: 0 }]);
  });

  test('causedBy edges follow from the order of events, across batches', async () => {
    const options = { auto_create_traces: true, generate_embeddings: true, extract_relationships: true };
    const at = (event_id: string, event_type: string, timestamp_ms: number): Sent => ({
      event: sampleEvent({ event_id, event_type, timestamp_ms, options }),
    });
    await deliver([at('result', 'tool_result', 3_000)]);
    await deliver([at('call', 'tool_call', 2_000), at('other', 'log', 1_000)]);
    expect((await getTrace(store, 't1'))?.causes).toEqual([
      { event_id: 'result', cause_id: 'call', reason: 'answers_call' },
    ]);
  });

  test('the rows of a group are read once for as long as the partition is owned, and anew by its next owner', async () => {
    const options = { auto_create_traces: true, generate_embeddings: true, extract_relationships: true };
    const properties = '{"tool_name":"web"}';
    const at = (event_id: string, event_type: string, timestamp_ms: number): Sent => ({
      event: sampleEvent({ event_id, event_type, timestamp_ms, options, properties }),
    });
    const asked = vi.spyOn(store, 'query');
    const readings = () =>
      asked.mock.calls.filter(([text]) => text.includes('FROM causedBy WHERE group_id')).length;
    const first = new AbortController().signal;
    await deliver([at('call', 'tool_call', 1_000)], 'agent-events', 0, first);
    await deliver([at('result', 'tool_result', 2_000)], 'agent-events', 1, first);
    await deliver([at('second call', 'tool_call', 3_000)], 'agent-events', 2, first);
    expect(readings()).toBe(1);
    await deliver(
      [at('second result', 'tool_result', 4_000)],
      'agent-events',
      3,
      new AbortController().signal,
    );
    expect(readings()).toBe(2);
    asked.mockRestore();
    const causes = (await getTrace(store, 't1'))!.causes.map(({ event_id, cause_id }) => [
      event_id,
      cause_id,
    ]);
    expect(causes.sort()).toEqual([
      ['result', 'call'],
      ['second result', 'second call'],
    ]);
  });

  test('while the store is down a batch is rejected and nothing is dead-lettered; afterwards it is stored', async () => {
    const batch: Sent[] = [{ event: sampleEvent() }, { link: sampleLink() }];
    await stack.part('surreal').kill();
    await expect(deliver(batch)).rejects.toMatchObject({ name: 'StoreUnavailableError' });
    await expect(deliver(batch)).rejects.toMatchObject({ name: 'StoreUnavailableError' });
    await stack.part('surreal').restart();
    await expect.poll(() => store.health().connected, { timeout: 20_000 }).toBe(true);
    await deliver(batch);
    expect((await getEvent(store, 'e1'))?.trace_id).toBe('t2');
    expect(dead).toEqual([]);
  });

  test('a batch whose partition is lost is given up', async () => {
    await expect(
      deliver([{ event: sampleEvent() }], 'agent-events', 0, AbortSignal.abort()),
    ).rejects.toThrow();
    expect((await stored()).rows).toEqual([]);
  });
});

describe('the handler of agent-traces', () => {
  test('the latest state stands, within a batch and across batches', async () => {
    const trace = (revision: number, total_events: number): Sent => ({
      trace: sampleTrace({ revision, total_events }),
    });
    await deliver([trace(2, 2), trace(3, 3), trace(1, 1)], 'agent-traces');
    expect((await getTrace(store, 't1'))?.trace.total_events).toBe(3);
    await deliver([trace(2, 2)], 'agent-traces');
    expect((await getTrace(store, 't1'))?.trace.total_events).toBe(3);
  });

  test('where state was lost the total equals the rows, whichever topic comes last', async () => {
    const trace = (revision: number): Sent => ({
      trace: sampleTrace({ revision, total_events: 1, state_lost: true }),
    });
    const total = async () => (await getTrace(store, 't1'))?.trace.total_events;
    await deliver([{ event: sampleEvent({ event_id: 'a' }) }, { event: sampleEvent({ event_id: 'b' }) }]);
    await deliver([trace(1)], 'agent-traces');
    expect(await total()).toBe(2);
    await deliver([{ event: sampleEvent({ event_id: 'c' }) }]);
    expect(await total()).toBe(3);
    await Promise.all([
      deliver([trace(2)], 'agent-traces'),
      deliver([{ event: sampleEvent({ event_id: 'd' }) }]),
      deliver([{ event: sampleEvent({ event_id: 'e' }) }]),
    ]);
    expect(await total()).toBe(5);
  });
});

describe('what is no more', () => {
  const retraction = (given: Partial<EventRetraction> = {}): Sent => ({
    retraction: { event_id: 'e1', group_id: 'g1', revision: 0, generation: 2, ...given },
  });
  const traces = async () => {
    const [ids] = await store.query<[{ id: string }[]]>('SELECT VALUE id FROM agent_trace;');
    return ids.map(({ id }) => id);
  };

  test('an event goes with its edge, in a batch of its own or in that of its event, and again', async () => {
    for (const batches of [
      [[{ event: sampleEvent() }], [retraction()]],
      [[{ event: sampleEvent() }, retraction()]],
      [[{ event: sampleEvent() }], [{ event: sampleEvent() }, retraction()], [retraction()]],
    ]) {
      await emptyStore(store);
      for (const batch of batches) await deliver(batch);
      expect(await stored()).toEqual({ rows: [], edges: [] });
    }
  });

  test('what is newer than its retraction stays, wherever it comes', async () => {
    const newer = { event: sampleEvent({ generation: 2, revision: 1 }) };
    for (const batches of [[[newer], [retraction()]], [[retraction(), newer]], [[newer, retraction()]]]) {
      await emptyStore(store);
      for (const batch of batches) await deliver(batch);
      expect((await stored()).rows).toHaveLength(1);
    }
  });

  test('its trace is counted from what is left', async () => {
    await deliver([{ trace: sampleTrace({ total_events: 2 }) }], 'agent-traces');
    await deliver([{ event: sampleEvent() }, { event: sampleEvent({ event_id: 'e2', revision: 2 }) }]);
    await deliver([retraction()]);
    expect((await getTrace(store, 't1'))?.trace).toMatchObject({ total_events: 1 });
  });

  test('a trace goes once its last event has gone, retracted or moved, before or after its tombstone', async () => {
    const elsewhere = { event: sampleEvent({ generation: 2, revision: 0, group_id: 'g2', trace_id: 't2' }) };
    for (const last of [retraction(), elsewhere]) {
      for (const tombstoneFirst of [true, false]) {
        await emptyStore(store);
        await deliver([{ trace: sampleTrace() }], 'agent-traces');
        await deliver([{ event: sampleEvent() }]);
        const tombstone = () => deliver([{ goneTrace: 't1' }], 'agent-traces');
        if (tombstoneFirst) {
          await tombstone();
          expect(await traces()).toEqual(['t1']);
        }
        await deliver([last]);
        if (!tombstoneFirst) await tombstone();
        expect(await traces()).toEqual([]);
      }
    }
  });
});

describe('what is erased while it is written', () => {
  test('is taken away by who wrote it, comes back with no later batch, and its trace goes', async () => {
    const erased = new Set<string>();
    let reads = 0;
    const erasing = createHandler({
      codec,
      store,
      metrics: createMetrics(new Registry()),
      deadLetter: async () => {},
      erasures: {
        has: (kind, id) => erased.has(`${kind}:${id}`),
        // erased after the handler has asked, before it has written
        refresh: async () => {
          if (++reads === 2) erased.add('group:g-gone').add('trace:t-gone');
          return erased.size;
        },
      },
    });
    handle = erasing;
    const gone = { group_id: 'g-gone', trace_id: 't-gone' };
    const kept = { group_id: 'g-kept', trace_id: 't-kept' };
    const events: Sent[] = [
      { event: sampleEvent({ event_id: 'a', ...gone, revision: 1 }) },
      { event: sampleEvent({ event_id: 'b', ...kept, revision: 2 }) },
    ];
    await deliver(events);
    expect((await stored()).rows.map(([id]) => id)).toEqual(['b']);
    await deliver(events);
    await deliver([{ event: sampleEvent({ event_id: 'c', ...gone, revision: 3 }) }], 'agent-events', 2);
    await deliver([{ trace: sampleTrace({ trace_id: 't-gone', group_ids: ['g-gone'] }) }], 'agent-traces');
    // a group that is moved to it
    const { trace_id: previous_trace_id, group_id } = kept;
    const link = sampleLink({ group_id, trace_id: 't-gone', previous_trace_id, revision: 9 });
    await deliver([{ link }], 'agent-events', 3);
    expect(await stored()).toEqual({ rows: [], edges: [] });
    const [traces] = await store.query<[unknown[]]>(
      'SELECT VALUE id FROM agent_trace WHERE id = agent_trace:`t-gone`;',
    );
    expect(traces).toEqual([]);
  });
});
