import type { Work, WorkContext } from '../../../lib/kafka/exactly-once/work.js';
import { shardOf } from '../core/log-group.js';
import type { GroupReader } from './group-reader.js';
import { RAW_LOGS, type ShardContext, ShardPoller } from './shard-poller.js';
import type { Target } from './target.js';

export const CHECKPOINTS = 'cloudwatch-checkpoints';

/**
 * Log groups as the work of a consumer group: the partitions of cloudwatch-checkpoints are shards of groups, and their
 * records are what a shard remembers. There is no input topic.
 */
export class PollerWork implements Work {
  readonly name = 'cloudwatch';
  readonly groupId = 'vectadb-cloudwatch';
  readonly source = CHECKPOINTS;
  readonly changelog = CHECKPOINTS;
  readonly outputs = [RAW_LOGS];
  /** What comes in is asked for group by group, and its troubles are the readers'. */
  readonly inputError = null;
  private readonly owned = new Map<number, ShardPoller>();
  private started: { context: WorkContext; shards: number } | null = null;

  constructor(private readonly options: Omit<ShardContext, 'shards' | 'rawPartitions' | 'released'>) {
    options.directory.on('changed', () => this.shareQuotas());
  }

  start(context: WorkContext): void {
    this.started = { context, shards: context.partitionsOf(CHECKPOINTS) };
  }

  create(partition: number): ShardPoller {
    const { context, shards } = this.started!;
    const shard = new ShardPoller(partition, {
      ...this.options,
      logger: context.logger.child({ shard: partition }),
      shards,
      rawPartitions: () => context.partitionsOf(RAW_LOGS),
      released: () => this.release(partition, shard),
    });
    this.owned.set(partition, shard);
    this.shareQuotas();
    return shard;
  }

  async close(): Promise<void> {
    this.options.directory.close();
  }

  get shards(): ReadonlyMap<number, ShardPoller> {
    return this.owned;
  }

  *readers(): Iterable<GroupReader> {
    for (const shard of this.owned.values()) yield* shard.groupReaders();
  }

  private release(partition: number, shard: ShardPoller): void {
    if (this.owned.get(partition) === shard) this.owned.delete(partition);
    this.shareQuotas();
  }

  /** The quota is the account's: each poller takes the share of it that its groups are of all groups. */
  private shareQuotas(): void {
    if (this.started === null) return;
    const counts = new Map<Target, { ours: number; all: number }>();
    for (const [key, { target }] of this.options.directory.groups()) {
      const count = counts.get(target) ?? { ours: 0, all: 0 };
      count.all++;
      if (this.owned.has(shardOf(key, this.started.shards))) count.ours++;
      counts.set(target, count);
    }
    for (const [{ gate }, { ours, all }] of counts) if (ours > 0) gate.setShare(ours / all);
  }
}
