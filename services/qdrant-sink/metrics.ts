import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Embedder } from '../../lib/embedding/embedder.js';
import { eventDelay } from '../../lib/telemetry/event-delay.js';

/** What the sink says of itself at /metrics. */
export function createMetrics(registry: Registry, embedder: Embedder) {
  const registers = [registry];
  const counter = (name: string, help: string) =>
    new Counter({ name: `vectadb_qdrant_sink_${name}`, help, registers });
  new Gauge({
    name: 'vectadb_qdrant_sink_embedder',
    help: 'Always 1; its labels say what makes the vectors',
    labelNames: ['kind', 'model'],
    registers,
  }).set({ kind: embedder.kind, model: embedder.model }, 1);
  new Counter({
    name: 'vectadb_qdrant_sink_embedded_total',
    help: 'Texts made into vectors',
    registers,
    collect() {
      this.reset();
      this.inc(embedder.stats.embedded);
    },
  });
  new Counter({
    name: 'vectadb_qdrant_sink_cache_hits_total',
    help: 'Texts whose vector was known',
    registers,
    collect() {
      this.reset();
      this.inc(embedder.stats.cacheHits);
    },
  });
  return {
    records: counter('records_total', 'Records read from agent-events'),
    written: counter('points_written_total', 'Points in Qdrant in the version of their record'),
    ignored: counter('points_ignored_total', 'Points left alone because a newer version is stored'),
    skipped: counter('events_skipped_total', 'Events sent with generate_embeddings: false'),
    retracted: counter('retractions_total', 'Retractions applied'),
    moved: counter('groups_moved_total', 'Links applied'),
    expired: counter('points_expired_total', 'Points deleted by retention'),
    failures: counter('failed_batches_total', 'Batches that failed and are tried again'),
    delay: eventDelay(registry, 'qdrant'),
    embedSeconds: new Histogram({
      name: 'vectadb_qdrant_sink_embed_duration_seconds',
      help: 'Time to make the vectors of one batch, known ones included',
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    batchSeconds: new Histogram({
      name: 'vectadb_qdrant_sink_batch_duration_seconds',
      help: 'From a batch in hand to its points stored',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
  };
}

export type SinkMetrics = ReturnType<typeof createMetrics>;
