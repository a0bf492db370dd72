import { Counter, Gauge, type Registry } from 'prom-client';
import type { ExactlyOnceRunner } from '../../lib/kafka/exactly-once/runner.js';
import { type Coverage, FATES } from './core/parse/coverage.js';

/** Shows the runners' own counters; they are read when Prometheus asks. */
export function exposeRunners(registry: Registry, runners: () => readonly ExactlyOnceRunner[]): void {
  const counter = (name: string, help: string, read: (runner: ExactlyOnceRunner) => number) =>
    new Counter({
      name: `vectadb_${name}_total`,
      help,
      labelNames: ['stage'],
      registers: [registry],
      collect() {
        this.reset();
        for (const runner of runners()) this.inc({ stage: runner.status().stage }, read(runner));
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
        for (const runner of runners()) {
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

/**
 * Shows how much of what comes in is understood. Counted as records are read, so what is read again after a failure counts
 * again.
 */
export function exposeCoverage(registry: Registry, coverage: Coverage): void {
  const registers = [registry];
  new Counter({
    name: 'vectadb_parse_records_total',
    help: 'Records read by parse: understood (parsed), kept as they are (fallback), joined to the event before, duplicate, foreign, refused (dead)',
    labelNames: ['fate'],
    registers,
    collect() {
      this.reset();
      for (const fate of FATES) this.inc({ fate }, coverage.fates[fate]);
    },
  });
  new Counter({
    name: 'vectadb_parse_rule_events_total',
    help: 'Events by the rule that decided them',
    labelNames: ['rule'],
    registers,
    collect() {
      this.reset();
      for (const [rule, count] of coverage.rules) this.inc({ rule }, count);
    },
  });
  new Counter({
    name: 'vectadb_parse_source_events_total',
    help: 'Events by system and log group, understood (parsed) or kept as they are (fallback)',
    labelNames: ['system', 'log_group', 'fate'],
    registers,
    collect() {
      this.reset();
      for (const { system, logGroup: log_group, parsed, fallback } of coverage.ofSources()) {
        this.inc({ system, log_group, fate: 'parsed' }, parsed);
        this.inc({ system, log_group, fate: 'fallback' }, fallback);
      }
    },
  });
}
