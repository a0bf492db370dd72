import pRetry from 'p-retry';
import { qdrantSettings } from '../../lib/config/connections.js';
import { createEmbedder } from '../../lib/embedding/embedder.js';
import { runSink } from '../../lib/sink/run-sink.js';
import { qdrantOutcome } from '../../lib/stores/qdrant/errors.js';
import { connectQdrant } from '../../lib/stores/qdrant/store.js';
import { readConfig } from './config.js';
import { sinkHealth } from './health.js';
import { createMetrics } from './metrics.js';
import { createHandler } from './sink.js';

const config = readConfig();

await runSink({
  service: 'qdrant-sink',
  groupId: 'vectadb-qdrant-sink',
  topics: ['agent-events'],
  config,
  open: async ({ logger, metrics: registry, storeMetrics, codec, signal, deadLetter, erasures }) => {
    const embedder = await createEmbedder({
      modelPath: config.MODEL_PATH,
      modelName: config.EMBEDDING_MODEL,
    });
    logger.info({ kind: embedder.kind, model: embedder.model, note: embedder.note }, 'embedder');
    const store = connectQdrant(qdrantSettings(config), {
      model: embedder.model,
      watch: storeMetrics.watch({ store: 'qdrant', outcomeOf: qdrantOutcome }),
    });
    const metrics = createMetrics(registry, embedder);
    return {
      name: 'Qdrant',
      prepare: async () => {
        await pRetry(() => store.ensureCollection(embedder.model, embedder.dimensions), {
          retries: Number.POSITIVE_INFINITY,
          minTimeout: 200,
          maxTimeout: 5_000,
          signal,
          onFailedAttempt: ({ error }) =>
            logger.warn({ reason: error.message }, 'Qdrant cannot be reached yet'),
        });
      },
      handler: createHandler({ codec, store, embedder, metrics, deadLetter, erasures }),
      health: (state, consumer) => sinkHealth(state, consumer, store.collection, embedder),
      retention: {
        pagesPerRun: 200,
        deletePage: async (before) => {
          const deleted = await store.deleteSome({ appended_before_ms: before.getTime() });
          return { deleted, more: deleted > 0 };
        },
        onDeleted: (points) => metrics.expired.inc(points),
      },
      close: () => embedder.close(),
    };
  },
});
