import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { hashedEmbedder } from '../../lib/embedding/embedder.js';
import { HASHED_MODEL } from '../../lib/embedding/hashing.js';
import { createProducer, type IdempotentProducer } from '../../lib/kafka/producer.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import { tailTopic } from '../../lib/kafka/tail.js';
import { applyTopics } from '../../lib/kafka/topics/apply.js';
import { loadTopics } from '../../lib/kafka/topics/topic-file.js';
import { Codec } from '../../lib/model/codec.js';
import { uuidOf } from '../../lib/model/ids.js';
import { connectQdrant, type QdrantStore } from '../../lib/stores/qdrant/store.js';
import { createLogger } from '../../lib/telemetry/logger.js';
import type { TestService } from '../../lib/testing/service.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import type { EncodedRecord } from '../../lib/topology/topology.js';
import { agentEvent, groupLink } from './testing/records.js';

let stack: TestStack;
let producer: IdempotentProducer;
let store: QdrantStore;
let env: Record<string, string>;
const codec = new Codec(loadSchemas());
const logger = createLogger('test', 'silent');

beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true, qdrant: true });
  const kafka = { brokers: stack.brokers, clientId: 'test' };
  const registry = connectRegistry(stack.env.SCHEMA_REGISTRY_URL!, codec, { logger });
  await applyTopics({ kafka, registry, topics: loadTopics() });
  await registry.resolveIds();
  producer = await createProducer(kafka);
  store = connectQdrant(stack.env.QDRANT_URL!, { model: HASHED_MODEL });
  env = {
    MODEL_PATH: `${stack.folder}/models`,
    VECTADB_STATE: `${stack.folder}/sink`,
    BATCH_RECORDS: '200',
    RETENTION_DAYS: '36500',
  };
});
afterAll(async () => {
  await producer?.close();
  await stack?.stop();
});

const GROUPS = 50;
const groupOf = (n: number) => uuidOf(`group ${n % GROUPS}`);
const idOf = (n: number) => uuidOf(`sink event ${n}`);

/** Events `from` to `to`, each group's in order; every second group is moved by a link in the middle. */
async function produce(from: number, to: number): Promise<void> {
  const messages = [];
  const link = (n: number) =>
    groupLink({ group_id: groupOf(n), trace_id: `moved ${n}`, revision: 1_000_000 });
  for (let n = from; n < to; n++) {
    const value = agentEvent({ event_id: idOf(n), group_id: groupOf(n), trace_id: 'root', revision: n + 1 });
    messages.push({ key: value.group_id, value: codec.encode('agent-event', value) });
  }
  for (let n = 0; n < GROUPS; n += 2) {
    messages.push({ key: groupOf(n), value: codec.encode('group-link', link(n)) });
  }
  for (let at = 0; at < messages.length; at += 1_000) {
    await producer.send('agent-events', messages.slice(at, at + 1_000));
  }
}

const counted = (service: TestService, expected: number) =>
  waitFor(`${expected} points`, async () => (await store.count()) === expected, {
    limitMs: 60_000,
    everyMs: 100,
  }).catch((error: unknown) => {
    throw new Error(`${error}\n${service.output().slice(-3_000)}`);
  });

describe('the sink as a process', () => {
  it('stores each event once, in its trace, though it and Qdrant are killed again and again', async () => {
    const total = 12_000;
    const start = () => stack.spawnService('qdrant-sink', { env });
    let sink = await start();
    await sink.waitReady();
    const producing = produce(0, total);
    for (const stage of [0.1, 0.3, 0.5]) {
      await waitFor('some points', async () => (await store.count()) >= total * stage, {
        limitMs: 60_000,
        everyMs: 5,
      });
      if (stage === 0.3) {
        await stack.part('qdrant').kill();
        await stack.part('qdrant').restart();
      } else {
        await sink.kill();
        sink = await start();
      }
    }
    await producing;
    await counted(sink, total);
    await waitFor(
      'groups moved',
      async () => (await store.count({ trace_id: 'moved 0' })) === total / GROUPS,
      {
        limitMs: 30_000,
      },
    );
    for (const n of [1, 2, 25, 48]) {
      const moved = n % 2 === 0;
      expect(await store.count({ group_id: groupOf(n), trace_id: moved ? `moved ${n}` : 'root' })).toBe(
        total / GROUPS,
      );
    }
    await sink.waitReady();
    const metrics = await (await fetch(`${sink.url}/metrics`)).text();
    expect(metrics).toMatch(/vectadb_qdrant_sink_embedder\{kind="lexical \(hashed\)",model="hashed-384-v1"/);
    expect((await sink.stop()).code).toBe(0);
  });

  it('starts while Qdrant is down, says so, loses nothing, and goes on when it comes', async () => {
    const before = await store.count();
    await stack.part('qdrant').stop();
    const sink = await stack.spawnService('qdrant-sink', { env });
    const state = async () => {
      const answer = await fetch(`${sink.url}/ready`);
      return `${answer.status} ${((await answer.json()) as { state: string }).state}`;
    };
    // its model is opened first
    await waitFor('the probe', async () => (await state()) === '503 waiting for Qdrant', { limitMs: 20_000 });
    const event = agentEvent({ event_id: idOf(-1), group_id: groupOf(1), trace_id: 'root' });
    await producer.send('agent-events', [{ key: event.group_id, value: codec.encode('agent-event', event) }]);
    await stack.part('qdrant').restart();
    await counted(sink, before + 1);
    expect((await sink.stop()).code).toBe(0);
  });

  it('sends what it cannot read to dead-letter, bytes untouched, and goes on', async () => {
    const dead: EncodedRecord[] = [];
    const kafka = { brokers: stack.brokers, clientId: 'test' };
    const onRecords = (records: EncodedRecord[]) => dead.push(...records);
    const tail = tailTopic({ kafka, topic: 'dead-letter', from: 'earliest', onRecords, logger });
    const before = await store.count();
    const sink = await stack.spawnService('qdrant-sink', { env });
    const event = agentEvent({ event_id: idOf(-2), group_id: groupOf(1), trace_id: 'root' });
    await producer.send('agent-events', [
      { key: groupOf(1), value: Buffer.from('no avro') },
      { key: groupOf(1), value: codec.encode('agent-event', event) },
    ]);
    await counted(sink, before + 1);
    await waitFor('the dead letter', () => dead.length > 0, { limitMs: 20_000 });
    await tail.close();
    expect(dead[0]!.value?.toString()).toBe('no avro');
    expect(dead[0]!.headers['__connect.errors.topic']?.toString()).toBe('agent-events');
    expect(dead[0]!.headers['__connect.errors.stage']?.toString()).toBe('qdrant-sink');
    expect((await sink.stop()).code).toBe(0);
  });

  it('deletes what is older than the retention', async () => {
    const old = agentEvent({ event_id: idOf(-3), group_id: groupOf(1), timestamp_ms: Date.UTC(1999, 0, 1) });
    // an old log that was imported just now is kept, as SurrealDB keeps it
    const imported = agentEvent({
      event_id: idOf(-5),
      group_id: groupOf(1),
      timestamp_ms: Date.UTC(1999, 0, 1),
      updated_ms: Date.now(),
    });
    const fresh = agentEvent({ event_id: idOf(-4), group_id: groupOf(1), timestamp_ms: Date.now() });
    await store.insertNew(
      await Promise.all(
        [old, imported, fresh].map(async ({ event_id, timestamp_ms, updated_ms }) => ({
          payload: {
            event_id,
            trace_id: 't',
            group_id: 'retention',
            event_type: 'log',
            agent_id: null,
            timestamp: timestamp_ms,
            ...(event_id === idOf(-5) ? { appended_ms: updated_ms } : {}),
            generation: 1,
            revision: 1,
          },
          vector: (await hashedEmbedder().embed(['x']))[0]!,
        })),
      ),
    );
    const settings = { ...env, RETENTION_DAYS: '9000', RETENTION_INTERVAL_MS: '1000' };
    const sink = await stack.spawnService('qdrant-sink', { env: settings });
    await waitFor('retention', async () => (await store.count({ group_id: 'retention' })) === 2, {
      limitMs: 30_000,
    });
    expect(await store.count({ event_id: idOf(-3) })).toBe(0);
    expect((await sink.stop()).code).toBe(0);
  });
});
