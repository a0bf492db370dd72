import pRetry from 'p-retry';
import { loadSchemas } from '../../lib/config/schemas.js';
import { createEmbedder } from '../../lib/embedding/embedder.js';
import { sendDeadLetter } from '../../lib/kafka/dead-letter.js';
import { runGroupConsumer } from '../../lib/kafka/group-consumer.js';
import { memberFileIn } from '../../lib/kafka/member-file.js';
import { createProducer } from '../../lib/kafka/producer.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import type { GroupConsumer } from '../../lib/kafka/types.js';
import { Codec } from '../../lib/model/codec.js';
import { connectQdrant } from '../../lib/stores/qdrant/store.js';
import { createLogger } from '../../lib/telemetry/logger.js';
import { createRegistry, startProbeServer } from '../../lib/telemetry/probe-server.js';
import { readConfig } from './config.js';
import { sinkHealth } from './health.js';
import { createMetrics } from './metrics.js';
import { runRetention } from './retention.js';
import { createHandler } from './sink.js';

const SERVICE = 'qdrant-sink';
const GROUP = 'vectadb-qdrant-sink';
const config = readConfig();
const logger = createLogger(SERVICE, config.LOG_LEVEL);
const stopping = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stopping.abort());
const signal = stopping.signal;

try {
  const embedder = await createEmbedder({ modelPath: config.MODEL_PATH, modelName: config.EMBEDDING_MODEL });
  logger.info({ kind: embedder.kind, model: embedder.model, note: embedder.note }, 'embedder');
  const store = connectQdrant(config.QDRANT_URL, { model: embedder.model });
  const registry = createRegistry(SERVICE);
  const metrics = createMetrics(registry, embedder);
  let state = 'waiting for Qdrant';
  let consumer: GroupConsumer | null = null;
  const probes = await startProbeServer(config.METRICS_PORT, registry, () =>
    sinkHealth(state, consumer?.status() ?? null, store.collection, embedder),
  );

  await pRetry(() => store.ensureCollection(embedder.model, embedder.dimensions), {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: 200,
    maxTimeout: 5_000,
    signal,
    onFailedAttempt: ({ error }) => logger.warn({ reason: error.message }, 'Qdrant cannot be reached yet'),
  });
  state = 'joining';
  const kafka = { brokers: config.KAFKA_BROKERS, clientId: SERVICE };
  const codec = new Codec(loadSchemas());
  const schemas = connectRegistry(config.SCHEMA_REGISTRY_URL, codec, { logger });
  await schemas.resolveIds();
  const producer = await createProducer(kafka);
  consumer = await runGroupConsumer({
    kafka,
    groupId: GROUP,
    memberFile: memberFileIn(config.VECTADB_STATE, GROUP),
    topics: ['agent-events'],
    maxBatchRecords: config.BATCH_RECORDS,
    codec: { codec, learn: (id) => schemas.learn(id) },
    handler: createHandler({
      codec,
      store,
      embedder,
      metrics,
      deadLetter: (record, cause) => {
        logger.warn({ partition: record.partition, offset: record.offset, cause }, 'record to dead-letter');
        return sendDeadLetter(producer, record, SERVICE, cause);
      },
    }),
    logger,
  });
  state = 'running';
  logger.info({ collection: store.collection, probes: probes.port }, 'running');
  const retention = runRetention({
    store,
    retentionDays: config.RETENTION_DAYS,
    intervalMs: config.RETENTION_INTERVAL_MS,
    logger,
    onDeleted: (points) => metrics.expired.inc(points),
    signal,
  });
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([aborted, consumer.stopped]);
  state = 'stopping';
  logger.info('stopping');
  stopping.abort();
  await consumer.close();
  await retention;
  await producer.close();
  await embedder.close();
  await probes.close();
  process.exit(0);
} catch (error) {
  if (signal.aborted) process.exit(0);
  logger.fatal({ err: error }, 'stopped by an error');
  process.exit(1);
}
