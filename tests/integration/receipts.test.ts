import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { createProducer } from '../../lib/kafka/producer.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import { applyTopics } from '../../lib/kafka/topics/apply.js';
import { readEpochs } from '../../lib/kafka/topics/epochs.js';
import { loadTopics } from '../../lib/kafka/topics/topic-file.js';
import { Codec } from '../../lib/model/codec.js';
import { eventId } from '../../lib/model/ids.js';
import { createLogger } from '../../lib/telemetry/logger.js';
import type { TestService } from '../../lib/testing/service.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import type { FlowAnswer } from '../../services/cli/api-client.js';
import type { Receipt } from '../../services/gateway/core/receipt.js';

const KEY = 'integration-test-key-0123456789';
const LIMIT_MS = 60_000;
const noWait = { prefer: 'respond-async' };
let stack: TestStack;
let gateway: TestService;
let env: Record<string, string>;
const running = new Map<string, TestService>();

/** A processor per stage, so that each can be held. */
const SERVICES = {
  parse: ['processor', '--only', 'parse'],
  trace: ['processor', '--only', 'trace'],
  aggregate: ['processor', '--only', 'aggregate'],
  'surreal-sink': ['surreal-sink'],
  'qdrant-sink': ['qdrant-sink'],
};
type Name = keyof typeof SERVICES;

async function start(name: Name): Promise<void> {
  const [service, ...args] = SERVICES[name];
  const started = await stack.spawnService(service!, { env, args, id: name });
  await started.waitReady(LIMIT_MS);
  running.set(name, started);
}
const stop = async (name: Name) => void (await running.get(name)!.stop());

beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true, surreal: true, qdrant: true });
  const logger = createLogger('test', 'silent');
  const kafka = { brokers: stack.brokers, clientId: 'test' };
  const registry = connectRegistry(stack.env.SCHEMA_REGISTRY_URL!, new Codec(loadSchemas()), { logger });
  await applyTopics({ kafka, registry, topics: loadTopics() });
  env = { VECTADB_API_KEY: KEY, MODEL_PATH: `${stack.folder}/models`, RETENTION_DAYS: '36500' };
  gateway = await stack.spawnService('gateway', { env });
  await gateway.waitReady();
  await Promise.all((Object.keys(SERVICES) as Name[]).map(start));
});
afterAll(() => stack?.stop());

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(gateway.url + path, {
    method,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: the answers of several routes
  return { status: response.status, headers: response.headers, body: (await response.json()) as any };
}
const receiptOf = async (id: string) =>
  (await call('GET', `/api/v1/receipts/${encodeURIComponent(id)}`)).body as Receipt;
const states = ({ steps }: Receipt) => Object.fromEntries(steps.map(({ step, state }) => [step, state]));

const anEvent = (more: object = {}) => ({
  timestamp: '2026-01-07T19:00:00.123Z',
  event_type: 'tool_call',
  properties: { tool_name: 'web_search', nonce: randomUUID() },
  ...more,
});
async function send(more: object = {}): Promise<string> {
  const { status, headers, body } = await call('POST', '/api/v1/events', anEvent(more), noWait);
  expect(status).toBe(202);
  expect(headers.get('location')).toBe(`/api/v1/receipts/${body.event_id}`);
  return body.event_id;
}
async function settled(id: string, state: Receipt['state']): Promise<Receipt> {
  await waitFor(`${id} ${state}`, async () => (await receiptOf(id)).state === state, { limitMs: LIMIT_MS });
  return receiptOf(id);
}

it.each<[Name, Record<string, string>]>([
  [
    'parse',
    {
      accepted: 'done',
      parsed: 'waiting',
      traced: 'waiting',
      'stored.surrealdb': 'waiting',
      'stored.qdrant': 'waiting',
    },
  ],
  [
    'trace',
    {
      accepted: 'done',
      parsed: 'done',
      traced: 'waiting',
      'stored.surrealdb': 'waiting',
      'stored.qdrant': 'waiting',
    },
  ],
  [
    'surreal-sink',
    {
      accepted: 'done',
      parsed: 'done',
      traced: 'done',
      'stored.surrealdb': 'waiting',
      'stored.qdrant': 'done',
    },
  ],
  [
    'qdrant-sink',
    {
      accepted: 'done',
      parsed: 'done',
      traced: 'done',
      'stored.surrealdb': 'done',
      'stored.qdrant': 'waiting',
    },
  ],
])('finds an event that is held before %s, and its way to the end once that runs', async (held, expected) => {
  await stop(held);
  const id = await send();
  await waitFor(
    `the event to wait for ${held}`,
    async () => JSON.stringify(states(await receiptOf(id))) === JSON.stringify(expected),
    { limitMs: LIMIT_MS },
  ).catch(async (error: unknown) => {
    throw new Error(JSON.stringify(await receiptOf(id)), { cause: error });
  });
  const receipt = await receiptOf(id);
  expect(receipt.state).toBe('in_flight');
  expect(receipt.steps[0]).toMatchObject({
    topic: 'raw-logs',
    offset: expect.any(Number),
    at: expect.any(String),
  });
  await start(held);
  const stored = await settled(id, 'stored');
  expect(new Set(Object.values(states(stored)))).toEqual(new Set(['done']));
  expect(stored.trace_id).not.toBeNull();
  expect(stored.looked).toEqual([]);
});

it('says so where an event asked for no vector', async () => {
  const { body } = await call(
    'POST',
    '/api/v1/events',
    anEvent({ options: { generate_embeddings: false } }),
    noWait,
  );
  expect(states(await settled(body.event_id, 'stored'))['stored.qdrant']).toBe('skipped');
});

it('follows an event into SurrealDB while Qdrant is down', async () => {
  await stack.part('qdrant').stop();
  try {
    const id = await send();
    await waitFor('its row', async () => states(await receiptOf(id))['stored.surrealdb'] === 'done', {
      limitMs: LIMIT_MS,
    });
    const receipt = await receiptOf(id);
    expect(receipt.state).toBe('in_flight');
    expect(receipt.steps[4]).toMatchObject({ state: 'waiting', detail: 'Qdrant does not answer' });
  } finally {
    await stack.part('qdrant').restart();
  }
});

it('says what was dead-lettered, where it lies and why: by the id that its position would have given', async () => {
  const kafka = { brokers: stack.brokers, clientId: 'test' };
  const producer = await createProducer(kafka);
  const epoch = (await readEpochs(kafka)).get('raw-logs')!;
  const mine = `client ${randomUUID()}`;
  const bodies = [
    Buffer.from([0xff, 0xfe, 0x41]),
    Buffer.from(JSON.stringify({ event_id: mine, timestamp: 'yesterday', properties: {} })),
  ];
  for (const value of bodies) await producer.send('raw-logs', [{ key: 'a stream', value }]);
  await producer.close();
  const receipt = await settled(mine, 'dead_lettered');
  expect(states(receipt)).toEqual({
    accepted: 'done',
    parsed: 'dead_lettered',
    traced: 'skipped',
    'stored.surrealdb': 'skipped',
    'stored.qdrant': 'skipped',
  });
  expect(receipt.dead_letter).toMatchObject({ stage: 'parse', code: 'INVALID_EVENT', topic: 'dead-letter' });
  // the record before it, on the same partition, has no identity but its place
  const { of } = receipt.dead_letter!;
  const position = { ...of, offset: of.offset - 1 };
  const unnamed = await receiptOf(eventId({ kind: 'position', epoch, ...position }));
  expect(unnamed.dead_letter).toMatchObject({ code: 'INVALID_UTF8', of: position });
});

it('has none for an id that nobody sent', async () => {
  const { status, body } = await call('GET', `/api/v1/receipts/${randomUUID()}`);
  expect([status, body.type]).toEqual([404, 'urn:vectadb:problem:not-found']);
  expect(body.detail).not.toContain('as far as');
});

const SINK = 'vectadb-surreal-sink';
const MEASURE_LIMIT_MS = 90_000;

async function flow(): Promise<FlowAnswer> {
  const { status, body } = await call('GET', '/api/v1/stats/flow');
  if (status !== 200) throw new Error(JSON.stringify(body));
  for (const { accepted, stored, dead_lettered, in_flight, unaccounted } of [body.total, ...body.hours])
    expect(stored + dead_lettered + in_flight + unaccounted).toBe(accepted);
  return body;
}

/** The totals, once `holds` of them: of a measurement that was taken when all accounts of what is done were sent. */
async function balanced(
  what: string,
  holds: (total: FlowAnswer['total']) => boolean,
): Promise<FlowAnswer['total']> {
  let last: unknown;
  const sinceMs = Date.now() + 3_000;
  await waitFor(
    what,
    async () => {
      const { total, measured_at } = await flow();
      last = total;
      return Date.parse(measured_at) >= sinceMs && holds(total);
    },
    { limitMs: MEASURE_LIMIT_MS },
  ).catch((error: unknown) => {
    throw new Error(`${what}: ${JSON.stringify(last)}`, { cause: error });
  });
  return (await flow()).total;
}
const atRest = ({ in_flight, unaccounted }: FlowAnswer['total']) => in_flight === 0 && unaccounted === 0;

const aBatch = (count: number) =>
  Array.from({ length: count }, (_, n) => anEvent({ session_id: `batch-${n % 5}` }));
async function sendBatch(count: number): Promise<void> {
  const { status, body } = await call('POST', '/api/v1/events/batch', { events: aBatch(count) }, noWait);
  expect([status, body.ingested]).toEqual([202, count]);
}

it('accounts for what is stored, refused and on its way; what a sink skips is missing until it is stored', async () => {
  const before = await balanced('the balance', atRest);
  expect(before.dead_lettered).toBe(2);
  await stop('surreal-sink');
  await sendBatch(50);
  const waiting = await balanced('50 events in flight', (total) => total.in_flight === 50);
  expect(waiting).toMatchObject({ accepted: before.accepted + 50, stored: before.stored, unaccounted: 0 });
  const admin = new Kafka({ brokers: stack.brokers, clientId: 'test', logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const topic = 'agent-events';
  const [position] = await admin.fetchOffsets({ groupId: SINK, topics: [topic] });
  // as if the sink had read them and stored nothing
  const ends = await admin.fetchTopicOffsets(topic);
  const skipped = ends.map(({ partition, high }) => ({ partition, offset: high }));
  await admin.setOffsets({ groupId: SINK, topic, partitions: skipped });
  await balanced('50 events missing', (total) => total.unaccounted === 50);
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).toContain('vectadb_flow_events{hours="24",outcome="unaccounted",service="gateway"} 50');
  await admin.setOffsets({ groupId: SINK, topic, partitions: position!.partitions });
  await admin.disconnect();
  await start('surreal-sink');
  const after = await balanced('all of it stored', atRest);
  expect(after).toMatchObject({
    accepted: before.accepted + 50,
    stored: before.stored + 50,
    dead_lettered: 2,
  });
});

it('counts exactly while processors and sinks are killed, and what was sent twice once', async () => {
  const before = await balanced('the balance', atRest);
  let sent = 0;
  const twice = aBatch(40);
  for (const name of ['parse', 'trace', 'surreal-sink', 'parse', 'trace'] as const) {
    for (let batch = 0; batch < 5; batch++) {
      await sendBatch(200);
      sent += 200;
    }
    await call('POST', '/api/v1/events/batch', { events: twice }, noWait);
    await running.get(name)!.kill();
    await start(name);
  }
  const after = await balanced(
    'the balance',
    (total) => atRest(total) && total.accepted >= before.accepted + sent + 40,
  );
  expect(after).toMatchObject({
    accepted: before.accepted + sent + 40,
    stored: before.stored + sent + 40,
    dead_lettered: before.dead_lettered,
    duplicates: before.duplicates + 4 * 40,
  });
});
