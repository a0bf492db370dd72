import { Counter, Gauge, type Registry } from 'prom-client';
import type { ExactlyOnceRunner } from '../../lib/kafka/exactly-once/runner.js';

/** Shows the runners' own counters; they are read when Prometheus asks. */
export function exposeRunners(registry: Registry, runners: ExactlyOnceRunner[]): void {
  const counter = (name: string, help: string, read: (runner: ExactlyOnceRunner) => number) =>
    new Counter({
      name: `vectadb_${name}_total`,
      help,
      labelNames: ['stage'],
      registers: [registry],
      collect() {
        this.reset();
        for (const runner of runners) this.inc({ stage: runner.status().stage }, read(runner));
      },
    });
  counter('values', 'Records, or entries of packs, processed', (runner) => runner.status().counters.values);
  counter('transactions', 'Transactions committed', (runner) => runner.status().counters.transactions);
  counter(
    'fencings',
    'Times that a partition was fenced by another owner',
    (runner) => runner.status().counters.fencings,
  );
  counter('restores', 'Partitions acquired, state restored', (runner) => runner.status().counters.restores);
  counter('dead_letters', 'Records sent to dead-letter', (runner) => runner.status().counters.deadLetters);
  counter('failures', 'Failures of a partition, of any kind', (runner) => runner.status().counters.failures);

  const gauge = (
    name: string,
    help: string,
    read: (p: { lag: number; position: number; stateEntries: number }) => number,
  ) =>
    new Gauge({
      name: `vectadb_${name}`,
      help,
      labelNames: ['stage', 'partition'],
      registers: [registry],
      collect() {
        this.reset();
        for (const runner of runners) {
          const { stage, partitions } = runner.status();
          for (const p of partitions) this.set({ stage, partition: p.partition }, read(p));
        }
      },
    });
  gauge('lag_records', 'Records between the position and the end of the partition', (p) =>
    Math.max(p.lag, 0),
  );
  gauge('state_entries', 'Entries in the state store of the partition', (p) => p.stateEntries);
}
