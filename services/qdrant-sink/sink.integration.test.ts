import fc from 'fast-check';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSchemas } from '../../lib/config/schemas.js';
import { hashedEmbedder } from '../../lib/embedding/embedder.js';
import { noErasures } from '../../lib/kafka/erasures.js';
import { Codec } from '../../lib/model/codec.js';
import type { AgentEvent, GroupLink } from '../../lib/model/events.js';
import { pointId, uuidOf } from '../../lib/model/ids.js';
import type { DataError } from '../../lib/model/result.js';
import { QdrantMissingError, QdrantUnavailableError } from '../../lib/stores/qdrant/errors.js';
import { type EventPayload, isOlder } from '../../lib/stores/qdrant/points.js';
import { connectQdrant, type QdrantStore } from '../../lib/stores/qdrant/store.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import type { EncodedRecord } from '../../lib/topology/topology.js';
import { createMetrics } from './metrics.js';
import { VectorWriter } from './service.js';
import { createHandler } from './sink.js';
import { agentEvent, groupLink, record } from './testing/records.js';

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack({ qdrant: true });
});
afterAll(() => stack?.stop());

const codec = Codec.local(loadSchemas());
const signal = new AbortController().signal;

async function sinkOf(model: string) {
  const embedder = hashedEmbedder();
  const store = connectQdrant(stack.env.QDRANT_URL!, { model });
  await store.ensureCollection(model);
  const dead: { record: EncodedRecord; cause: DataError }[] = [];
  const metrics = createMetrics(new Registry(), embedder);
  const handler = createHandler({
    erasures: noErasures,
    codec,
    store,
    embedder: { ...embedder, model },
    metrics,
    deadLetter: async (record, cause) => {
      dead.push({ record, cause });
    },
  });
  const deliver = (records: EncodedRecord[]) =>
    handler({ topic: 'agent-events', partition: 0, records, nextOffset: 0, lag: 0 }, signal);
  return { store, deliver, dead, metrics };
}

const uuid = (name: string) => uuidOf(`test:${name}`);

async function payloads(store: QdrantStore, eventIds: string[]): Promise<Map<string, EventPayload>> {
  const ids = eventIds.map(pointId);
  const rows = await store.client.retrieve(store.collection, { ids, with_payload: true });
  return new Map(rows.map(({ payload }) => [String(payload!.event_id), payload as unknown as EventPayload]));
}

/** What a partition's records say in the end, told without any batch: newest emission, newest word on the trace. */
function truth(log: (AgentEvent | GroupLink)[]): Map<string, { event_type: string; trace_id: string }> {
  const events = log.filter((value): value is AgentEvent => 'event_id' in value);
  const links = log.filter((value): value is GroupLink => !('event_id' in value));
  const result = new Map<string, { event_type: string; trace_id: string }>();
  for (const id of new Set(events.map((event) => event.event_id))) {
    const newest = events
      .filter((event) => event.event_id === id)
      .reduce((best, event) => (isOlder(best, event) ? event : best));
    const word = links
      .filter((link) => link.group_id === newest.group_id)
      .reduce<AgentEvent | GroupLink>((best, link) => (isOlder(best, link) ? link : best), newest);
    result.set(id, { event_type: newest.event_type, trace_id: word.trace_id });
  }
  return result;
}

/** One partition: two groups, four events emitted again and again, links between, now and then a replay's generation. */
const logs = fc.array(
  fc.record({ kind: fc.constantFrom('event', 'event', 'event', 'link'), which: fc.nat(3), jump: fc.nat(20) }),
  { minLength: 1, maxLength: 14 },
);
/** Batches as a consumer may see them: each takes some records, then goes on, or back to where it had been before. */
const deliveries = fc.array(
  fc.record({ take: fc.integer({ min: 1, max: 6 }), back: fc.nat(8), zombie: fc.boolean() }),
  {
    maxLength: 6,
  },
);

let run = 0;
function materialise(steps: { kind: string; which: number; jump: number }[]): (AgentEvent | GroupLink)[] {
  run++;
  const roots = [`${run}-a`, `${run}-b`];
  let generation = 1;
  let revision = 0;
  return steps.map(({ kind, which, jump }, index) => {
    if (jump === 20) {
      generation++;
      revision = 0;
    }
    revision += 1 + (jump % 3);
    const group = which % 2;
    const group_id = uuid(`${run} group ${group}`);
    if (kind === 'link') {
      roots[group] = `${run}-root-${index}`;
      return groupLink({ group_id, trace_id: roots[group], revision, generation });
    }
    const event_id = which === 3 ? `client id ${run}` : uuid(`${run} event ${which}`);
    const event_type = `emission-${index}`;
    return agentEvent({ event_id, group_id, trace_id: roots[group]!, event_type, revision, generation });
  });
}

describe('whatever is delivered again', () => {
  it('every point ends with its newest content and its newest trace', async () => {
    const { store, deliver, dead } = await sinkOf('redelivery');
    await fc.assert(
      fc.asyncProperty(logs, deliveries, async (steps, plan) => {
        const log = materialise(steps);
        const records = log.map((value, offset) => record(codec, offset, value));
        let position = 0;
        let before = records.slice(0, 0);
        for (const { take, back, zombie } of plan) {
          const batch = records.slice(position, position + take);
          // a former owner of the partition may still be writing what it had read
          await Promise.all([deliver(batch), zombie ? deliver(before) : undefined]);
          before = batch;
          position = Math.max(0, Math.min(records.length, position + take) - back);
        }
        await deliver(records.slice(position));
        const expected = truth(log);
        const stored = await payloads(store, [...expected.keys()]);
        expect(stored.size).toBe(expected.size);
        for (const [id, { event_type, trace_id }] of expected) {
          expect(stored.get(id)).toMatchObject({ event_type, trace_id });
        }
      }),
      { numRuns: 80 },
    );
    expect(dead).toEqual([]);
  });

  it('a late write of a former owner changes nothing', async () => {
    const { store, deliver } = await sinkOf('zombie');
    const a = agentEvent({ event_id: uuid('a'), revision: 1, event_type: 'first' });
    const link = groupLink({ group_id: a.group_id, trace_id: 'moved', revision: 2 });
    const amended = { ...a, revision: 3, trace_id: 'moved', event_type: 'amended' };
    await deliver([a, link, amended].map((value, offset) => record(codec, offset, value)));
    await deliver([record(codec, 0, a)]);
    await deliver([record(codec, 1, { ...link, trace_id: 'older' })]);
    expect((await payloads(store, [a.event_id])).get(a.event_id)).toMatchObject({
      event_type: 'amended',
      trace_id: 'moved',
      revision: 3,
    });
  });
});

describe('an event', () => {
  it('without generate_embeddings has no point, its siblings have', async () => {
    const { store, deliver, metrics } = await sinkOf('options');
    const options = { auto_create_traces: true, generate_embeddings: false, extract_relationships: false };
    const values = [
      agentEvent({ event_id: uuid('with') }),
      agentEvent({ event_id: uuid('without'), options }),
      agentEvent({ event_id: uuid('said so'), options: { ...options, generate_embeddings: true } }),
    ];
    await deliver(values.map((value, offset) => record(codec, offset, value)));
    const stored = await payloads(
      store,
      values.map((value) => value.event_id),
    );
    expect([...stored.keys()].sort()).toEqual([uuid('with'), uuid('said so')].sort());
    expect((await metrics.skipped.get()).values[0]?.value).toBe(1);
  });

  it('is found by its words as soon as its batch is done', async () => {
    const { store, deliver } = await sinkOf('found');
    const properties = JSON.stringify({
      message: 'Action: refund_payment for order 77',
      tool_name: 'refund_payment',
    });
    await deliver([
      record(codec, 0, agentEvent({ event_id: uuid('refund'), event_type: 'tool_call', properties })),
      record(codec, 1, agentEvent({ event_id: uuid('other') })),
    ]);
    const vector = await hashedEmbedder().embedQuery('payments that were refunded');
    expect((await store.searchByVector(vector, {}, 1))[0]?.event_id).toBe(uuid('refund'));
  });
});

describe('bad data', () => {
  it('goes to dead-letter record by record, and its siblings are stored', async () => {
    const { store, deliver, dead } = await sinkOf('bad');
    const good = record(codec, 0, agentEvent({ event_id: uuid('good') }));
    const bad = [
      { ...good, offset: 1, value: Buffer.from('plain text') },
      { ...good, offset: 2, value: null },
      { ...good, offset: 3, value: good.value!.subarray(0, 20) },
      record(codec, 4, agentEvent({ event_id: uuid('bad'), properties: '{not json' })),
    ];
    await deliver([...bad, good]);
    expect(dead.map(({ record, cause }) => [record.offset, cause.code])).toEqual([
      [1, 'AVRO_FRAME'],
      [2, 'AVRO_FRAME'],
      [3, 'AVRO_BODY'],
      [4, 'PROCESSING'],
    ]);
    expect(await store.count()).toBe(1);
  });

  it('that Qdrant alone refuses is found among a thousand, and the others are stored', async () => {
    const { store } = await sinkOf('poison');
    const refused: [number, DataError][] = [];
    const writer = new VectorWriter<number>(store, async (origin, error) => {
      refused.push([origin, error]);
    });
    const [vector] = await hashedEmbedder().embed(['text']);
    const points = Array.from({ length: 1_000 }, (_, n) => ({
      payload: {
        event_id: uuid(`p${n}`),
        trace_id: 't',
        group_id: 'g',
        event_type: 'log',
        // a lone surrogate: JSON that Qdrant's parser refuses
        agent_id: n === 3 ? '\ud800' : null,
        timestamp: 0,
        generation: 1,
        revision: 1,
      },
      vector: n === 700 ? [1, 2, 3] : vector!,
      origin: n,
    }));
    const counts = await writer.write(points, signal);
    expect(refused.map(([origin, error]) => [origin, error.code])).toEqual([
      [3, 'PROCESSING'],
      [700, 'PROCESSING'],
    ]);
    expect(counts).toEqual({ written: 998, ignored: 0, refused: 2 });
    expect(await store.count()).toBe(998);
  });
});

describe('when Qdrant is gone', () => {
  it('the batch is rejected, nothing is dead-lettered, and the same batch succeeds once it is back', async () => {
    const { store, deliver, dead } = await sinkOf('down');
    const batch = [record(codec, 0, agentEvent({ event_id: uuid('down') }))];
    await stack.part('qdrant').kill();
    await expect(deliver(batch)).rejects.toThrow(QdrantUnavailableError);
    await stack.part('qdrant').restart();
    await deliver(batch);
    expect(await store.count()).toBe(1);
    expect(dead).toEqual([]);
  });

  it('and its collection was dropped, the next attempt finds it made again', async () => {
    const { store, deliver } = await sinkOf('dropped');
    const batch = [record(codec, 0, agentEvent({ event_id: uuid('dropped') }))];
    await store.client.deleteCollection(store.collection);
    await expect(deliver(batch)).rejects.toThrow(QdrantMissingError);
    await deliver(batch);
    expect(await store.count()).toBe(1);
  });
});
