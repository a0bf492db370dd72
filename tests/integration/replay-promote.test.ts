import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { projectRoot } from '../../lib/config/root.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { connectAdmin } from '../../lib/kafka/admin.js';
import { createProducer } from '../../lib/kafka/producer.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import { Codec } from '../../lib/model/codec.js';
import { groupKeys, uuidOf } from '../../lib/model/ids.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import { emissionsOf, readPoints, readRecords } from '../faults/check/holdings.js';
import { mint } from '../pipeline/oracle.js';
import { vectadb } from '../pipeline/pipeline.js';
import { surrealOf } from '../pipeline/surreal.js';

const MINTED = 1_500;
const BERTHS = 30;
const SAILINGS = 20;
const SHIPS = 4;

const RULES = `set: harbour
framework: harbour
parser_rules:
  - name: berth_handed
    pattern: 'berth (?P<berth>\\d+) handed to vessel'
    event_type: decision
  - name: berth_manifest
    pattern: 'manifest of (?P<vessel>\\w+)'
    event_type: decision
    joins: [berth_handed]
  - name: sailing
    pattern: 'sailing (?P<ship>\\w+) departs'
    event_type: agent_start
    field_mappings: { ship: session_id }
`;

let stack: TestStack;
let patterns: string;
const minted = mint(11, MINTED, 30, Date.now() - MINTED);

beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true, surreal: true, qdrant: true });
  await vectadb(stack, ['topics', 'apply']);
  const services = await Promise.all(
    ['processor', 'surreal-sink', 'qdrant-sink'].map((name) => stack.spawnService(name)),
  );
  for (const service of services) await service.waitReady(60_000);
  patterns = join(stack.folder, 'harbour.yaml');
  writeFileSync(patterns, RULES);
});
afterAll(async () => {
  await stack?.stop();
});

const line = (stream: string, message: string) => ({
  key: `container:/ecs/harbour/${stream}`,
  value: Buffer.from(
    JSON.stringify({
      message,
      source: { system: 'container', log_group: '/ecs/harbour', log_stream: stream },
    }),
  ),
});
const body = (event: object) => ({ key: null, value: Buffer.from(JSON.stringify(event)) });

async function send(records: { key: string | null; value: Buffer }[]): Promise<void> {
  const producer = await createProducer({ brokers: stack.brokers, clientId: 'lines' });
  await producer.send('raw-logs', records);
  await producer.close();
}

interface Row {
  id: string;
  trace: string;
  type: string;
  generation: number;
}

async function stored(): Promise<{ rows: Row[]; traces: Map<string, number> }> {
  const store = await surrealOf(stack);
  try {
    const [rows, traces] = await store.query<[Row[], { id: string; total: number; merged?: string }[]]>(
      `SELECT record::id(id) AS id, trace_id AS trace, event_type AS type, generation FROM agent_event ORDER BY id;
       SELECT record::id(id) AS id, total_events AS total, merged_into AS merged FROM agent_trace;`,
    );
    return {
      rows,
      traces: new Map(traces.filter(({ merged }) => !merged).map(({ id, total }) => [id, total])),
    };
  } finally {
    await store.close();
  }
}

/** Traces whose total is not the number of their rows. */
function differing({ rows, traces }: Awaited<ReturnType<typeof stored>>): string[] {
  const counted = new Map<string, number>();
  for (const { trace } of rows) counted.set(trace, (counted.get(trace) ?? 0) + 1);
  return [...new Set([...counted.keys(), ...traces.keys()])]
    .filter((id) => counted.get(id) !== traces.get(id))
    .map((id) => `${id}: ${counted.get(id)} rows, total ${traces.get(id)}`);
}

/** Resolves once so many rows are there, every total is right, and Qdrant says the same; rejects with what is not. */
async function settled(rows: number): Promise<Awaited<ReturnType<typeof stored>>> {
  let found = await stored();
  let faults: string[] = [];
  await waitFor(
    'stores to come to rest',
    async () => {
      found = await stored();
      faults = found.rows.length === rows ? differing(found) : [`${found.rows.length} rows of ${rows}`];
      if (faults.length > 0) return false;
      const points = await readPoints(stack.env.QDRANT_URL!);
      const inQdrant = points.map(({ event_id, trace_id }) => [event_id, trace_id]).sort();
      faults = ['Qdrant differs'];
      return isDeepStrictEqual(inQdrant, found.rows.map(({ id, trace }) => [id, trace]).sort());
    },
    { limitMs: 90_000, everyMs: 500 },
  ).catch((error) => expect.fail(`${error.message}: ${faults.slice(0, 5).join('; ')}`));
  return found;
}

async function killedPromotion(point: string): Promise<void> {
  const child = spawn(
    process.execPath,
    [join(projectRoot(), 'dist/services/cli/main.js'), 'replay', '--promote', '--patterns', patterns],
    { env: { ...process.env, ...stack.env, NODE_ENV: undefined, FAULT_POINT: point }, stdio: 'ignore' },
  );
  const signal = await new Promise((resolve) => child.once('close', (_code, by) => resolve(by)));
  expect(signal, point).toBe('SIGKILL');
}

describe('a replay that is promoted', () => {
  let total: number;
  let before: Awaited<ReturnType<typeof stored>>;

  it('says what it would change, and is promoted with the rules of its replay only', async () => {
    const from = new Date(Date.now() - 1_000).toISOString();
    const berths = Array.from({ length: BERTHS }, (_, n) => [
      line('quay', `berth ${n} handed to vessel V${n}`),
      line('quay', `manifest of V${n} taken`),
    ]).flat();
    const sailings = Array.from({ length: SAILINGS }, (_, n) =>
      line('sea', `sailing ship${n % SHIPS} departs`),
    );
    await send([...berths, ...sailings, ...minted.map(body)]);
    before = await settled(MINTED + 2 * BERTHS + SAILINGS);
    total = MINTED + BERTHS + SAILINGS;

    const replayed = JSON.parse(
      await vectadb(stack, ['replay', '--from', from, '--patterns', patterns, '--json']),
    );
    expect(replayed).toMatchObject({ generation: 2, events: { gone: BERTHS }, traces: { split: 1 } });
    await expect(vectadb(stack, ['replay', '--promote'])).rejects.toThrow(/made by other rules/);
  });

  it('puts the new rows in the place of the old ones, though it was killed four times', async () => {
    for (const point of ['after-fence:1', 'before-commit:2', 'after-commit:2', 'after-send:1'])
      await killedPromotion(point);
    const said = await vectadb(stack, ['replay', '--promote', '--patterns', patterns]);
    expect(said).toContain('Generation 2 is promoted');

    const after = await settled(total);
    expect(after.rows.filter(({ generation }) => generation !== 2)).toEqual([]);
    expect(after.rows.filter(({ type }) => type === 'decision')).toHaveLength(BERTHS);
    for (let ship = 0; ship < SHIPS; ship++)
      expect(after.traces.get(uuidOf(groupKeys.session(`ship${ship}`)))).toBe(SAILINGS / SHIPS);
    const gone = [...before.traces.keys()].filter((id) => !after.traces.has(id));
    expect(gone).toHaveLength(1);
  });

  it('sends every event in one version once, and leaves no topic behind', async () => {
    const codec = new Codec(loadSchemas());
    await connectRegistry(stack.env.SCHEMA_REGISTRY_URL!, codec).resolveIds();
    const versions = emissionsOf(codec, await readRecords(stack.brokers, 'agent-events')).map(
      ({ name }) => name,
    );
    expect(new Set(versions).size).toBe(versions.length);
    expect(await readRecords(stack.brokers, 'dead-letter')).toHaveLength(0);
    const admin = await connectAdmin({ brokers: stack.brokers, clientId: 'test' });
    await waitFor(
      'its topics to be gone',
      async () => ![...(await admin.describeTopics()).keys()].some((name) => /\.g\d+$/.test(name)),
      { limitMs: 20_000 },
    ).finally(() => admin.close());
    expect(await vectadb(stack, ['replay', '--promote', '--patterns', patterns])).toContain(
      'No generation is open',
    );
  });

  it('is what goes on: later events and binds find the rows that were replayed', async () => {
    const { session_id } = minted.find(
      (event) => !minted.some((e) => e.session_id === event.session_id && e.trace_id),
    )!;
    const later = (n: number, more: object = {}) =>
      body({
        event_id: uuidOf(`later:${n}`),
        session_id,
        timestamp: new Date().toISOString(),
        event_type: 'tool_call',
        properties: { message: `later ${n}` },
        ...more,
      });
    await send([later(0), later(1)]);
    const joined = await settled(total + 2);
    const own = uuidOf(groupKeys.session(session_id));
    expect(joined.traces.get(own)).toBe(MINTED / 30 + 2);
    expect(joined.rows.every(({ generation }) => generation === 2)).toBe(true);

    await send([later(2, { trace_id: 'trace-of-later' })]);
    const moved = await settled(total + 3);
    expect(moved.traces.get('trace-of-later')).toBe(MINTED / 30 + 3);
    expect(moved.rows.filter(({ trace }) => trace === own)).toEqual([]);
  });

  it('can be replayed again, and differs in nothing', async () => {
    const from = new Date(Date.now() - 600_000).toISOString();
    const answer = JSON.parse(
      await vectadb(stack, ['replay', '--from', from, '--patterns', patterns, '--json']),
    );
    expect(answer).toMatchObject({ generation: 3, events: { changed: 0, new: 0, gone: 0 } });
    expect(answer.events.same).toBe(total + 3);
    await vectadb(stack, ['replay', '--discard']);
  });
});
