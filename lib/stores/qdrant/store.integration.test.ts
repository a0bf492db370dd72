import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashedEmbedder } from '../../embedding/embedder.js';
import { startStack, type TestStack } from '../../testing/stack.js';
import { ALIAS, collectionOf } from './collections.js';
import { QdrantMissingError, QdrantRefusedError, QdrantUnavailableError } from './errors.js';
import type { EventPoint } from './points.js';
import { connectQdrant, type QdrantStore } from './store.js';

let stack: TestStack;
let url: string;
beforeAll(async () => {
  stack = await startStack({ qdrant: true });
  url = stack.env.QDRANT_URL!;
});
afterAll(() => stack?.stop());

const embedder = hashedEmbedder();
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

async function storeOf(model: string): Promise<QdrantStore> {
  const store = connectQdrant(url, { model });
  await store.ensureCollection(model);
  return store;
}

async function point(
  n: number,
  over: Partial<EventPoint['payload']> = {},
  text = `event ${n}`,
): Promise<EventPoint> {
  const [vector] = await embedder.embed([text]);
  return {
    payload: {
      event_id: uuid(n),
      trace_id: 't1',
      group_id: 'g1',
      event_type: 'log',
      agent_id: null,
      timestamp: 1_000 + n,
      generation: 1,
      revision: 1,
      ...over,
    },
    vector: vector!,
  };
}

const payloadOf = async (store: QdrantStore, n: number) =>
  (await store.client.retrieve(store.collection, { ids: [uuid(n)], with_payload: true }))[0]?.payload;

describe('the collection of a model', () => {
  it('is made once, with its indexes, and stands behind the alias', async () => {
    const store = await storeOf('Some/Model-v1.5');
    await store.ensureCollection('Some/Model-v1.5');
    const info = await store.client.getCollection('agent_events_some_model_v1_5');
    expect(Object.keys(info.payload_schema).sort()).toEqual([
      'agent_id',
      'appended_ms',
      'event_id',
      'event_type',
      'group_id',
      'session_id',
      'timestamp',
      'trace_id',
    ]);
    expect(info.payload_schema.timestamp?.data_type).toBe('integer');
    expect(await store.aliasTarget()).toBe('agent_events_some_model_v1_5');
  });

  it('keeps its vectors to itself when the model is switched, and the alias moves', async () => {
    const first = await storeOf('switch-a');
    await first.insertNew([await point(1)]);
    const second = await storeOf('switch-b');
    await second.insertNew([await point(2)]);
    const reader = connectQdrant(url);
    expect(reader.collection).toBe(ALIAS);
    expect(await reader.aliasTarget()).toBe(collectionOf('switch-b'));
    const [vector] = await embedder.embed(['event']);
    const ids = async (store: QdrantStore) =>
      (await store.searchByVector(vector!, {}, 10)).map((hit) => hit.event_id);
    expect(await ids(reader)).toEqual([uuid(2)]);
    expect(await ids(first)).toEqual([uuid(1)]);
  });

  it('can be made by two at once', async () => {
    const store = connectQdrant(url, { model: 'both' });
    await Promise.all([store.ensureCollection('both'), store.ensureCollection('both')]);
    expect(await store.count()).toBe(0);
  });
});

describe('conditional writes', () => {
  it('insert what is new and leave what is there alone', async () => {
    const store = await storeOf('insert');
    await store.insertNew([await point(1, { event_type: 'first' })]);
    await store.insertNew([await point(1, { event_type: 'second', revision: 9 }), await point(2)]);
    expect(await payloadOf(store, 1)).toMatchObject({ event_type: 'first', revision: 1 });
    expect(await store.count()).toBe(2);
  });

  it.each([
    ['an older revision', { generation: 1, revision: 4 }, false],
    ['the same version', { generation: 1, revision: 5 }, false],
    ['a newer revision', { generation: 1, revision: 6 }, true],
    ['a newer generation, whatever its revision', { generation: 2, revision: 1 }, true],
    ['an older generation, whatever its revision', { generation: 0, revision: 99 }, false],
    ['the largest revision there can be', { generation: 1, revision: Number.MAX_SAFE_INTEGER }, true],
  ])('update by %s: %j', async (name, version, replaced) => {
    const store = await storeOf(`update ${name}`);
    await store.insertNew([await point(1, { generation: 1, revision: 5, event_type: 'before' })]);
    await store.updateOlder([await point(1, { ...version, event_type: 'after' })]);
    expect(await payloadOf(store, 1)).toMatchObject({ event_type: replaced ? 'after' : 'before' });
  });

  it('judge each point of a request by its own version', async () => {
    const store = await storeOf('each');
    const count = 250;
    const all = Array.from({ length: count }, (_, n) => n);
    await store.insertNew(await Promise.all(all.map((n) => point(n, { revision: n }))));
    await store.updateOlder(
      await Promise.all(all.map((n) => point(n, { revision: n % 2 ? n + 1 : n, event_type: 'after' }))),
    );
    expect(await store.count({ event_type: 'after' })).toBe(count / 2);
    expect(await payloadOf(store, 7)).toMatchObject({ revision: 8, event_type: 'after' });
    expect(await payloadOf(store, 8)).toMatchObject({ revision: 8, event_type: 'log' });
  });

  it('move the older points of a group only', async () => {
    const store = await storeOf('move');
    await store.insertNew([
      await point(1, { revision: 3 }),
      await point(2, { revision: 8 }),
      await point(3, { group_id: 'g2' }),
    ]);
    await store.moveGroups([{ group_id: 'g1', trace_id: 't2', generation: 1, revision: 5 }]);
    expect(await payloadOf(store, 1)).toMatchObject({ trace_id: 't2', revision: 5 });
    expect(await payloadOf(store, 2)).toMatchObject({ trace_id: 't1', revision: 8 });
    expect(await payloadOf(store, 3)).toMatchObject({ trace_id: 't1' });
  });
});

describe('searches', () => {
  let store: QdrantStore;
  beforeAll(async () => {
    store = await storeOf('search');
    const texts = [
      'level: ERROR\nmessage: could not connect to the database, timed out after 30 s',
      'message: weather forecast for Paris: sunny\ntool_name: weather_search',
      'message: the user asked for a refund of the order',
    ];
    await store.insertNew(
      await Promise.all(
        texts.map((text, n) =>
          point(
            n + 1,
            { agent_id: n === 1 ? 'weather' : 'other', event_type: n === 0 ? 'error' : 'log' },
            text,
          ),
        ),
      ),
    );
  });

  it('find a text by other words of the same stems', async () => {
    const hits = await store.searchByVector(await embedder.embedQuery('database connection timeouts'), {}, 3);
    expect(hits[0]).toMatchObject({ event_id: uuid(1), event_type: 'error' });
    expect(hits[0]!.score).toBeGreaterThan(hits[1]!.score + 0.1);
  });

  it.each([
    [{ agent_id: 'weather' }, [2]],
    [{ event_type: ['error', 'none'] }, [1]],
    [{ from_ms: 1_002, to_ms: 1_003 }, [2]],
    [{ trace_id: 'absent' }, []],
    [{ event_id: uuid(3), group_id: 'g1' }, [3]],
  ])('are narrowed by %j', async (filter, expected) => {
    const hits = await store.searchByVector(await embedder.embedQuery('anything at all'), filter, 10);
    expect(hits.map((hit) => hit.event_id)).toEqual(expected.map(uuid));
  });

  it('find what is like a stored event, without that event', async () => {
    await store.insertNew([await point(9, {}, 'message: database timed out again, cannot connect')]);
    const hits = await store.similar(uuid(1), {}, 2);
    expect(hits?.map((hit) => hit.event_id)[0]).toBe(uuid(9));
    expect(hits?.map((hit) => hit.event_id)).not.toContain(uuid(1));
    expect(await store.similar(uuid(77), {}, 2)).toBeNull();
  });
});

describe('deletion', () => {
  it('takes what is older than a time, a bounded number at a time', async () => {
    const store = await storeOf('delete');
    await store.insertNew(
      await Promise.all(Array.from({ length: 25 }, (_, n) => point(n, { timestamp: n }))),
    );
    expect(await store.deleteSome({ to_ms: 20 }, 15)).toBe(15);
    expect(await store.deleteSome({ to_ms: 20 }, 15)).toBe(5);
    expect(await store.deleteSome({ to_ms: 20 }, 15)).toBe(0);
    expect(await store.count()).toBe(5);
  });
});

describe('faults', () => {
  it('acknowledged writes survive a kill -9 in the middle of writing', async () => {
    const store = await storeOf('durable');
    for (let round = 0; round < 3; round++) {
      let next = round * 10_000;
      const acknowledged: number[] = [];
      const writing = (async () => {
        for (;;) {
          const batch = await Promise.all(Array.from({ length: 20 }, () => point(next++)));
          await store.insertNew(batch);
          acknowledged.push(...batch.map(({ payload }) => payload.timestamp - 1_000));
          if (acknowledged.length === 400) void stack.part('qdrant').kill();
        }
      })();
      await expect(writing).rejects.toThrow(QdrantUnavailableError);
      await stack.part('qdrant').restart();
      const stored = await store.versions(acknowledged.map(uuid));
      expect(acknowledged.length).toBeGreaterThanOrEqual(400);
      expect(stored.size).toBe(acknowledged.length);
      expect((await store.searchByVector((await point(next - 100)).vector, {}, 1))[0]?.score).toBeGreaterThan(
        0.9,
      );
    }
  });

  it('say what kind they are: refused, missing', async () => {
    const store = await storeOf('faults');
    const short = { ...(await point(1)), vector: [1, 2] };
    await expect(store.insertNew([short])).rejects.toThrow(QdrantRefusedError);
    await expect(store.insertNew([short])).rejects.toThrow(/expected dim: 384, got 2/);
    await expect(connectQdrant(url, { model: 'absent' }).count()).rejects.toThrow(QdrantMissingError);
  });
});
