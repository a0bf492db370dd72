import type { Registry } from 'prom-client';
import { kafkaSettings, registrySettings } from '../config/connections.js';
import type { Settings } from '../config/env.js';
import { loadSchemas } from '../config/schemas.js';
import { demandKafkaAccess } from '../kafka/access.js';
import { sendDeadLetter } from '../kafka/dead-letter.js';
import { type ErasureSet, Erasures } from '../kafka/erasures.js';
import { faultPointAt, noFaultPoint } from '../kafka/exactly-once/fault-point.js';
import { runGroupConsumer } from '../kafka/group-consumer.js';
import { memberFileIn } from '../kafka/member-file.js';
import { createProducer } from '../kafka/producer.js';
import { connectRegistry } from '../kafka/registry.js';
import type { ConsumerStatus, GroupConsumer, GroupConsumerOptions } from '../kafka/types.js';
import { untilAnswered } from '../kafka/until-answered.js';
import { Codec } from '../model/codec.js';
import type { DataError } from '../model/result.js';
import { type ConsumerView, exposeConsumers } from '../telemetry/consumer-metrics.js';
import { deadLetterCounter } from '../telemetry/dead-letter-counter.js';
import { createLogger, type Logger } from '../telemetry/logger.js';
import { createRegistry, type Health, startProbeServer } from '../telemetry/probe-server.js';
import { StoreMetrics } from '../telemetry/store-metrics.js';
import type { EncodedRecord } from '../topology/topology.js';
import { type RetentionOptions, runRetention } from './retention.js';
import type { SINK } from './variables.js';

export interface SinkContext {
  logger: Logger;
  metrics: Registry;
  storeMetrics: StoreMetrics;
  codec: Codec;
  /** Aborts when the service is told to end. */
  signal: AbortSignal;
  /** One record, bytes untouched, with its cause, to dead-letter. */
  deadLetter: (record: EncodedRecord, cause: DataError) => Promise<void>;
  /** What may not come back. */
  erasures: ErasureSet;
}

/** What a sink does beside consuming: its store's side. */
export interface SinkStore {
  /** What it is called, for people. */
  name: string;
  /** Resolves once batches may come; left out: at once, and batches fail until the store answers. */
  prepare?: () => Promise<void>;
  handler: GroupConsumerOptions['handler'];
  health: (state: string, consumer: ConsumerStatus | null) => Health;
  retention: Pick<RetentionOptions, 'pagesPerRun' | 'deletePage' | 'onDeleted'>;
  close: () => Promise<void>;
}

export interface SinkOptions {
  service: string;
  groupId: string;
  topics: string[];
  config: Settings<typeof SINK>;
  open: (context: SinkContext) => Promise<SinkStore>;
}

/**
 * A sink as a process, from its start to its end: probes first, then the store, the registry and the group; SIGTERM and SIGINT
 * finish the batches at hand. Exits 0 when told to end, 1 with the reason for anything that stops it.
 */
export async function runSink({ service, groupId, topics, config, open }: SinkOptions): Promise<never> {
  const logger = createLogger(service, config.LOG_LEVEL);
  const stopping = new AbortController();
  const { signal } = stopping;
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stopping.abort());
  try {
    let state = 'starting';
    let consumer: GroupConsumer | null = null;
    let store: SinkStore | null = null;
    const consumerStatus = () => consumer?.status() ?? null;
    const metrics = createRegistry(service);
    const storeMetrics = new StoreMetrics(metrics);
    const letters = deadLetterCounter(metrics, [service]);
    exposeConsumers(metrics, () => [viewOf(groupId, consumerStatus())]);
    const probes = await startProbeServer(
      config.METRICS_PORT,
      metrics,
      () => store?.health(state, consumerStatus()) ?? { ready: false, state },
      config.METRICS_HOST,
    );
    const kafka = kafkaSettings(config, service);
    await demandKafkaAccess(kafka, logger);
    const codec = new Codec(loadSchemas());
    const registry = registrySettings(config);
    const schemas = connectRegistry(registry, codec, { logger });
    let producer: Awaited<ReturnType<typeof createProducer>> | null = null;
    const deadLetter = async (record: EncodedRecord, cause: DataError) => {
      const { topic, partition, offset } = record;
      logger.warn({ topic, partition, offset, cause }, 'record to dead-letter');
      producer ??= await createProducer(kafka);
      await sendDeadLetter(producer, record, service, cause);
      letters.inc({ stage: service, cause: cause.code });
    };
    const erasures = new Erasures(kafka);
    store = await open({ logger, metrics, storeMetrics, codec, signal, deadLetter, erasures });
    state = `waiting for ${store.name}`;
    await store.prepare?.();
    state = `waiting for the schema registry at ${registry.url}`;
    await schemas.resolveIds();
    state = `waiting for Kafka at ${kafka.brokers.join(', ')}`;
    await untilAnswered('reading the erasures', () => erasures.refresh(), { logger, signal });
    state = 'joining';
    consumer = await runGroupConsumer({
      kafka,
      groupId,
      memberFile: memberFileIn(config.VECTADB_STATE, groupId),
      topics,
      maxBatchRecords: config.BATCH_RECORDS,
      codec: { codec, learn: (id) => schemas.learn(id) },
      handler: store.handler,
      faultPoint: config.FAULT_POINT
        ? faultPointAt(config.FAULT_POINT, (signal) => process.kill(process.pid, signal))
        : noFaultPoint,
      logger,
    });
    state = 'running';
    logger.info({ probes: probes.port }, 'running');
    const retention = runRetention({
      ...store.retention,
      retentionDays: config.RETENTION_DAYS,
      intervalMs: config.RETENTION_INTERVAL_MS,
      logger,
      signal,
    });
    await Promise.race([aborted(signal), consumer.stopped]);
    state = 'stopping';
    logger.info('stopping');
    stopping.abort();
    await consumer.close();
    await retention;
    await (producer as Awaited<ReturnType<typeof createProducer>> | null)?.close();
    await store.close();
    await erasures.close();
    await probes.close();
    process.exit(0);
  } catch (error) {
    if (signal.aborted) process.exit(0);
    logger.fatal({ err: error }, 'stopped by an error');
    process.exit(1);
  }
}

const viewOf = (group: string, status: ConsumerStatus | null): ConsumerView => ({
  group,
  joined: status?.joined ?? false,
  inputError: status?.inputError ?? null,
  partitions: (status?.partitions ?? []).map(({ failing, ...partition }) => ({
    ...partition,
    state: failing === null ? 'running' : 'failing',
  })),
});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
