import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { FAILURE_KINDS } from '../../lib/kafka/exactly-once/failure.js';
import type { ExactlyOnceRunner, RunnerStatus } from '../../lib/kafka/exactly-once/runner.js';
import type { RunnerObserver } from '../../lib/kafka/exactly-once/work.js';
import { type ConsumerView, exposeConsumers } from '../../lib/telemetry/consumer-metrics.js';
import { deadLetterCounter } from '../../lib/telemetry/dead-letter-counter.js';
import { type Coverage, FATES } from './core/parse/coverage.js';

type StatusCounter = Exclude<keyof RunnerStatus['counters'], 'failures'>;

const COUNTERS: [name: string, help: string, read: StatusCounter][] = [
  ['values', 'Records, or entries of packs, processed', 'values'],
  ['transactions', 'Transactions committed', 'transactions'],
  ['fencings', 'Times that a partition was fenced by another owner', 'fencings'],
  ['restores', 'Partitions acquired, state restored', 'restores'],
];

/**
 * Shows the runners' own counters, read when Prometheus asks, and their membership and lag.
 * @returns what the runner of a stage tells as it happens.
 */
export function exposeRunners(
  registry: Registry,
  stages: readonly string[],
  runners: () => readonly ExactlyOnceRunner[],
): (stage: string) => RunnerObserver {
  const registers = [registry];
  for (const [name, help, read] of COUNTERS) {
    new Counter({
      name: `vectadb_processor_${name}_total`,
      help,
      labelNames: ['stage'],
      registers,
      collect() {
        this.reset();
        for (const runner of runners()) {
          const { stage, counters } = runner.status();
          this.inc({ stage }, counters[read]);
        }
      },
    });
  }
  new Gauge({
    name: 'vectadb_processor_state_entries',
    help: 'Entries in the state store of the partition',
    labelNames: ['stage', 'partition'],
    registers,
    collect() {
      this.reset();
      for (const runner of runners()) {
        const { stage, partitions } = runner.status();
        for (const { partition, stateEntries } of partitions) this.set({ stage, partition }, stateEntries);
      }
    },
  });
  exposeConsumers(registry, () => runners().map((runner) => viewOf(runner.status())));

  const failures = new Counter({
    name: 'vectadb_processor_failures_total',
    help: 'Failures of a partition, by what they mean: fenced, poison, refused, unavailable, retriable, fatal',
    labelNames: ['stage', 'kind'],
    registers,
  });
  for (const stage of stages) for (const kind of FAILURE_KINDS) failures.inc({ stage, kind }, 0);
  const deadLetters = deadLetterCounter(registry, stages);
  const transactions = new Histogram({
    name: 'vectadb_processor_transaction_duration_seconds',
    help: 'From the begin of a transaction to its commit',
    labelNames: ['stage'],
    buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const latency = new Histogram({
    name: 'vectadb_processor_latency_seconds',
    help: 'From the append of the oldest record of a transaction to the commit of what it came to',
    labelNames: ['stage'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800],
    registers,
  });
  for (const stage of stages) for (const histogram of [transactions, latency]) histogram.zero({ stage });
  return (stage) => ({
    committed: (seconds) => transactions.observe({ stage }, seconds),
    processed: (seconds) => latency.observe({ stage }, seconds),
    failed: (kind) => failures.inc({ stage, kind }),
    refused: (cause) => deadLetters.inc({ stage, cause }),
  });
}

const viewOf = ({ groupId, joined, inputError, source, partitions }: RunnerStatus): ConsumerView => ({
  group: groupId,
  joined,
  inputError,
  partitions: partitions.map(({ partition, state, trouble, lag, waitingSinceMs }) => ({
    topic: source,
    partition,
    state: trouble !== null ? 'failing' : state === 'running' ? 'running' : 'acquiring',
    lag,
    waitingSinceMs,
  })),
});

/** Counts traces as the aggregate stage meets them for the first time. Counted as states are read, so again after a failure. */
export function traceCounter(registry: Registry): () => void {
  const counter = new Counter({
    name: 'vectadb_processor_traces_started_total',
    help: 'Traces of which the first event was seen',
    registers: [registry],
  });
  return () => counter.inc();
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
