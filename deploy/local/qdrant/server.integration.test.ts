import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QdrantClient } from '@qdrant/js-client-rest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalComponent } from '../component.js';
import { cacheFolder } from '../home.js';
import { type Reservation, reservePort } from '../ports.js';
import { installQdrant, startQdrant } from '../qdrant.js';
import { tail } from '../wait.js';

let folder: string;
let reservation: Reservation;
let server: LocalComponent;
let client: QdrantClient;
const start = (port = reservation.port) =>
  startQdrant({
    port,
    dataDir: join(folder, 'data'),
    logFile: join(folder, `qdrant-${port}.log`),
    cacheDir: cacheFolder(),
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vectadb-qdrant-'));
  reservation = await reservePort();
  await installQdrant(cacheFolder());
  server = await start();
  client = new QdrantClient({ url: server.url, port: reservation.port, checkCompatibility: false });
});
afterAll(async () => {
  await server?.stop(0);
  reservation?.release();
  rmSync(folder, { recursive: true, force: true });
});

const vector = (n: number) => [Math.cos(n), Math.sin(n), 0.1, 0];
async function collection(name: string, points = 0): Promise<string> {
  await client.createCollection(name, { vectors: { size: 4, distance: 'Cosine' } });
  await client.createPayloadIndex(name, { field_name: 'kind', field_schema: 'keyword', wait: true });
  if (points > 0) {
    await client.upsert(name, {
      wait: true,
      points: Array.from({ length: points }, (_, n) => ({
        id: n,
        vector: vector(n),
        payload: { kind: n % 3 ? 'odd' : 'third', n, when: new Date(n * 1_000).toISOString() },
      })),
    });
  }
  return name;
}

const ask = async (method: string, path: string, body?: string) => {
  const response = await fetch(server.url + path, { method, body });
  return {
    status: response.status,
    json: (await response.json()) as { status: { error: string }; time: number },
  };
};

describe("Qdrant's API for the stock client", () => {
  it('has a version that the client takes for compatible', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const checking = new QdrantClient({ url: server.url, port: reservation.port });
    await checking.getCollections();
    await vi.waitFor(async () => expect((await checking.versionInfo()).version).toMatch(/^1\./));
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  it('makes, lists, describes and drops collections', async () => {
    const name = await collection('life', 3);
    expect((await client.collectionExists(name)).exists).toBe(true);
    expect((await client.getCollections()).collections).toContainEqual({ name });
    expect(await client.getCollection(name)).toMatchObject({
      status: 'green',
      points_count: 3,
      config: { params: { vectors: { size: 4, distance: 'Cosine' } } },
      payload_schema: { kind: { data_type: 'keyword' } },
    });
    await expect(
      client.createCollection(name, { vectors: { size: 4, distance: 'Dot' } }),
    ).rejects.toMatchObject({
      status: 409,
    });
    expect(await client.deleteCollection(name)).toBe(true);
    expect((await client.collectionExists(name)).exists).toBe(false);
  });

  it('moves an alias in one step, or not at all', async () => {
    await collection('alias-a', 1);
    await collection('alias-b', 2);
    const create = (collection_name: string) => ({
      create_alias: { alias_name: 'current', collection_name },
    });
    await client.updateCollectionAliases({ actions: [create('alias-a')] });
    expect((await client.count('current')).count).toBe(1);
    const drop = { delete_alias: { alias_name: 'current' } };
    await expect(client.updateCollectionAliases({ actions: [drop, create('absent')] })).rejects.toMatchObject(
      {
        status: 404,
      },
    );
    expect((await client.count('current')).count).toBe(1);
    await client.updateCollectionAliases({ actions: [drop, create('alias-b')] });
    expect((await client.count('current')).count).toBe(2);
    expect((await client.getCollectionAliases('alias-b')).aliases).toEqual([
      { alias_name: 'current', collection_name: 'alias-b' },
    ]);
  });

  it('filters by every condition that it takes', async () => {
    const name = await collection('filters', 30);
    const count = async (filter: Record<string, unknown>) => (await client.count(name, { filter })).count;
    expect(await count({ must: [{ key: 'kind', match: { value: 'third' } }] })).toBe(10);
    expect(await count({ must_not: [{ key: 'kind', match: { any: ['third'] } }] })).toBe(20);
    expect(await count({ must: { key: 'kind', match: { except: ['odd'] } } })).toBe(10);
    expect(await count({ must: [{ key: 'n', range: { gte: 5, lt: 8 } }] })).toBe(3);
    expect(await count({ must: [{ key: 'when', range: { lt: '1970-01-01T00:00:04Z' } }] })).toBe(4);
    expect(await count({ should: [{ has_id: [1, 2, 99] }, { key: 'n', match: { value: 7 } }] })).toBe(3);
    expect(await count({ must: [{ is_empty: { key: 'absent' } }] })).toBe(30);
    expect(
      await count({
        min_should: { conditions: [{ has_id: [3] }, { key: 'n', match: { value: 3 } }], min_count: 2 },
      }),
    ).toBe(1);
  });

  it('searches by vector, by point, by examples, with thresholds and offsets', async () => {
    const name = await collection('query', 30);
    const ids = async (query: Parameters<typeof client.query>[1]) =>
      (await client.query(name, query)).points.map((point) => point.id);
    expect((await ids({ query: vector(7), limit: 1 }))[0]).toBe(7);
    expect(await ids({ query: 7, limit: 3 })).not.toContain(7);
    expect(await ids({ query: { recommend: { positive: [7] } }, limit: 1 })).toEqual(
      await ids({ query: 7, limit: 1 }),
    );
    expect(await ids({ query: vector(7), limit: 2, offset: 1 })).toEqual(
      (await ids({ query: vector(7), limit: 3 })).slice(1),
    );
    expect(await ids({ query: vector(7), limit: 30, score_threshold: 0.9999 })).toEqual([7]);
    expect(await client.search(name, { vector: vector(7), limit: 1, with_payload: ['n'] })).toMatchObject([
      { id: 7, payload: { n: 7 } },
    ]);
  });

  it('scrolls through all points, page by page, and counts facets', async () => {
    const name = await collection('scroll', 25);
    const seen: unknown[] = [];
    let offset: string | number | null | undefined;
    do {
      const page = await client.scroll(name, { limit: 10, offset, with_vector: true });
      seen.push(...page.points.map((point) => point.id));
      offset = page.next_page_offset as string | number | null | undefined;
    } while (offset != null);
    expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => n));
    expect((await client.facet(name, { key: 'kind' })).hits).toEqual([
      { value: 'odd', count: 16 },
      { value: 'third', count: 9 },
    ]);
  });

  it('changes payloads and deletes, by id and by filter, in batches too', async () => {
    const name = await collection('payloads', 6);
    const third = { must: [{ key: 'kind', match: { value: 'third' } }] };
    await client.setPayload(name, { wait: true, payload: { seen: true }, filter: third });
    await client.batchUpdate(name, {
      wait: true,
      operations: [
        { set_payload: { payload: { seen: 'batch' }, points: [1] } },
        { delete_payload: { keys: ['n'], points: [1] } },
        { delete: { points: [2] } },
      ],
    });
    await client.delete(name, { wait: true, filter: third });
    const left = (await client.scroll(name, { limit: 10 })).points;
    expect(left.map((point) => point.id)).toEqual([1, 4, 5]);
    expect(left[0]?.payload).toEqual({ kind: 'odd', seen: 'batch', when: new Date(1_000).toISOString() });
  });

  it('takes points in columns, and named vectors', async () => {
    await client.createCollection('named', { vectors: { text: { size: 4, distance: 'Dot' } } });
    await client.upsert('named', {
      wait: true,
      batch: { ids: [1, 2], vectors: { text: [vector(1), vector(2)] }, payloads: [{ n: 1 }, null] },
    });
    const found = await client.query('named', {
      query: vector(2),
      using: 'text',
      limit: 1,
      with_vector: true,
    });
    expect(found.points[0]).toMatchObject({ id: 2, vector: { text: expect.any(Array) } });
  });
});

describe('what it refuses', () => {
  it.each([
    ['PUT', '/collections/bad/points', '{"points": [', 400, /JSON/],
    [
      'PUT',
      '/collections/bad/points',
      '{"points":[{"id":"x","vector":[1,2,3,4]}]}',
      400,
      /not a valid point ID/,
    ],
    [
      'PUT',
      '/collections/bad/points',
      '{"points":[{"id":-1,"vector":[1,2,3,4]}]}',
      400,
      /not a valid point ID/,
    ],
    ['PUT', '/collections/bad/points', '{"points":[{"id":1,"vector":[1,2]}]}', 400, /expected dim: 4, got 2/],
    ['PUT', '/collections/bad/points', '{"points":[{"id":1,"vector":[1,2,3,"4"]}]}', 400, /no float32/],
    ['PUT', '/collections/bad/points', '{"points":[{"id":1,"vector":[1,2,3,1e39]}]}', 400, /no float32/],
    ['PUT', '/collections/bad/points', '{"points":[{"id":1}]}', 400, /`id` and `vector`/],
    ['PUT', '/collections/bad/points', '{"points":[],"update_mode":"some"}', 400, /update_mode/],
    ['POST', '/collections/bad/points/count', '{"filter":{"most":[]}}', 400, /unknown field `most`/],
    ['POST', '/collections/bad/points/query', '{"query":[1,2,3,4],"limit":0}', 400, /limit/],
    ['POST', '/collections/bad/points/query', '{"query":77}', 404, /No point with id 77/],
    ['POST', '/collections/bad/points/delete', '{}', 400, /`points` or `filter`/],
    ['POST', '/collections/absent/points/count', '{}', 404, /`absent` doesn't exist/],
    [
      'PUT',
      '/collections/a%2Fb',
      '{"vectors":{"size":4,"distance":"Cosine"}}',
      422,
      /no valid collection name/,
    ],
    ['PUT', '/collections/new', '{"vectors":{"size":0,"distance":"Cosine"}}', 400, /size/],
    ['PUT', '/collections/new', '{"vectors":{"size":4,"distance":"Far"}}', 400, /distance/],
    ['PUT', '/healthz', '{}', 404, /Not found/],
    ['PATCH', '/collections/bad/points', '{}', 405, /Method/],
  ])("%s %s %s is answered %i in Qdrant's shape", async (method, path, body, status, message) => {
    if (!(await client.collectionExists('bad')).exists) await collection('bad', 1);
    const answer = await ask(method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.json.status.error).toMatch(message);
    expect(answer.json.time).toBeTypeOf('number');
    expect((await client.count('bad')).count).toBe(1);
  });

  it('a body above the limit, without reading it', async () => {
    const answer = await ask(
      'PUT',
      '/collections/bad/points',
      `{"x":"${'x'.repeat(33 * 1024 * 1024)}"}`,
    ).catch(() => ({ status: 413 }));
    expect(answer.status).toBe(413);
    expect((await client.getCollections()).collections.length).toBeGreaterThan(0);
  });
});

describe('the process', () => {
  it('keeps everything over an orderly end, and over a kill', async () => {
    const name = await collection('kept', 10);
    await client.updateCollectionAliases({
      actions: [{ create_alias: { alias_name: 'kept-alias', collection_name: name } }],
    });
    for (const limitMs of [10_000, 0]) {
      await server.stop(limitMs);
      server = await start();
      expect((await client.count('kept-alias')).count).toBe(10);
      expect((await client.getCollection(name)).payload_schema.kind?.data_type).toBe('keyword');
      expect((await client.query(name, { query: vector(7), limit: 1 })).points[0]?.id).toBe(7);
    }
    expect(tail(server.process.logFile, 100)).toContain('"msg": "stopped"');
  });

  it('owns its folder alone: a second one says so and ends', async () => {
    const other = await reservePort();
    await expect(start(other.port)).rejects.toThrow(
      /exit code 1[\s\S]*is in use by process \d+: stop that process/,
    );
    other.release();
    expect((await ask('GET', '/readyz').catch(() => ({ status: 200 }))).status).toBe(200);
  });

  it('serves many clients at once, each its own answer', async () => {
    const name = await collection('many', 50);
    await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        if (n % 4 === 0) {
          await client.upsert(name, {
            wait: true,
            points: [{ id: 1_000 + n, vector: vector(n), payload: { n } }],
          });
        }
        const [found] = (await client.query(name, { query: vector(n % 50), limit: 1, with_payload: true }))
          .points;
        expect(found?.payload?.n).toSatisfy((value: number) => value % 50 === n % 50 || found!.score > 0.999);
      }),
    );
    expect((await client.count(name)).count).toBe(100);
  });
});
