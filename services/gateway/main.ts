import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { loadAppConfig } from '../../lib/config/app-config.js';
import {
  kafkaSettings,
  qdrantSettings,
  registrySettings,
  surrealSettings,
} from '../../lib/config/connections.js';
import { maskerOf } from '../../lib/config/masking-file.js';
import { projectRoot } from '../../lib/config/root.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { createEmbedder } from '../../lib/embedding/embedder.js';
import { demandKafkaAccess } from '../../lib/kafka/access.js';
import { connectRegistry, RegistryUnavailableError } from '../../lib/kafka/registry.js';
import { loadTopics } from '../../lib/kafka/topics/topic-file.js';
import { Codec } from '../../lib/model/codec.js';
import { qdrantOutcome } from '../../lib/stores/qdrant/errors.js';
import { connectQdrant } from '../../lib/stores/qdrant/store.js';
import { connectSurreal, type SurrealStore, surrealOutcome } from '../../lib/stores/surreal/index.js';
import { createLogger } from '../../lib/telemetry/logger.js';
import { exposeMasking } from '../../lib/telemetry/masking-metrics.js';
import { createRegistry } from '../../lib/telemetry/probe-server.js';
import { StoreMetrics } from '../../lib/telemetry/store-metrics.js';
import { AuditLog } from './adapters/audit-log.js';
import { Eraser } from './adapters/eraser.js';
import { EventTrail } from './adapters/event-trail.js';
import { FlowSource } from './adapters/flow-source.js';
import { JsonWriter } from './adapters/json-writer.js';
import { kafkaDeadLetters } from './adapters/kafka-dead-letters.js';
import { KafkaIngest } from './adapters/kafka-ingest.js';
import { KafkaKeys } from './adapters/kafka-keys.js';
import { kafkaLook } from './adapters/kafka-look.js';
import { liveTopics } from './adapters/live-topics.js';
import { pricesOf } from './adapters/prices.js';
import { qdrantSearch } from './adapters/qdrant-search.js';
import { ruleTrials } from './adapters/rule-trials.js';
import { surrealStore } from './adapters/surreal-store.js';
import { TraceAnswers } from './adapters/trace-answers.js';
import { firstOf, fixedKeys, openDoor } from './auth.js';
import { readConfig } from './config.js';
import { Flow } from './flow.js';
import { gatewayMetrics } from './metrics.js';
import { createServer } from './server.js';

/** How long requests at hand may take once the process is told to end. */
const CLOSE_LIMIT_MS = 9_000;

const config = readConfig();
const logger = createLogger('gateway', config.LOG_LEVEL);
const prices = pricesOf(config.VECTADB_CONFIG, Date.now, logger);
const kafka = kafkaSettings(config, 'vectadb-gateway');

const codec = new Codec(loadSchemas());
const registry = connectRegistry(registrySettings(config), codec, { logger });
const codecReady = (async () => {
  for (;;) {
    try {
      return await registry.resolveIds();
    } catch (error) {
      if (!(error instanceof RegistryUnavailableError)) throw error;
      logger.error(
        { reason: error.message },
        'the schema registry does not answer: events cannot be taken yet',
      );
    }
  }
})();

const metrics = gatewayMetrics(createRegistry('gateway'));
const storeMetrics = new StoreMetrics(metrics.registry);

const embedder = await createEmbedder({
  modelPath: config.MODEL_PATH,
  modelName: config.EMBEDDING_MODEL,
});
if (embedder.note) logger.warn(embedder.note);
const surreal: SurrealStore = await connectSurreal({
  ...surrealSettings(config),
  connectTimeoutMs: 0,
  queryTimeoutMs: 10_000,
  logger,
  watch: storeMetrics.watch({
    store: 'surrealdb',
    outcomeOf: surrealOutcome,
    up: () => surreal.health().connected,
  }),
});
const store = surrealStore(surreal);
const search = qdrantSearch(
  qdrantSettings(config),
  embedder,
  storeMetrics.watch({ store: 'qdrant', outcomeOf: qdrantOutcome }),
);
const answers = new TraceAnswers({
  kafka,
  codec,
  learn: (id) => registry.learn(id),
  store,
  instance: randomUUID(),
  waitMs: config.INGEST_WAIT_MS,
  logger,
});
const ingest = new KafkaIngest({
  kafka,
  codec,
  codecReady,
  answers,
  logger,
  produceTimeoutMs: config.PRODUCE_TIMEOUT_MS,
  maxInFlightRecords: config.MAX_IN_FLIGHT_RECORDS,
  maxInFlightBytes: config.MAX_IN_FLIGHT_BYTES,
  onProduced: metrics.produced,
});
const trail = new EventTrail({ kafka, codec, codecReady, learn: (id) => registry.learn(id) });
const flow = new Flow({
  source: new FlowSource({ kafka, codec, codecReady, learn: (id) => registry.learn(id), logger }),
  store,
  now: Date.now,
  logger,
});
void flow.run();

const writer = new JsonWriter(kafka, config.PRODUCE_TIMEOUT_MS);
const keys = new KafkaKeys({ kafka, writer, logger, maxStaleMs: config.AUTH_MAX_STALE_MS });

const masker = maskerOf(loadAppConfig(config.VECTADB_CONFIG).masking, config.VECTADB_CONFIG);
const audit = new AuditLog(writer, logger);

const live = liveTopics({
  kafka,
  codec,
  learn: (id) => registry.learn(id),
  instance: randomUUID().slice(0, 8),
  logger,
});

metrics.gauge(
  'vectadb_gateway_in_flight_records',
  'Records on their way to Kafka',
  () => ingest.inFlight.records,
);
metrics.counter(
  'vectadb_gateway_audit_lost_entries_total',
  'Audit entries that could not be kept',
  () => audit.lostTotal,
);
exposeMasking(metrics.registry, masker);
metrics.gauge('vectadb_gateway_in_flight_bytes', 'Bytes on their way to Kafka', () => ingest.inFlight.bytes);
metrics.gauge('vectadb_gateway_kafka_up', '1 while Kafka takes events and answers, else 0', () =>
  ingest.health().state === 'up' && answers.health().state === 'up' ? 1 : 0,
);
metrics.gauge('vectadb_gateway_live_clients', 'Clients of the live feed', () => live.clients());
metrics.gauge('vectadb_gateway_waiting_requests', 'Requests that wait for trace ids', () => answers.waiting);
metrics.gauge(
  'vectadb_gateway_connections',
  'HTTP connections that are open',
  () =>
    new Promise<number>((resolve, reject) =>
      app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    ),
);
metrics.flow(() => flow.report.report);

const app = await createServer({
  ports: {
    ingest,
    store,
    search,
    trail,
    live,
    look: kafkaLook(kafka, registry, loadTopics()),
    deadLetters: kafkaDeadLetters({ kafka, registry, codec }),
    trials: ruleTrials(config.VECTADB_CONFIG),
    flow,
    keys: config.AUTH === 'off' ? openDoor : firstOf(fixedKeys(config.apiKeys), keys),
    keyAdmin: keys,
    audit,
    masker,
    erasure: new Eraser({
      surreal,
      qdrant: connectQdrant(qdrantSettings(config), { model: embedder.model }),
      writer,
      now: Date.now,
    }),
    prices,
    now: Date.now,
    health: async () => {
      const kafkaHealth = ingest.health();
      const answersHealth = answers.health();
      const keysHealth = keys.health();
      return {
        // the tail asks Kafka all the time, so it notices that Kafka is gone while nobody sends
        ready:
          kafkaHealth.state === 'up' && answersHealth.state !== 'down' && keysHealth.state !== 'starting',
        parts: {
          kafka: kafkaHealth,
          answers: answersHealth,
          keys: keysHealth,
          surreal: store.health(),
          qdrant: await search.probe(),
          search: { state: 'up', detail: search.mode },
        },
      };
    },
  },
  metrics,
  limits: {
    maxBodyBytes: config.MAX_BODY_BYTES,
    maxBatchItems: config.MAX_BATCH_ITEMS,
    requestsPerMinute: config.RATE_LIMIT_PER_MINUTE,
    anonymousPerMinute: config.RATE_LIMIT_ANONYMOUS_PER_MINUTE,
    headersTimeoutMs: config.HEADERS_TIMEOUT_MS,
    requestTimeoutMs: config.REQUEST_TIMEOUT_MS,
    idleTimeoutMs: config.IDLE_TIMEOUT_MS,
    maxConnections: config.MAX_CONNECTIONS,
    corsOrigins: config.CORS_ORIGINS,
    trustedProxies: config.TRUSTED_PROXIES,
  },
  consoleFolder: join(projectRoot(), 'dist/services/console'),
  logger,
});
if (config.AUTH === 'off') logger.warn('AUTH=off: every request is taken as admin');

let ending = false;
const end = async (reason: string, code: number): Promise<void> => {
  if (ending) return;
  ending = true;
  logger.info({ reason }, 'ending');
  setTimeout(() => {
    logger.warn('not every request could be finished in time');
    process.exit(1);
  }, CLOSE_LIMIT_MS).unref();
  await app.close();
  await Promise.all([
    ingest.close(),
    answers.close(),
    trail.close(),
    flow.close(),
    keys.close(),
    surreal.close(),
    embedder.close(),
  ]);
  await audit.close();
  await writer.close();
  process.exit(code);
};
process.once('SIGTERM', () => void end('SIGTERM', 0));
process.once('SIGINT', () => void end('SIGINT', 0));
// not waited for: while Kafka is away, the API answers that it is
demandKafkaAccess(kafka, logger).catch((error: Error) => {
  logger.fatal({ reason: error.message }, 'Kafka does not let this gateway in');
  void end('no access to Kafka', 1);
});
codecReady.catch((error: unknown) => {
  logger.fatal(
    { reason: error instanceof Error ? error.message : String(error) },
    'the schema registry takes neither us nor our schemas',
  );
  void end('schemas refused', 1);
});

const address = await app.listen({ host: config.GATEWAY_HOST, port: config.GATEWAY_PORT });
logger.info({ address }, 'the HTTP API listens');
