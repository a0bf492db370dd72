import { setTimeout as delay } from 'node:timers/promises';
import type { Codec } from '../../model/codec.js';
import { CAUSE_HEADER, DEAD_LETTER_TOPIC } from '../../topology/dead-letter.js';
import { REDRIVE_HEADER } from '../../topology/redrive.js';
import { PoisonError, Task } from '../../topology/task.js';
import type { SubTopology } from '../../topology/topology.js';
import type { Feed, FetchedChunk, FetchLoop } from '../fetch-loop.js';
import { FatalError } from '../types.js';
import type { OwnedPartition, PartitionWork, WorkContext } from './work.js';

export interface StreamPartitionContext extends WorkContext {
  sub: SubTopology<unknown, unknown>;
  codec: Codec;
  learnSchema: (id: number) => Promise<void>;
  onLoss: 'stop' | 'continue';
  fetchLoop: FetchLoop;
}

/** A transaction begins at the latest this long after the one before, if there is something to write, milliseconds. */
const COMMIT_INTERVAL_MS = 100;
const MAX_VALUES = 2_000;
const MAX_BYTES = 600_000;
/** Group offsets are for people who look at lag; the position that counts is in the changelog. */
const OFFSETS_INTERVAL_MS = 1_000;
const MAX_BACK_OFF_MS = 5_000;
/** More poison than this within {@link POISON_WINDOW_MS} is no bad value but a defect: then the process stops. */
const POISON_LIMIT = 16;
const POISON_WINDOW_MS = 60_000;

/**
 * Feeds the records of one input partition to its {@link Task} and commits what comes out: outputs, changelog, position
 * and dead letters together.
 */
export class StreamPartition implements PartitionWork {
  private task: Task<unknown, unknown> | null = null;
  private feed: Feed | null = null;
  private readonly skip = new Map<string, string>();
  private poisonedMs: number[] = [];
  private lastCommitMs = 0;
  private lastOffsetsMs = 0;
  /** The group's offset as last committed by this owner; null before the first. */
  private groupOffset: number | null = null;
  /** Append time of the oldest record that is processed and not committed, Unix milliseconds. */
  private uncommittedMs: number | null = null;

  constructor(
    private readonly partition: number,
    private readonly context: StreamPartitionContext,
  ) {}

  get position(): number {
    return this.task?.position ?? -1;
  }

  /** Records between the position and the end, as last seen; -1 where that is not known. */
  get lag(): number {
    return this.feed?.lagFrom(this.position) ?? -1;
  }

  get waitingSinceMs(): number | null {
    return this.uncommittedMs ?? this.feed?.nextMs ?? null;
  }

  get stateEntries(): number {
    return this.task?.state.size ?? 0;
  }

  begin(): void {
    this.task = new Task(this.context.sub, this.partition, this.context.partitionsOf);
    this.groupOffset = null;
    for (const [at, message] of this.skip) this.task.skip.set(at, message);
  }

  restore(key: string, value: Buffer | null): void {
    this.task!.restore(key, value);
  }

  nudge(): void {
    this.feed?.nudge();
  }

  async drop(): Promise<void> {
    // what waits goes on waiting while the partition is acquired again
    this.uncommittedMs ??= this.feed?.nextMs ?? null;
    if (this.feed) this.context.fetchLoop.remove(this.feed);
    this.feed = null;
    this.task = null;
  }

  onFailure(error: unknown): 'again' | { fatal: string } | undefined {
    if (!(error instanceof PoisonError) || this.skip.has(error.at)) return undefined;
    const nowMs = Date.now();
    this.poisonedMs = this.poisonedMs.filter((ms) => nowMs - ms < POISON_WINDOW_MS);
    if (!error.redriven) this.poisonedMs.push(nowMs);
    if (this.poisonedMs.length > POISON_LIMIT)
      return { fatal: 'the processor fails on one value after the other' };
    this.context.logger.error(
      { err: error, partition: this.partition, position: this.position },
      'the processor failed on one value; it goes to dead-letter',
    );
    this.skip.set(error.at, error.message);
    return 'again';
  }

  async run(owned: OwnedPartition): Promise<void> {
    const { cluster, sub, fetchLoop, logger } = this.context;
    const task = this.task!;
    const logStart = await cluster.offsetOf(sub.source, this.partition, 'start');
    task.position = task.position === undefined ? logStart : this.checkStart(task.position, logStart);
    logger.info({ partition: this.partition, position: task.position }, 'reading on');
    this.feed = fetchLoop.add(sub.source, this.partition, task.position);
    this.uncommittedMs = null;
    await this.pump(owned, task, this.feed);
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

  private async pump(owned: OwnedPartition, task: Task<unknown, unknown>, feed: Feed): Promise<void> {
    while (!owned.signal.aborted) {
      if (feed.outOfRange) await this.onOutOfRange(feed.outOfRange.wanted);
      await this.fill(owned, task, feed);
      // a timer fires when all that was appended before its time has been processed, so that how far a
      // process lags decides nothing
      task.advanceTime(Math.max(feed.takenUntilMs, Math.min(task.streamMs, Date.now())));
      const nowMs = Date.now();
      const dueMs = this.lastCommitMs + (task.hasOutput ? COMMIT_INTERVAL_MS : OFFSETS_INTERVAL_MS);
      const full = task.pending.values >= MAX_VALUES || task.pending.bytes >= MAX_BYTES;
      // at rest the group's offset, which people look at, must be the position: once, not with every round
      const work = task.hasOutput || task.hasMoved || task.position !== this.groupOffset;
      if (work && (full || nowMs >= dueMs || owned.closing)) await this.commit(owned, task);
      else if (owned.closing) return;
      else await this.wait(task, feed, work ? dueMs : Number.POSITIVE_INFINITY, nowMs);
    }
  }

  /** Until there is data, a commit or a timer is due, or the broker says that nothing came before one that is. */
  private async wait(task: Task<unknown, unknown>, feed: Feed, dueMs: number, nowMs: number): Promise<void> {
    const wakeMs = task.nextWakeMs() ?? Number.POSITIVE_INFINITY;
    const isOverdue = wakeMs <= nowMs;
    const untilMs = isOverdue ? dueMs : Math.min(dueMs, wakeMs);
    await feed.waitForData(Math.min(Math.max(untilMs - nowMs, 1), OFFSETS_INTERVAL_MS), isOverdue);
  }

  private async fill(owned: OwnedPartition, task: Task<unknown, unknown>, feed: Feed): Promise<void> {
    while (
      !owned.closing &&
      !owned.signal.aborted &&
      task.pending.values < MAX_VALUES &&
      task.pending.bytes < MAX_BYTES
    ) {
      const chunk = feed.take();
      if (!chunk) return;
      const used = await this.processChunk(owned, task, chunk);
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

  private async processChunk(
    owned: OwnedPartition,
    task: Task<unknown, unknown>,
    chunk: FetchedChunk,
  ): Promise<number> {
    let used = 0;
    const before = task.pending.values;
    this.uncommittedMs ??= chunk.records[0]?.timestampMs ?? null;
    for (const record of chunk.records) {
      if (task.pending.values >= MAX_VALUES || task.pending.bytes >= MAX_BYTES) break;
      const unknown = this.context.codec.unknownId(record.value, REDRIVE_HEADER in record.headers);
      if (unknown !== undefined) await this.learn(owned, unknown);
      task.process(record);
      used++;
    }
    this.context.counters.values += task.pending.values - before;
    return used;
  }

  /** Without the registry a framed value cannot be told from a broken one: wait for it, and say so. */
  private async learn(owned: OwnedPartition, id: number): Promise<void> {
    for (let waitMs = 200; ; waitMs = Math.min(waitMs * 2, MAX_BACK_OFF_MS)) {
      try {
        await this.context.learnSchema(id);
        owned.trouble = null;
        return;
      } catch (error) {
        owned.trouble = `schema registry: ${error instanceof Error ? error.message : String(error)}`;
        this.context.logger.warn(
          { err: error, schemaId: id, waitMs },
          'the schema registry does not answer; waiting',
        );
        await delay(waitMs, undefined, { signal: owned.signal });
        if (owned.closing) throw new Error('closed while waiting for the schema registry', { cause: error });
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

  private async commit(owned: OwnedPartition, task: Task<unknown, unknown>): Promise<void> {
    const { outputs, changelog, position } = task.takeTransaction({ restatesPosition: true });
    const nowMs = Date.now();
    const withOffsets = owned.closing || nowMs - this.lastOffsetsMs >= OFFSETS_INTERVAL_MS;
    this.lastCommitMs = nowMs;
    if (withOffsets) {
      this.lastOffsetsMs = nowMs;
      this.groupOffset = position;
    }
    await owned.commit(outputs, changelog, withOffsets ? position : null);
    const { observer } = this.context;
    if (this.uncommittedMs !== null) observer.processed(Math.max(0, Date.now() - this.uncommittedMs) / 1_000);
    this.uncommittedMs = null;
    for (const { topic, headers } of outputs) {
      if (topic === DEAD_LETTER_TOPIC) observer.refused(String(headers[CAUSE_HEADER]));
    }
  }
}
