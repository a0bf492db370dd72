import pRetry from 'p-retry';
import { surrealSettings } from '../../lib/config/connections.js';
import { runSink } from '../../lib/sink/run-sink.js';
import { connectSurreal, type SurrealStore } from '../../lib/stores/surreal/connection.js';
import { surrealOutcome } from '../../lib/stores/surreal/errors.js';
import { fillFacts } from '../../lib/stores/surreal/fill-facts.js';
import { forgetFlow } from '../../lib/stores/surreal/flow.js';
import { deleteOlderThan } from '../../lib/stores/surreal/retention.js';
import { applySchema } from '../../lib/stores/surreal/schema.js';
import { readConfig } from './config.js';
import { sinkHealth } from './health.js';
import { createMetrics } from './metrics.js';
import { createHandler, TOPICS } from './sink.js';

const TRACES_PER_PAGE = 50;
const config = readConfig();

await runSink({
  service: 'surreal-sink',
  groupId: 'vectadb-surreal-sink',
  topics: TOPICS,
  config,
  open: async ({ logger, metrics: registry, codec, storeMetrics, signal, deadLetter, erasures }) => {
    const metrics = createMetrics(registry);
    const names = { namespace: config.SURREAL_NAMESPACE, database: config.SURREAL_DATABASE };
    // not waited for: while SurrealDB is down, batches fail and are tried again
    let connected: SurrealStore | null = null;
    const store = await connectSurreal({
      ...surrealSettings(config),
      logger,
      watch: storeMetrics.watch({
        store: 'surrealdb',
        outcomeOf: surrealOutcome,
        up: () => connected?.health().connected ?? false,
      }),
      connectTimeoutMs: 0,
      prepare: (connection) => applySchema(connection, names),
    });
    connected = store;
    // beside the batches: lists by text and statistics lack old rows until it is done
    const filled = pRetry(() => fillFacts(store, signal), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: 500,
      maxTimeout: 10_000,
      signal,
    }).then(
      (rows) => rows > 0 && logger.info({ rows }, 'facts of rows of an older version are made'),
      (error: unknown) => {
        if (!signal.aborted) logger.error({ reason: String(error) }, 'facts of older rows are not made');
      },
    );
    return {
      name: 'SurrealDB',
      handler: createHandler({ codec, store, metrics, deadLetter, erasures }),
      health: (state, consumer) => sinkHealth(state, consumer, store.health()),
      retention: {
        pagesPerRun: 400,
        deletePage: async (before) => {
          await forgetFlow(store, before.getTime());
          const { traces, events } = await deleteOlderThan(store, before, TRACES_PER_PAGE);
          return { deleted: events, more: traces === TRACES_PER_PAGE };
        },
        onDeleted: (events) => metrics.expired.inc(events),
      },
      close: async () => {
        await filled;
        await store.close();
      },
    };
  },
});
