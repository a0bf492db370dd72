import type { OwnedPartition, PartitionWork } from '../../../lib/kafka/exactly-once/work.js';
import type { Codec } from '../../../lib/model/codec.js';
import type { Masker } from '../../../lib/model/masking/masker.js';
import { partitionOf } from '../../../lib/topology/partition.js';
import type { OutputRecord } from '../../../lib/topology/task.js';
import { seenRecordKey } from '../core/checkpoint.js';
import type { IdMemory } from '../core/id-memory.js';
import type { Lane, Lanes, Progress, Range } from '../core/lanes.js';
import { groupKey, type LogGroup, shardOf } from '../core/log-group.js';
import { rawRecordOf } from '../core/raw-record.js';
import { type Accepted, type LogEvent, ShardState } from '../core/shard-state.js';
import type { GroupDirectory } from './directory.js';
import { type Delivery, GroupReader, type ReaderContext } from './group-reader.js';

export const RAW_LOGS = 'raw-logs';
/** A position that moved without a new event is written this often: whoever reads on from an old one only reads more. */
const POSITION_INTERVAL_MS = 15_000;

export interface ShardContext extends ReaderContext {
  lanes: Lanes;
  directory: GroupDirectory;
  codec: Codec;
  /** Takes secrets out of what is sent. */
  masker: Masker;
  shards: number;
  rawPartitions: () => number;
  /** How far back a group begins that was never read, milliseconds. */
  startBackMs: number;
  /** How long the position of a group is kept that is gone, milliseconds. */
  forgetAfterMs: number;
  idMemory: IdMemory;
  /** One cycle and no more. */
  once: boolean;
  /** Called when the shard is let go for good. */
  released: () => void;
}

interface QueuedPage {
  group: LogGroup;
  range: Range;
  events: LogEvent[];
  last: boolean;
  resolve: (current: boolean) => void;
  reject: (error: unknown) => void;
}

/**
 * Reads the log groups of one shard for as long as it is owned. Invariant: the new events of a page, their ids and the
 * group's position are committed in one transaction, and a reader goes on to its next page only after it.
 */
export class ShardPoller implements PartitionWork, Delivery {
  private state: ShardState;
  private readonly readers = new Map<string, { reader: GroupReader; finished: Promise<void> }>();
  private queue: QueuedPage[] = [];
  private wake: (() => void) | null = null;
  private failure: unknown = null;
  private taking = false;
  private cycleFailed = false;
  private lastCommitMs = 0;
  private commits = 0;
  /** Whether the one cycle has been read without a failure; null: it has not ended. */
  cycleSucceeded: boolean | null = null;

  constructor(
    private readonly shard: number,
    private readonly context: ShardContext,
  ) {
    this.state = new ShardState(context.lanes);
  }

  /** Grows with every commit, so that a failure after it is not the same failure again. */
  get position(): number {
    return this.commits;
  }

  readonly lag = 0;
  /** Lag is a matter of each log group. */
  readonly waitingSinceMs = null;

  get stateEntries(): number {
    return this.state.size;
  }

  /** Readers of this shard's groups, while it is owned. */
  *groupReaders(): Iterable<GroupReader> {
    for (const { reader } of this.readers.values()) yield reader;
  }

  begin(): void {
    this.state = new ShardState(this.context.lanes);
    this.failure = null;
    this.cycleSucceeded = null;
    this.cycleFailed = false;
  }

  restore(key: string, value: Buffer | null, offset: number): void {
    this.state.restore(key, value, offset);
    this.trim();
  }

  nudge(): void {
    this.wake?.();
  }

  async drop(): Promise<void> {
    const gone = [...this.readers.values()];
    this.taking = false;
    for (const { reader } of gone) reader.stop({ cut: true });
    this.rejectQueued(new Error('the shard was given up'));
    await Promise.all(gone.map(({ finished }) => finished));
    this.readers.clear();
    this.state = new ShardState(this.context.lanes);
    this.trim();
  }

  release(): void {
    this.context.released();
  }

  async run(owned: OwnedPartition): Promise<void> {
    const { directory } = this.context;
    const onChanged = () => this.reconcile();
    this.taking = true;
    this.reconcile();
    if (!this.context.once) directory.on('changed', onChanged);
    try {
      await this.pump(owned);
    } finally {
      directory.off('changed', onChanged);
    }
  }

  progressOf(group: LogGroup): Progress | undefined {
    return this.state.progressOf(groupKey(group));
  }

  openRange(group: LogGroup, lane: Lane): Range | null {
    const nowMs = this.context.clock();
    return this.state.openRange(groupKey(group), lane, nowMs, nowMs - this.context.startBackMs);
  }

  deliver(group: LogGroup, range: Range, events: LogEvent[], last: boolean): Promise<boolean> {
    if (!this.taking) return Promise.reject(new Error('the shard was given up'));
    return new Promise((resolve, reject) => {
      this.queue.push({ group, range, events, last, resolve, reject });
      this.wake?.();
    });
  }

  private async pump(owned: OwnedPartition): Promise<void> {
    this.lastCommitMs = performance.now();
    while (!owned.signal.aborted) {
      if (this.failure !== null) throw this.failure;
      if (owned.closing) this.stopReaders();
      const idle = this.queue.length === 0;
      const ending = owned.closing && this.readers.size === 0 && idle;
      const restMs = POSITION_INTERVAL_MS - (performance.now() - this.lastCommitMs);
      if (!idle || restMs <= 0 || ending) await this.commitQueued(owned, ending || restMs <= 0);
      if (ending) return;
      if (idle) await this.waitForWork(Math.max(restMs, 0));
    }
  }

  private async waitForWork(limitMs: number): Promise<void> {
    if (this.queue.length > 0 || this.failure !== null) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.wake = null;
        resolve();
      };
      const timer = setTimeout(done, limitMs);
      this.wake = done;
    });
  }

  /** `positions`: writes what moved even where there is no new event. */
  private async commitQueued(owned: OwnedPartition, positions: boolean): Promise<void> {
    const pages = this.queue.splice(0);
    try {
      const accepted: Accepted[] = [];
      for (const { group, range, events, last } of pages) {
        const key = groupKey(group);
        await this.loadIds(owned, key, range, events);
        accepted.push(this.state.accept(key, range, { events, last }));
      }
      const hasFresh = accepted.some(({ fresh }) => fresh.length > 0);
      if (positions) this.forgetGone();
      if (hasFresh || positions) {
        const changes = this.state.takeChanges();
        if (hasFresh || changes.length > 0)
          this.state.stored(changes, await owned.commit(this.outputsOf(pages, accepted), changes, null));
        this.commits++;
        this.lastCommitMs = performance.now();
      }
      this.trim();
      pages.forEach((page, index) => {
        this.observe(page, accepted[index]!);
        page.resolve(!accepted[index]!.stale);
      });
    } catch (error) {
      for (const { reject } of pages) reject(error);
      throw error;
    }
  }

  /** Ids that are asked about and are not in memory are in the changelog. */
  private async loadIds(owned: OwnedPartition, key: string, range: Range, events: LogEvent[]): Promise<void> {
    for (const stored of this.state.absent(key, range, events)) {
      this.state.load(key, stored, await owned.readChangelog(seenRecordKey(key, stored), stored.offset));
      this.context.metrics.idsLoaded();
    }
  }

  /** A group that could not be listed is not gone. */
  private forgetGone(): void {
    const { directory, clock, forgetAfterMs, logger } = this.context;
    if (directory.troubles.size > 0) return;
    const wanted = directory.groups();
    const gone = this.state.forgetGroups(clock() - forgetAfterMs, (key) => wanted.has(key));
    if (gone.length > 0) logger.info({ groups: gone }, 'forgot log groups that are long gone');
  }

  private trim(): void {
    this.context.idMemory.settle(this.shard, this.state);
  }

  /** Encoded one after the other, as the producer asks for them: a page is large enough as it is. */
  private *outputsOf(pages: QueuedPage[], accepted: Accepted[]): Iterable<OutputRecord> {
    const { codec, masker, rawPartitions } = this.context;
    const partitions = rawPartitions();
    for (const [index, { fresh }] of accepted.entries()) {
      for (const event of fresh) {
        const { key, log } = rawRecordOf(pages[index]!.group, event, masker);
        yield {
          topic: RAW_LOGS,
          partition: partitionOf(key, partitions),
          key: Buffer.from(key),
          value: codec.encode('raw-log', log),
          headers: {},
        };
      }
    }
  }

  private observe({ group }: QueuedPage, { fresh, ...accepted }: Accepted): void {
    const { metrics, clock } = this.context;
    metrics.committed(groupKey(group), { ...accepted, delivered: fresh.length });
    const nowMs = clock();
    for (const { timestampMs } of fresh) metrics.delay((nowMs - timestampMs) / 1_000);
  }

  /** Starts readers of groups that are new, stops those of groups that are gone. */
  private reconcile(): void {
    const wanted = this.context.directory.groups();
    for (const [key, { reader }] of this.readers) if (!wanted.has(key)) reader.stop();
    for (const [key, { group, target }] of wanted) {
      if (shardOf(key, this.context.shards) !== this.shard || this.readers.has(key)) continue;
      const reader = new GroupReader(group, key, target, this, this.context);
      const finished = this.context.once ? this.runOnce(reader) : reader.run();
      const ended = finished
        .catch((error: unknown) => {
          this.failure ??= error;
        })
        .then(() => {
          if (this.readers.get(key)?.reader === reader) this.readers.delete(key);
          this.wake?.();
        });
      this.readers.set(key, { reader, finished: ended });
    }
    if (this.context.once && this.readers.size === 0) this.cycleSucceeded ??= true;
    this.wake?.();
  }

  private async runOnce(reader: GroupReader): Promise<void> {
    const read = await reader.cycle();
    // the last one of the shard says how all of them went
    this.cycleFailed ||= !read;
    if (this.readers.size <= 1) this.cycleSucceeded = !this.cycleFailed;
  }

  private stopReaders(): void {
    for (const { reader } of this.readers.values()) reader.stop();
  }

  private rejectQueued(error: Error): void {
    for (const { reject } of this.queue.splice(0)) reject(error);
  }
}
