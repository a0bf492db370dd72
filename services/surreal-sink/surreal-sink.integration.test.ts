import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { createProducer, type IdempotentProducer, type OutgoingMessage } from '../../lib/kafka/producer.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import { tailTopic } from '../../lib/kafka/tail.js';
import { applyTopics } from '../../lib/kafka/topics/apply.js';
import { loadTopics } from '../../lib/kafka/topics/topic-file.js';
import { Codec } from '../../lib/model/codec.js';
import type { SurrealStore } from '../../lib/stores/surreal/connection.js';
import { connectTestStore, sampleEvent, sampleLink, sampleTrace } from '../../lib/stores/surreal/fixtures.js';
import { countEvents } from '../../lib/stores/surreal/listings.js';
import { getTrace } from '../../lib/stores/surreal/reads.js';
import { writeEvents, writeTraces } from '../../lib/stores/surreal/writes.js';
import { createLogger } from '../../lib/telemetry/logger.js';
import type { TestService } from '../../lib/testing/service.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import type { EncodedRecord } from '../../lib/topology/topology.js';

const GROUPS = 60;
const PER_GROUP = 100;
const TOTAL = GROUPS * PER_GROUP;

// what the fixtures are dated by is long past
const ENV = { BATCH_RECORDS: '200', RETENTION_DAYS: '36500' };

let stack: TestStack;
let producer: IdempotentProducer;
let store: SurrealStore;
const codec = new Codec(loadSchemas());
const logger = createLogger('test', 'silent');

beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true, surreal: true });
  const kafka = { brokers: stack.brokers, clientId: 'test' };
  const registry = connectRegistry(stack.env.SCHEMA_REGISTRY_URL!, codec, { logger });
  await applyTopics({ kafka, registry, topics: loadTopics() });
  await registry.resolveIds();
  producer = await createProducer(kafka);
  store = await connectTestStore(stack.env);
});
afterAll(async () => {
  await store?.close();
  await producer?.close();
  await stack?.stop();
});

const running = new Set<TestService>();
afterEach(async () => {
  for (const sink of running) await sink.kill();
  running.clear();
});

/** Restarted with the same id, so that it takes the place of its predecessor in the group. */
const start = async (env: Record<string, string> = {}) => {
  const sink = await stack.spawnService('surreal-sink', { id: 'a', env: { ...ENV, ...env } });
  running.add(sink);
  return sink;
};

const rootOf = (group: number, half: 0 | 1) => `trace-${group}${group % 2 ? '' : `-${half}`}`;

/** Every group's events in order; groups of even number move to another trace half way. */
async function produce(): Promise<void> {
  const messages: OutgoingMessage[] = [];
  for (let n = 0; n < PER_GROUP; n++) {
    for (let group = 0; group < GROUPS; group++) {
      const group_id = `g${group}`;
      const half = n < PER_GROUP / 2 ? 0 : 1;
      if (n === PER_GROUP / 2 && group % 2 === 0) {
        const link = sampleLink({
          group_id,
          trace_id: rootOf(group, 1),
          previous_trace_id: rootOf(group, 0),
          revision: 2 * n,
        });
        messages.push({ key: group_id, value: codec.encode('group-link', link) });
      }
      const event = sampleEvent({
        event_id: `e-${group}-${n}`,
        group_id,
        trace_id: rootOf(group, half),
        timestamp_ms: 1_767_800_000_000 + n,
        revision: 2 * n + 1,
      });
      messages.push({ key: group_id, value: codec.encode('agent-event', event) });
    }
  }
  for (let at = 0; at < messages.length; at += 500) {
    await producer.send('agent-events', messages.slice(at, at + 500));
  }
  const traces = Array.from({ length: GROUPS }, (_, group) =>
    sampleTrace({ trace_id: rootOf(group, 1), group_ids: [`g${group}`], total_events: PER_GROUP }),
  );
  await producer.send(
    'agent-traces',
    traces.map((trace) => ({ key: trace.trace_id, value: codec.encode('agent-trace', trace) })),
  );
}

/** The number of rows once SurrealDB answers; 0 meanwhile. */
const rows = () => countEvents(store).catch(() => 0);

const ready = async (sink: TestService) => {
  const answer = await fetch(`${sink.url}/ready`).catch(() => null);
  return {
    status: answer?.status,
    body: (await answer?.json().catch(() => null)) as { state: string } | null,
  };
};

describe('the sink as a process', () => {
  test('stores each event once, in its trace, though it and SurrealDB are killed again and again', async () => {
    let sink = await start();
    await sink.waitReady();
    const producing = produce();
    const kills = [
      { at: 0.1, what: 'sink' },
      { at: 0.25, what: 'store' },
      { at: 0.4, what: 'sink' },
      { at: 0.6, what: 'store' },
      { at: 0.8, what: 'sink' },
    ];
    for (const { at, what } of kills) {
      await waitFor(`${at * TOTAL} rows`, async () => (await rows()) >= at * TOTAL, {
        limitMs: 60_000,
        everyMs: 5,
      });
      if (what === 'sink') {
        await sink.kill();
        sink = await start();
      } else {
        await stack.part('surreal').kill();
        await stack.part('surreal').restart();
      }
    }
    await producing;
    await waitFor(`${TOTAL} rows`, async () => (await rows()) === TOTAL, {
      limitMs: 60_000,
      everyMs: 50,
    }).catch(async (error: unknown) => {
      const stored = await countEvents(store);
      const probe = JSON.stringify((await ready(sink)).body);
      throw new Error(`${error}: ${stored} are there\n${probe}\n${sink.output().slice(-3_000)}`);
    });
    const settled = async () => {
      const views = await Promise.all(
        Array.from({ length: GROUPS }, (_, group) => getTrace(store, rootOf(group, 1))),
      );
      return views.every(
        (view) =>
          view?.trace.revision === 1 &&
          view.events.length === PER_GROUP &&
          view.trace.total_events === PER_GROUP,
      );
    };
    await waitFor('every group in its trace', settled, { limitMs: 30_000, everyMs: 200 });
    const [edges] = await store.query<[{ count: number }[]]>(
      `SELECT count() FROM (SELECT VALUE id FROM contains WHERE in = type::record('agent_trace', out.trace_id)) GROUP ALL;`,
      {},
      60_000,
    );
    expect(edges[0]?.count).toBe(TOTAL);
    await sink.waitReady();
    const metrics = await (await fetch(`${sink.url}/metrics`)).text();
    expect(metrics).toMatch(
      /vectadb_consumer_lag_records\{group="vectadb-surreal-sink",topic="agent-events",partition="\d"/,
    );
    expect((await sink.stop()).code).toBe(0);
  }, 240_000);

  test('starts while SurrealDB is down, says so, loses nothing, and goes on when it comes', async () => {
    const before = await countEvents(store);
    await stack.part('surreal').stop();
    const sink = await start();
    await waitFor(
      'the probe',
      async () => (await ready(sink)).body?.state.startsWith('SurrealDB: ') === true,
      {
        limitMs: 30_000,
      },
    );
    expect((await ready(sink)).status).toBe(503);
    const event = sampleEvent({ event_id: 'while-down', group_id: 'down' });
    await producer.send('agent-events', [{ key: 'down', value: codec.encode('agent-event', event) }]);
    await stack.part('surreal').restart();
    await waitFor('the row', async () => (await rows()) === before + 1, { limitMs: 30_000 });
    await sink.waitReady();
    expect((await sink.stop()).code).toBe(0);
  });

  test('deletes what nothing was added to for longer than the retention', async () => {
    const old = { trace_id: 'expired', updated_ms: Date.UTC(1999, 0, 1) };
    await writeTraces(store, [sampleTrace(old), sampleTrace({ trace_id: 'kept' })]);
    await writeEvents(store, [
      sampleEvent({ ...old, event_id: 'expired' }),
      sampleEvent({ trace_id: 'kept', event_id: 'kept' }),
    ]);
    const sink = await start({ RETENTION_DAYS: '9000', RETENTION_INTERVAL_MS: '1000' });
    await waitFor('retention', async () => (await getTrace(store, 'expired')) === null, { limitMs: 30_000 });
    expect((await getTrace(store, 'kept'))?.events).toHaveLength(1);
    expect((await sink.stop()).code).toBe(0);
  });

  test('sends what it cannot read or store to dead-letter, bytes untouched, and goes on', async () => {
    const dead: EncodedRecord[] = [];
    const kafka = { brokers: stack.brokers, clientId: 'test' };
    const onRecords = (records: EncodedRecord[]) => dead.push(...records);
    const tail = tailTopic({ kafka, topic: 'dead-letter', from: 'earliest', onRecords, logger });
    const before = await countEvents(store);
    const sink = await start();
    const bad = sampleEvent({ event_id: 'no-object', group_id: 'g', properties: '"text"' });
    const good = sampleEvent({ event_id: 'good', group_id: 'g' });
    await producer.send('agent-events', [
      { key: 'g', value: Buffer.from('no avro') },
      { key: 'g', value: codec.encode('agent-event', bad) },
      { key: 'g', value: codec.encode('agent-event', good) },
    ]);
    await waitFor('the row', async () => (await rows()) === before + 1, { limitMs: 30_000 });
    await waitFor('the dead letters', () => dead.length >= 2, { limitMs: 20_000 });
    await tail.close();
    expect(dead.map((letter) => letter.headers['__connect.errors.exception.class.name']?.toString())).toEqual(
      ['AVRO_FRAME', 'PROCESSING'],
    );
    expect(dead[0]!.value?.toString()).toBe('no avro');
    expect(dead[1]!.headers['__connect.errors.stage']?.toString()).toBe('surreal-sink');
    expect((await sink.stop()).code).toBe(0);
  });
});
