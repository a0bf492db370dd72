import type { Logger } from '../../telemetry/logger.js';
import { ClusterClient } from '../cluster.js';
import { Membership } from '../membership.js';
import type { KafkaSettings } from '../types.js';
import { lookUpTopics } from '../until-answered.js';
import { type FaultPoint, noFaultPoint } from './fault-point.js';
import { type OwnerContext, type OwnerCounters, PartitionOwner } from './partition-owner.js';
import type { ProducerLimits } from './transactions.js';
import { noObserver, type RunnerObserver, type Work } from './work.js';

export interface RunnerOptions {
  kafka: KafkaSettings;
  work: Work;
  logger: Logger;
  sessionTimeoutMs?: number;
  /** Keeps the member id of this slot between starts; null keeps none. */
  memberFile?: string | null;
  producerLimits?: ProducerLimits;
  faultPoint?: FaultPoint;
  observer?: RunnerObserver;
}

export interface RunnerStatus {
  stage: string;
  groupId: string;
  /** Topic that it reads. */
  source: string;
  joined: boolean;
  generation: number;
  partitions: {
    partition: number;
    state: string;
    position: number;
    lag: number;
    waitingSinceMs: number | null;
    stateEntries: number;
    trouble: string | null;
  }[];
  counters: OwnerCounters;
  inputError: string | null;
}

/**
 * Does one {@link Work} as a member of its consumer group, exactly once: what the group assigns is acquired, owned and
 * let go partition by partition ({@link PartitionOwner}). The group only spreads the work; safety comes from each
 * partition's transactional id, since kafkajs's TxnOffsetCommit carries no group generation.
 */
export class ExactlyOnceRunner {
  private readonly owners = new Map<number, PartitionOwner>();
  /** Owners that were let go and have not finished; a partition that comes back waits for its own. */
  private readonly leaving = new Map<number, Promise<void>>();
  private readonly cluster: ClusterClient;
  private readonly membership: Membership;
  private partitionCounts: ReadonlyMap<string, number> = new Map();
  private readonly counters: OwnerCounters = {
    values: 0,
    transactions: 0,
    fencings: 0,
    restores: 0,
    failures: 0,
  };
  private closing = false;
  private fail!: (error: Error) => void;
  /** Rejects with what stopped the runner for good; otherwise pending. */
  readonly failed: Promise<never>;

  constructor(private readonly options: RunnerOptions) {
    this.cluster = new ClusterClient(options.kafka);
    this.failed = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.failed.catch(() => {
      // whoever awaits `failed` is told; the promise alone must not end the process as unhandled
    });
    const { groupId, source } = options.work;
    this.membership = new Membership({
      kafka: options.kafka,
      groupId,
      topics: [source],
      cluster: this.cluster,
      logger: options.logger,
      claims: () =>
        Object.fromEntries(
          [...this.owners].map(([partition, owner]) => [`${source}/${partition}`, owner.fenceOffset]),
        ),
      sessionTimeoutMs: options.sessionTimeoutMs ?? 10_000,
      memberFile: options.memberFile ?? null,
    });
    this.membership.on('assigned', (partitions) => this.onAssigned(partitions));
    this.membership.on('fatal', (error) => this.fail(error));
  }

  /** Connects, checks that every topic is there and joins the group. Resolves before that when it is closed meanwhile. */
  async start(): Promise<void> {
    if (this.closing) return;
    try {
      await this.begin();
    } catch (error) {
      // what is cut short fails in many ways
      if (!this.closing) throw error;
    }
  }

  private async begin(): Promise<void> {
    const { work, logger, faultPoint } = this.options;
    const topics = [...new Set([work.source, work.changelog, ...work.outputs])];
    this.partitionCounts = await lookUpTopics(this.cluster, topics, logger);
    const { source, changelog } = work;
    if (this.partitionCounts.get(source) !== this.partitionCounts.get(changelog)) {
      throw new Error(
        `${source} has ${this.partitionCounts.get(source)} partitions and ${changelog} ${this.partitionCounts.get(changelog)}: they must be equal`,
      );
    }
    if (this.closing) return;
    work.start({
      cluster: this.cluster,
      logger,
      faultPoint: faultPoint ?? noFaultPoint,
      counters: this.counters,
      observer: this.options.observer ?? noObserver,
      partitionsOf: (topic) => {
        const count = this.partitionCounts.get(topic);
        if (count === undefined) throw new Error(`${topic} is not a topic of ${work.name}`);
        return count;
      },
    });
    await this.membership.start();
  }

  /** Commits what has been processed, leaves the group, closes every connection. */
  async close(): Promise<void> {
    this.closing = true;
    await Promise.all([...this.owners.values()].map((owner) => owner.close()));
    await Promise.all(this.leaving.values());
    await this.membership.close();
    await this.options.work.close();
    await this.cluster.disconnect();
  }

  status(): RunnerStatus {
    const { work } = this.options;
    return {
      stage: work.name,
      groupId: work.groupId,
      source: work.source,
      joined: this.membership.joined,
      generation: this.membership.generation,
      partitions: [...this.owners.values()]
        .sort((a, b) => a.partition - b.partition)
        .map(({ partition, state, position, lag, waitingSinceMs, stateEntries, trouble }) => ({
          partition,
          state,
          position,
          lag,
          waitingSinceMs,
          stateEntries,
          trouble,
        })),
      counters: { ...this.counters },
      inputError: work.inputError,
    };
  }

  private onAssigned(names: string[]): void {
    if (this.closing) return;
    const assigned = new Set(names.map((name) => Number(name.split('/')[1])));
    for (const [partition, owner] of this.owners) {
      if (assigned.has(partition)) continue;
      this.owners.delete(partition);
      const gone = owner.abandon().finally(() => {
        if (this.leaving.get(partition) === gone) this.leaving.delete(partition);
      });
      this.leaving.set(partition, gone);
    }
    for (const partition of assigned) {
      // a partition that is kept keeps its producer and state: had anybody else owned it, the producer would be fenced
      if (!this.owners.has(partition)) void this.adopt(partition, this.membership.generation);
    }
  }

  private async adopt(partition: number, generation: number): Promise<void> {
    await this.leaving.get(partition);
    if (this.closing || this.membership.generation !== generation || this.owners.has(partition)) return;
    this.owners.set(partition, new PartitionOwner(partition, this.ownerContext()));
  }

  private ownerContext(): OwnerContext {
    const { kafka, work, logger, faultPoint, producerLimits } = this.options;
    return {
      kafka,
      cluster: this.cluster,
      work,
      producerLimits: producerLimits ?? {},
      stillMember: (signal) => this.stillMember(signal),
      faultPoint: faultPoint ?? noFaultPoint,
      logger,
      onFatal: (error) => this.fail(error),
      counters: this.counters,
      observer: this.options.observer ?? noObserver,
    };
  }

  /** A heartbeat answered after now, or a new generation: either way the group has spoken since the fencing. */
  private stillMember(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => () => {
        this.membership.off('heartbeat', spoken);
        this.membership.off('assigned', spoken);
        signal.removeEventListener('abort', aborted);
        finish();
      };
      const spoken = settle(resolve);
      const aborted = settle(() => reject(signal.reason));
      this.membership.on('heartbeat', spoken);
      this.membership.on('assigned', spoken);
      signal.addEventListener('abort', aborted, { once: true });
      if (signal.aborted) aborted();
    });
  }
}
