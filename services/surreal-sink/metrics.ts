import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ConsumerStatus } from '../../lib/kafka/types.js';

/** What the sink says of itself at /metrics. */
export function createMetrics(registry: Registry, status: () => ConsumerStatus | null) {
  const registers = [registry];
  const counter = (name: string, help: string) =>
    new Counter({ name: `vectadb_surreal_sink_${name}`, help, registers });
  new Gauge({
    name: 'vectadb_surreal_sink_lag_records',
    help: 'Records of a partition that are not stored yet',
    labelNames: ['topic', 'partition'],
    registers,
    collect() {
      this.reset();
      for (const { topic, partition, lag } of status()?.partitions ?? []) {
        if (lag >= 0) this.set({ topic, partition: String(partition) }, lag);
      }
    },
  });
  return {
    records: counter('records_total', 'Records read'),
    inserted: counter('events_inserted_total', 'Event rows that are new'),
    replaced: counter('events_replaced_total', 'Event rows written over by a newer version'),
    ignored: counter('events_ignored_total', 'Events left alone because what is stored is as new'),
    moved: counter('events_moved_total', 'Event rows moved to another trace'),
    retracted: counter('events_retracted_total', 'Event rows deleted because the event is no more'),
    traces: counter('traces_written_total', 'Trace rows written'),
    retries: counter('retries_total', 'Statements sent again after a conflict'),
    failures: counter('failed_batches_total', 'Batches that failed and are tried again'),
    deadLetters: counter('dead_letters_total', 'Records sent to dead-letter'),
    expired: counter('events_expired_total', 'Event rows deleted by retention'),
    batchSeconds: new Histogram({
      name: 'vectadb_surreal_sink_batch_seconds',
      help: 'From a batch in hand to its rows stored',
      labelNames: ['topic'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
  };
}

export type SinkMetrics = ReturnType<typeof createMetrics>;
