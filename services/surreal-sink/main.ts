import { runSink } from '../../lib/sink/run-sink.js';
import { connectSurreal } from '../../lib/stores/surreal/connection.js';
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
  open: async ({ logger, metrics: registry, codec, consumerStatus, deadLetter }) => {
    const metrics = createMetrics(registry, consumerStatus);
    const names = { namespace: config.SURREAL_NAMESPACE, database: config.SURREAL_DATABASE };
    // not waited for: while SurrealDB is down, batches fail and are tried again
    const store = await connectSurreal({
      url: config.SURREAL_URL,
      user: config.SURREAL_USER,
      password: config.SURREAL_PASS,
      ...names,
      logger,
      connectTimeoutMs: 0,
      prepare: (connected) => applySchema(connected, names),
    });
    return {
      name: 'SurrealDB',
      handler: createHandler({ codec, store, metrics, deadLetter }),
      health: (state, consumer) => sinkHealth(state, consumer, store.health()),
      retention: {
        pagesPerRun: 400,
        deletePage: async (before) => {
          const { traces, events } = await deleteOlderThan(store, before, TRACES_PER_PAGE);
          return { deleted: events, more: traces === TRACES_PER_PAGE };
        },
        onDeleted: (events) => metrics.expired.inc(events),
      },
      close: () => store.close(),
    };
  },
});
