import { Counter, Histogram, type Registry } from 'prom-client';
import { eventDelay } from '../../lib/telemetry/event-delay.js';

/** What the sink says of itself at /metrics. */
export function createMetrics(registry: Registry) {
  const registers = [registry];
  const counter = (name: string, help: string) =>
    new Counter({ name: `vectadb_surreal_sink_${name}`, help, registers });
  return {
    records: counter('records_total', 'Records read'),
    inserted: counter('events_inserted_total', 'Event rows that are new'),
    replaced: counter('events_replaced_total', 'Event rows written over by a newer version'),
    ignored: counter('events_ignored_total', 'Events left alone because what is stored is as new'),
    moved: counter('events_moved_total', 'Event rows moved to another trace'),
    retracted: counter('events_retracted_total', 'Event rows deleted because the event is no more'),
    erased: counter('events_erased_total', 'Events dropped because their trace or session was erased'),
    traces: counter('traces_written_total', 'Trace rows written'),
    retries: counter('retries_total', 'Statements sent again after a conflict'),
    failures: counter('failed_batches_total', 'Batches that failed and are tried again'),
    expired: counter('events_expired_total', 'Event rows deleted by retention'),
    delay: eventDelay(registry, 'surrealdb'),
    batchSeconds: new Histogram({
      name: 'vectadb_surreal_sink_batch_duration_seconds',
      help: 'From a batch in hand to its rows stored',
      labelNames: ['topic'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
  };
}

export type SinkMetrics = ReturnType<typeof createMetrics>;
