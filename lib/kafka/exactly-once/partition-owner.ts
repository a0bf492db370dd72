import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../telemetry/logger.js';
import type { OutputRecord } from '../../topology/task.js';
import type { ClusterClient } from '../cluster.js';
import { readPartition } from '../partition-reader.js';
import { FatalError, type KafkaSettings } from '../types.js';
import { classify } from './failure.js';
import type { FaultPoint } from './fault-point.js';
import { type ProducerLimits, TransactionalProducer } from './transactions.js';
import type {
  ChangelogEntry,
  OwnedPartition,
  PartitionWork,
  RunnerObserver,
  Work,
  WorkCounters,
} from './work.js';

export interface OwnerContext {
  kafka: KafkaSettings;
  cluster: ClusterClient;
  work: Work;
  producerLimits: ProducerLimits;
  /** Resolves at the next sign that this member is still in its generation. */
  stillMember: (signal: AbortSignal) => Promise<void>;
  faultPoint: FaultPoint;
  logger: Logger;
  onFatal: (error: Error) => void;
  counters: OwnerCounters;
  observer: RunnerObserver;
}

export interface OwnerCounters extends WorkCounters {
  transactions: number;
  fencings: number;
  restores: number;
  failures: number;
}

export type OwnerState = 'acquiring' | 'running' | 'waiting' | 'stopped';

const RESTORE_STALL_MS = 30_000;
const READ_STALL_MS = 10_000;
const MAX_BACK_OFF_MS = 5_000;
const SAME_POSITION_LIMIT = 3;

/**
 * Owns one partition: acquires it (fence, restore), lets its {@link PartitionWork} run and commits what that hands over,
 * outputs and changelog in one transaction. Invariant: the changelog's last committed entries are a state and the place
 * that it belongs to; whoever writes next has fenced whoever wrote before.
 */
export class PartitionOwner implements OwnedPartition {
  state: OwnerState = 'acquiring';
  /** Why the partition does not run; null while it does. */
  trouble: string | null = null;
  /** Offset of this owner's fence in the changelog: its claim in the next assignment. */
  fenceOffset = -1;
  closing = false;
  private readonly work: PartitionWork;
  private producer: TransactionalProducer | null = null;
  private readonly abort = new AbortController();
  private failure = { position: -1, count: 0 };
  private readonly finished: Promise<void>;

  constructor(
    readonly partition: number,
    private readonly context: OwnerContext,
  ) {
    this.work = context.work.create(partition);
    this.finished = this.own();
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  get position(): number {
    return this.work.position;
  }

  /** What is left between the position and the end, as last seen. */
  get lag(): number {
    return this.work.lag;
  }

  get waitingSinceMs(): number | null {
    return this.work.waitingSinceMs;
  }

  get stateEntries(): number {
    return this.work.stateEntries;
  }

  async commit(
    outputs: Iterable<OutputRecord>,
    changelog: ChangelogEntry[],
    groupOffset: number | null,
  ): Promise<number[]> {
    const { work, counters, observer } = this.context;
    const startedMs = performance.now();
    const offsets =
      groupOffset === null
        ? null
        : { groupId: work.groupId, topic: work.source, partition: this.partition, offset: groupOffset };
    const stored = await this.producer!.commit(this.recordsOf(changelog, outputs), offsets);
    counters.transactions++;
    observer.committed((performance.now() - startedMs) / 1_000);
    return stored.slice(0, changelog.length);
  }

  async readChangelog(key: string, offset: number): Promise<Buffer> {
    const { cluster, work } = this.context;
    let value: Buffer | null = null;
    const range = {
      from: offset,
      until: offset + 1,
      stallMs: READ_STALL_MS,
      maxBytes: 1,
      signal: this.signal,
    };
    await readPartition(cluster, work.changelog, this.partition, range, (records) => {
      for (const record of records)
        if (record.offset === offset && record.key?.toString('utf8') === key) value = record.value;
    });
    if (value === null)
      throw new Error(`${work.changelog}/${this.partition}: offset ${offset} does not hold ${key}`);
    return value;
  }

  /** Commits what has been done, then lets go. Bounded by the transaction time-outs. */
  async close(): Promise<void> {
    this.closing = true;
    this.work.nudge();
    if (this.state !== 'running') this.abort.abort();
    await this.finished;
  }

  /** The partition belongs to somebody else: let go at once, commit nothing more. */
  async abandon(): Promise<void> {
    this.abort.abort();
    this.work.nudge();
    await this.finished;
  }

  private get done(): boolean {
    return this.closing || this.abort.signal.aborted;
  }

  private async own(): Promise<void> {
    let backOffMs = 100;
    while (!this.done) {
      try {
        await this.acquire();
        this.state = 'running';
        this.trouble = null;
        backOffMs = 100;
        await this.work.run(this);
      } catch (error) {
        const waitMs = this.onFailure(error, backOffMs);
        await this.drop();
        if (waitMs === null) break;
        await this.pause(error, waitMs);
        backOffMs = Math.min(backOffMs * 2, MAX_BACK_OFF_MS);
      }
    }
    await this.drop();
    this.work.release?.();
    this.state = 'stopped';
  }

  /** Decides what a failure means. Returns how long to wait before acquiring again, or null to end. */
  private onFailure(error: unknown, backOffMs: number): number | null {
    if (this.abort.signal.aborted) return null;
    const { work, logger, counters, observer, onFatal } = this.context;
    const kind = classify(error);
    counters.failures++;
    observer.failed(kind);
    const position = this.position;
    this.trouble = `${kind}: ${error instanceof Error ? error.message : String(error)}`;
    const log = { err: error, kind, partition: this.partition, position };
    const end = (reason: string) => {
      logger.fatal(log, reason);
      onFatal(new FatalError(`${work.name} partition ${this.partition}: ${reason}: ${this.trouble}`));
      return null;
    };
    if (kind === 'fatal') return end('cannot go on');
    if (kind === 'refused') return end('the broker refuses what has to be written');
    if (kind === 'fenced') {
      counters.fencings++;
      logger.warn(log, 'fenced; waiting for the group to confirm the assignment');
      return 0;
    }
    const own = this.work.onFailure?.(error);
    if (own === 'again') return 0;
    if (own !== undefined) return end(own.fatal);
    if (kind !== 'unavailable') {
      this.failure =
        this.failure.position === position
          ? { position, count: this.failure.count + 1 }
          : { position, count: 1 };
      if (this.failure.count >= SAME_POSITION_LIMIT)
        return end(`failed ${SAME_POSITION_LIMIT} times at the same position`);
    }
    logger.warn(log, 'the partition failed; acquiring it again');
    return backOffMs;
  }

  private async pause(error: unknown, waitMs: number): Promise<void> {
    this.state = 'waiting';
    try {
      if (classify(error) === 'fenced') await this.context.stillMember(this.abort.signal);
      else await delay(waitMs, undefined, { signal: this.abort.signal });
    } catch (interrupted) {
      if (!this.abort.signal.aborted) throw interrupted;
    }
    this.state = 'acquiring';
  }

  private async drop(): Promise<void> {
    const { producer } = this;
    this.producer = null;
    await this.work.drop();
    await producer?.close();
  }

  private async acquire(): Promise<void> {
    const { kafka, cluster, work, producerLimits, faultPoint, logger, counters } = this.context;
    const { signal } = this.abort;
    const startedMs = Date.now();
    const transactionalId = `${work.groupId}-${work.source}-${this.partition}`;
    this.producer = await TransactionalProducer.open(
      kafka,
      transactionalId,
      faultPoint,
      producerLimits,
      async () => work.confirm?.(),
    );
    const fence = this.changelogRecord(
      'fence',
      Buffer.from(JSON.stringify({ at: new Date().toISOString() })),
    );
    [this.fenceOffset = -1] = await this.producer.commit([fence], null);
    faultPoint('after-fence');
    signal.throwIfAborted();

    this.work.begin();
    const from = await cluster.offsetOf(work.changelog, this.partition, 'start');
    let restored = 0;
    const until = this.fenceOffset + 1;
    await readPartition(
      cluster,
      work.changelog,
      this.partition,
      { from, until, stallMs: RESTORE_STALL_MS, signal },
      (records) => {
        for (const { key, value, offset } of records)
          if (key) this.work.restore(key.toString('utf8'), value, offset);
        restored += records.length;
        faultPoint('mid-restore');
      },
    );
    counters.restores++;
    const tookMs = Date.now() - startedMs;
    logger.info({ partition: this.partition, restored, tookMs }, 'acquired the partition');
  }

  private *recordsOf(changelog: ChangelogEntry[], outputs: Iterable<OutputRecord>): Iterable<OutputRecord> {
    for (const { key, value } of changelog) yield this.changelogRecord(key, value);
    yield* outputs;
  }

  private changelogRecord(key: string, value: Buffer | null): OutputRecord {
    const { work } = this.context;
    return { topic: work.changelog, partition: this.partition, key: Buffer.from(key), value, headers: {} };
  }
}
