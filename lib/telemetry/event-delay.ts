import { Histogram, type Registry } from 'prom-client';

/**
 * How long an event was on its way: from the append of its last line to raw-logs until it is in `store`. The way of an event
 * from end to end, whichever services it passed. Events that are read again after a fault or promoted by a replay count with their age.
 */
export function eventDelay(registry: Registry, store: 'surrealdb' | 'qdrant'): (appendedMs: number) => void {
  const histogram = new Histogram({
    name: 'vectadb_event_delay_seconds',
    help: 'From the append of a line to raw-logs to its event in a store',
    labelNames: ['store'],
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200],
    registers: [registry],
  });
  histogram.zero({ store });
  return (appendedMs) => histogram.observe({ store }, Math.max(0, Date.now() - appendedMs) / 1_000);
}
