import { setTimeout as delay } from 'node:timers/promises';
import type { Codec } from '../../model/codec.js';
import type { Logger } from '../../telemetry/logger.js';
import { DEAD_LETTER_TOPIC } from '../../topology/dead-letter.js';
import { type OutputRecord, PoisonError, Task } from '../../topology/task.js';
import type { SubTopology } from '../../topology/topology.js';
import type { ClusterClient } from '../cluster.js';
import type { Feed, FetchedChunk, FetchLoop } from '../fetch-loop.js';
import { readPartition } from '../partition-reader.js';
import { FatalError, type KafkaSettings } from '../types.js';
import { classify } from './failure.js';
import type { FaultPoint } from './fault-point.js';
import { TransactionalProducer } from './transactions.js';

export interface OwnerContext {
  kafka: KafkaSettings;
  cluster: ClusterClient;
  fetchLoop: FetchLoop;
  sub: SubTopology<unknown, unknown>;
  codec: Codec;
  /** Asks the registry for a schema id; rejects while the registry cannot answer. */
  learnSchema: (id: number) => Promise<void>;
  partitionsOf: (topic: string) => number;
  /** Resolves at the next sign that this member is still in its generation. */
  stillMember: (signal: AbortSignal) => Promise<void>;
  onLoss: 'stop' | 'continue';
  faultPoint: FaultPoint;
  logger: Logger;
  onFatal: (error: Error) => void;
  counters: OwnerCounters;
}

export interface OwnerCounters {
  values: number;
  transactions: number;
  fencings: number;
  restores: number;
  deadLetters: number;
  failures: number;
}

export type OwnerState = 'acquiring' | 'running' | 'waiting' | 'stopped';

/** A transaction begins at the latest this long after the one before, if there is something to write, milliseconds. */
const COMMIT_INTERVAL_MS = 100;
const MAX_VALUES = 2_000;
const MAX_BYTES = 600_000;
/** Group offsets are for people who look at lag; the position that counts is in the changelog. */
const OFFSETS_INTERVAL_MS = 1_000;
const RESTORE_STALL_MS = 30_000;
const MAX_BACK_OFF_MS = 5_000;
const SAME_POSITION_LIMIT = 3;
/** More poison than this within {@link POISON_WINDOW_MS} is no bad value but a defect: then the process stops. */
const POISON_LIMIT = 16;
const POISON_WINDOW_MS = 60_000;

/**
 * Owns one input partition: acquires it (fence, restore, seek), runs its {@link Task} and commits transactions that hold
 * outputs, changelog, position and dead letters together. Invariant: the changelog's last committed entries are a state
 * and the position that it belongs to; whoever writes next has fenced whoever wrote before.
 */
export class PartitionOwner {
  state: OwnerState = 'acquiring';
  /** Why the partition does not run; null while it does. */
  trouble: string | null = null;
  /** Offset of this owner's fence in the changelog: its claim in the next assignment. */
  fenceOffset = -1;
  private task: Task<unknown, unknown> | null = null;
  private producer: TransactionalProducer | null = null;
  private feed: Feed | null = null;
  private readonly abort = new AbortController();
  private closing = false;
  private readonly skip = new Map<string, string>();
  private poisonedMs: number[] = [];
  private failure = { position: -1, count: 0 };
  private lastCommitMs = 0;
  private lastOffsetsMs = 0;
  private readonly finished: Promise<void>;

  constructor(
    readonly partition: number,
    private readonly context: OwnerContext,
  ) {
    this.finished = this.run();
  }

  get position(): number {
    return this.task?.position ?? -1;
  }

  /** Records between the position and the end, as last seen. */
  get lag(): number {
    return this.feed?.lag ?? -1;
  }

  get stateEntries(): number {
    return this.task?.state.size ?? 0;
  }

  /** Commits what has been processed, then lets go. Bounded by the transaction time-outs. */
  async close(): Promise<void> {
    this.closing = true;
    this.feed?.nudge();
    if (this.state !== 'running') this.abort.abort();
    await this.finished;
  }

  /** The partition belongs to somebody else: let go at once, commit nothing more. */
  async abandon(): Promise<void> {
    this.abort.abort();
    this.feed?.nudge();
    await this.finished;
  }

  private get done(): boolean {
    return this.closing || this.abort.signal.aborted;
  }

  private async run(): Promise<void> {
    let backOffMs = 100;
    while (!this.done) {
      try {
        await this.acquire();
        this.state = 'running';
        this.trouble = null;
        backOffMs = 100;
        await this.pump();
      } catch (error) {
        const waitMs = this.onFailure(error, backOffMs);
        await this.drop();
        if (waitMs === null) break;
        await this.pause(error, waitMs);
        backOffMs = Math.min(backOffMs * 2, MAX_BACK_OFF_MS);
      }
    }
    await this.drop();
    this.state = 'stopped';
  }

  /** Decides what a failure means. Returns how long to wait before acquiring again, or null to end. */
  private onFailure(error: unknown, backOffMs: number): number | null {
    if (this.abort.signal.aborted) return null;
    const { sub, logger, counters, onFatal } = this.context;
    const kind = classify(error);
    counters.failures++;
    const position = this.position;
    this.trouble = `${kind}: ${error instanceof Error ? error.message : String(error)}`;
    const log = { err: error, kind, partition: this.partition, position };
    const end = (reason: string) => {
      logger.fatal(log, reason);
      onFatal(new FatalError(`${sub.name} partition ${this.partition}: ${reason}: ${this.trouble}`));
      return null;
    };
    if (kind === 'fatal') return end('cannot go on');
    if (kind === 'refused') return end('the broker refuses what has to be written');
    if (kind === 'fenced') {
      counters.fencings++;
      logger.warn(log, 'fenced; waiting for the group to confirm the assignment');
      return 0;
    }
    if (kind === 'poison' && error instanceof PoisonError && !this.skip.has(error.at)) {
      const nowMs = Date.now();
      this.poisonedMs = [...this.poisonedMs.filter((ms) => nowMs - ms < POISON_WINDOW_MS), nowMs];
      if (this.poisonedMs.length > POISON_LIMIT)
        return end('the processor fails on one value after the other');
      logger.error(log, 'the processor failed on one value; it goes to dead-letter');
      this.skip.set(error.at, error.message);
      return 0;
    }
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
    const { producer, feed } = this;
    this.producer = null;
    this.feed = null;
    this.task = null;
    if (feed) this.context.fetchLoop.remove(feed);
    await producer?.close();
  }

  private async acquire(): Promise<void> {
    const { kafka, cluster, sub, faultPoint, logger, counters, fetchLoop, partitionsOf } = this.context;
    const { signal } = this.abort;
    const startedMs = Date.now();
    const transactionalId = `${sub.groupId}-${sub.source}-${this.partition}`;
    this.producer = await TransactionalProducer.open(kafka, transactionalId, faultPoint);
    const fence = this.changelogRecord(
      'fence',
      Buffer.from(JSON.stringify({ at: new Date().toISOString() })),
    );
    this.fenceOffset = await this.producer.commit([fence], null);
    faultPoint('after-fence');
    signal.throwIfAborted();

    const task = new Task(sub, this.partition, partitionsOf);
    for (const [at, message] of this.skip) task.skip.set(at, message);
    const from = await cluster.offsetOf(sub.changelog, this.partition, 'start');
    let restored = 0;
    const until = this.fenceOffset + 1;
    await readPartition(
      cluster,
      sub.changelog,
      this.partition,
      { from, until, stallMs: RESTORE_STALL_MS, signal },
      (records) => {
        for (const { key, value } of records) if (key) task.restore(key.toString('utf8'), value);
        restored += records.length;
        faultPoint('mid-restore');
      },
    );
    const logStart = await cluster.offsetOf(sub.source, this.partition, 'start');
    const position = task.position === undefined ? logStart : this.checkStart(task.position, logStart);
    task.position = position;
    this.task = task;
    this.feed = fetchLoop.add(sub.source, this.partition, position);
    counters.restores++;
    const tookMs = Date.now() - startedMs;
    logger.info({ partition: this.partition, position, restored, tookMs }, 'acquired the partition');
  }

  /** Records between the position and the log's start are gone: that is said, never passed over. */
  private checkStart(position: number, logStart: number): number {
    if (position >= logStart) return position;
    const { sub, onLoss, logger } = this.context;
    const what = `${sub.source}/${this.partition}: offsets ${position} to ${logStart - 1} were deleted before they were processed`;
    if (onLoss === 'stop') throw new FatalError(`${what} (set ON_LOSS=continue to go on from ${logStart})`);
    logger.error({ position, logStart }, what);
    return logStart;
  }

  private async pump(): Promise<void> {
    const task = this.task!;
    const feed = this.feed!;
    while (!this.abort.signal.aborted) {
      if (feed.outOfRange) await this.onOutOfRange(feed.outOfRange.wanted);
      await this.fill(task, feed);
      task.advanceTime(Date.now());
      const nowMs = Date.now();
      const dueMs = this.lastCommitMs + (task.hasOutput ? COMMIT_INTERVAL_MS : OFFSETS_INTERVAL_MS);
      const full = task.pending.values >= MAX_VALUES || task.pending.bytes >= MAX_BYTES;
      const work = task.hasOutput || task.hasMoved;
      if (work && (full || nowMs >= dueMs || this.closing)) await this.commit(task);
      else if (this.closing) return;
      else await feed.waitForData(this.waitMs(task, work ? dueMs : Number.POSITIVE_INFINITY, nowMs));
    }
  }

  private waitMs(task: Task<unknown, unknown>, dueMs: number, nowMs: number): number {
    const wakeMs = Math.min(dueMs, task.nextWakeMs() ?? Number.POSITIVE_INFINITY);
    return Math.min(Math.max(wakeMs - nowMs, 1), OFFSETS_INTERVAL_MS);
  }

  private async fill(task: Task<unknown, unknown>, feed: Feed): Promise<void> {
    while (!this.done && task.pending.values < MAX_VALUES && task.pending.bytes < MAX_BYTES) {
      const chunk = feed.take();
      if (!chunk) return;
      const used = await this.processChunk(task, chunk);
      if (used < chunk.records.length) {
        const records = chunk.records.slice(used);
        feed.putBack({
          ...chunk,
          records,
          bytes: Math.ceil((chunk.bytes * records.length) / chunk.records.length),
        });
        return;
      }
      task.advanceTo(chunk.nextOffset);
    }
  }

  private async processChunk(task: Task<unknown, unknown>, chunk: FetchedChunk): Promise<number> {
    let used = 0;
    const before = task.pending.values;
    for (const record of chunk.records) {
      if (task.pending.values >= MAX_VALUES || task.pending.bytes >= MAX_BYTES) break;
      const unknown = this.context.codec.unknownId(record.value);
      if (unknown !== undefined) await this.learn(unknown);
      task.process(record);
      used++;
    }
    this.context.counters.values += task.pending.values - before;
    return used;
  }

  /** Without the registry a framed value cannot be told from a broken one: wait for it, and say so. */
  private async learn(id: number): Promise<void> {
    for (let waitMs = 200; ; waitMs = Math.min(waitMs * 2, MAX_BACK_OFF_MS)) {
      try {
        await this.context.learnSchema(id);
        this.trouble = null;
        return;
      } catch (error) {
        this.trouble = `schema registry: ${error instanceof Error ? error.message : String(error)}`;
        this.context.logger.warn(
          { err: error, schemaId: id, waitMs },
          'the schema registry does not answer; waiting',
        );
        await delay(waitMs, undefined, { signal: this.abort.signal });
        if (this.closing) throw new Error('closed while waiting for the schema registry', { cause: error });
      }
    }
  }

  private async onOutOfRange(wanted: number): Promise<void> {
    const { cluster, sub } = this.context;
    const start = await cluster.offsetOf(sub.source, this.partition, 'start');
    const end = await cluster.offsetOf(sub.source, this.partition, 'end');
    if (wanted > end) {
      throw new FatalError(
        `${sub.source}/${this.partition}: position ${wanted} is beyond the end ${end}: the topic was made anew or lost data. ` +
          `Delete ${sub.changelog} and run \`vectadb topics apply\` to begin again with it`,
      );
    }
    this.checkStart(wanted, start);
    throw new Error(`${sub.source}/${this.partition}: the log's start moved past ${wanted}`);
  }

  private async commit(task: Task<unknown, unknown>): Promise<void> {
    const { sub, counters } = this.context;
    const { outputs, changelog, position } = task.takeTransaction();
    const records: OutputRecord[] = changelog.map(({ key, value }) => this.changelogRecord(key, value));
    records.push(...outputs);
    const nowMs = Date.now();
    const withOffsets = nowMs - this.lastOffsetsMs >= OFFSETS_INTERVAL_MS;
    this.lastCommitMs = nowMs;
    if (withOffsets) this.lastOffsetsMs = nowMs;
    const offsets = withOffsets
      ? { groupId: sub.groupId, topic: sub.source, partition: this.partition, offset: position }
      : null;
    await this.producer!.commit(records, offsets);
    counters.transactions++;
    for (const { topic } of outputs) if (topic === DEAD_LETTER_TOPIC) counters.deadLetters++;
  }

  private changelogRecord(key: string, value: Buffer | null): OutputRecord {
    const { sub } = this.context;
    return { topic: sub.changelog, partition: this.partition, key: Buffer.from(key), value, headers: {} };
  }
}
