import { loadSchemas } from '../../lib/config/schemas.js';
import { sendDeadLetter } from '../../lib/kafka/dead-letter.js';
import { runGroupConsumer } from '../../lib/kafka/group-consumer.js';
import { memberFileIn } from '../../lib/kafka/member-file.js';
import { createProducer } from '../../lib/kafka/producer.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import type { GroupConsumer } from '../../lib/kafka/types.js';
import { Codec } from '../../lib/model/codec.js';
import { connectSurreal, type SurrealStore } from '../../lib/stores/surreal/connection.js';
import { applySchema } from '../../lib/stores/surreal/schema.js';
import { createLogger } from '../../lib/telemetry/logger.js';
import { createRegistry, startProbeServer } from '../../lib/telemetry/probe-server.js';
import { readConfig } from './config.js';
import { sinkHealth } from './health.js';
import { createMetrics } from './metrics.js';
import { runRetention } from './retention.js';
import { createHandler, TOPICS } from './sink.js';

const SERVICE = 'surreal-sink';
const GROUP = 'vectadb-surreal-sink';
const config = readConfig();
const logger = createLogger(SERVICE, config.LOG_LEVEL);
const stopping = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stopping.abort());
const signal = stopping.signal;

try {
  let state = 'starting';
  let consumer: GroupConsumer | null = null;
  let store: SurrealStore | null = null;
  const registry = createRegistry(SERVICE);
  const metrics = createMetrics(registry, () => consumer?.status() ?? null);
  const probes = await startProbeServer(config.METRICS_PORT, registry, () =>
    sinkHealth(state, consumer?.status() ?? null, store?.health() ?? null),
  );

  const names = { namespace: config.SURREAL_NAMESPACE, database: config.SURREAL_DATABASE };
  // not waited for: while SurrealDB is down, batches fail and are tried again
  store = await connectSurreal({
    url: config.SURREAL_URL,
    user: config.SURREAL_USER,
    password: config.SURREAL_PASS,
    ...names,
    logger,
    connectTimeoutMs: 0,
    prepare: (connected) => applySchema(connected, names),
  });
  const kafka = { brokers: config.KAFKA_BROKERS, clientId: SERVICE };
  const codec = new Codec(loadSchemas());
  const schemas = connectRegistry(config.SCHEMA_REGISTRY_URL, codec, { logger });
  state = 'asking the registry for schema ids';
  await schemas.resolveIds();
  const producer = await createProducer(kafka);
  state = 'joining';
  consumer = await runGroupConsumer({
    kafka,
    groupId: GROUP,
    memberFile: memberFileIn(config.VECTADB_STATE, GROUP),
    topics: TOPICS,
    maxBatchRecords: config.BATCH_RECORDS,
    codec: { codec, learn: (id) => schemas.learn(id) },
    handler: createHandler({
      codec,
      store,
      metrics,
      deadLetter: (record, cause) => {
        const { topic, partition, offset } = record;
        logger.warn({ topic, partition, offset, cause }, 'record to dead-letter');
        return sendDeadLetter(producer, record, SERVICE, cause);
      },
    }),
    logger,
  });
  state = 'running';
  logger.info({ probes: probes.port }, 'running');
  const retention = runRetention({
    store,
    retentionDays: config.RETENTION_DAYS,
    intervalMs: config.RETENTION_INTERVAL_MS,
    logger,
    onDeleted: (events) => metrics.expired.inc(events),
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
  await store.close();
  await probes.close();
  process.exit(0);
} catch (error) {
  if (signal.aborted) process.exit(0);
  logger.fatal({ err: error }, 'stopped by an error');
  process.exit(1);
}
