import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { FAILURE_KINDS } from '../../lib/kafka/exactly-once/failure.js';
import type { RunnerStatus } from '../../lib/kafka/exactly-once/runner.js';
import type { RunnerObserver } from '../../lib/kafka/exactly-once/work.js';
import type { Clock } from './adapters/clock.js';
import type { GroupDirectory } from './adapters/directory.js';
import type { PollerWork } from './adapters/poller-work.js';
import type { Target } from './adapters/target.js';
import type { IdMemory } from './core/id-memory.js';

/** What is true at the moment; looked up when Prometheus asks. */
export function exposeGauges(
  registry: Registry,
  {
    work,
    targets,
    directory,
    clock,
    idMemory,
  }: {
    work: PollerWork;
    targets: Target[];
    directory: GroupDirectory;
    clock: Clock;
    idMemory: IdMemory;
  },
): void {
  const gauge = (name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => void) =>
    new Gauge({
      name: `vectadb_cloudwatch_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        collect(this);
      },
    });
  gauge('lag_seconds', 'How far behind now a group has been read', ['group'], (lag) => {
    const nowMs = clock();
    for (const { label, progress } of work.readers())
      if (progress) lag.set({ group: label }, Math.max(0, nowMs - progress.fast.positionMs) / 1_000);
  });
  gauge(
    'group_readable',
    '1 where the last attempt to read a group succeeded, else 0',
    ['group'],
    (readable) => {
      for (const { label, trouble } of work.readers())
        readable.set({ group: label }, trouble === null ? 1 : 0);
    },
  );
  gauge(
    'target_listed',
    '1 where the log groups of an account and region could be listed, else 0',
    ['target'],
    (listed) => {
      for (const { api } of targets)
        listed.set({ target: api.label }, directory.troubles.has(api.label) ? 0 : 1);
    },
  );
  gauge('seen_ids', 'Ids of events remembered, in memory or in cloudwatch-checkpoints', [], (seen) => {
    let ids = 0;
    for (const shard of work.shards.values()) ids += shard.stateEntries;
    seen.set(ids);
  });
  gauge('seen_ids_memory_bytes', 'Memory taken by ids of events', [], (bytes) => bytes.set(idMemory.bytes));
  gauge('request_rate', 'Requests a second that this poller allows itself', ['target'], (rate) => {
    for (const { api, gate } of targets) rate.set({ target: api.label }, gate.rate);
  });
  gauge('requests_waiting', 'Requests that wait for their turn', ['target'], (waiting) => {
    for (const { api, gate } of targets) waiting.set({ target: api.label }, gate.waiting);
  });
}

/**
 * Membership in the consumer group that shares out the shards, and how their transactions end.
 * @returns what the runner tells as it happens.
 */
export function exposeShards(registry: Registry, status: () => RunnerStatus | null): RunnerObserver {
  const registers = [registry];
  new Gauge({
    name: 'vectadb_cloudwatch_joined',
    help: '1 while it is a member of its consumer group, else 0',
    registers,
    collect() {
      this.set(status()?.joined ? 1 : 0);
    },
  });
  new Gauge({
    name: 'vectadb_cloudwatch_shards',
    help: 'Shards of log groups that it owns: running, or not (acquiring, failing)',
    labelNames: ['state'],
    registers,
    collect() {
      const partitions = status()?.partitions ?? [];
      const running = partitions.filter(
        ({ state, trouble }) => state === 'running' && trouble === null,
      ).length;
      this.set({ state: 'running' }, running);
      this.set({ state: 'waiting' }, partitions.length - running);
    },
  });
  const transactions = new Histogram({
    name: 'vectadb_cloudwatch_transaction_duration_seconds',
    help: 'From the begin of a transaction to its commit',
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 10],
    registers,
  });
  const failures = new Counter({
    name: 'vectadb_cloudwatch_failures_total',
    help: 'Failures of a shard, by what they mean: fenced, poison, refused, unavailable, retriable, fatal',
    labelNames: ['kind'],
    registers,
  });
  for (const kind of FAILURE_KINDS) failures.inc({ kind }, 0);
  return {
    committed: (seconds) => transactions.observe(seconds),
    failed: (kind) => failures.inc({ kind }),
    processed: () => {},
    refused: () => {},
  };
}
