import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../telemetry/logger.js';
import type { EncodedRecord } from '../topology/topology.js';
import { type ClusterClient, FETCH_ERRORS, type FetchedPartition } from './cluster.js';

/** Bytes fetched but not yet taken, above which a partition is not fetched: backpressure. */
const BUFFER_BYTES = 4 * 1024 * 1024;
const FETCH_BYTES = 1024 * 1024;
const MAX_WAIT_MS = 200;

/** Records of one fetch that wait to be taken. */
export interface FetchedChunk {
  records: EncodedRecord[];
  nextOffset: number;
  bytes: number;
}

/** One partition's place in the loop: what was fetched and where to go on. */
export class Feed {
  private chunks: FetchedChunk[] = [];
  private bufferedBytes = 0;
  /** Set when the log no longer holds the position: see DESIGN, "the log's start is checked". */
  outOfRange: { wanted: number; logStart: number } | null = null;
  /** Last stable offset as last seen; -1 before it was. */
  private endOffset = -1;
  private paused = false;
  /** Append time of the last record that was fetched, Unix milliseconds. */
  private lastFetchedMs = 0;
  /** All that was appended before this time has been fetched, Unix milliseconds; 0 before the end was first seen. */
  private completeMs = 0;
  private wake: (() => void) | null = null;
  private wakesOnAnswer = false;

  constructor(
    readonly topic: string,
    readonly partition: number,
    /** Offset of the next fetch. */
    public fetchOffset: number,
    /** Called when there is room again. */
    private readonly onRoom: () => void,
  ) {}

  get wantsData(): boolean {
    return !this.paused && this.bufferedBytes < BUFFER_BYTES && this.outOfRange === null;
  }

  /** Records between `position` and the end, as last seen, whether they have been fetched or not; -1 where that is not known. */
  lagFrom(position: number): number {
    return this.endOffset < 0 ? -1 : Math.max(0, this.endOffset - position);
  }

  /** Fetches nothing more until {@link resume}: what is fetched is kept in memory. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.onRoom();
  }

  /** The partition was seen to end here; who is paused is not told of it by fetching. */
  sawEnd(offset: number): void {
    this.endOffset = Math.max(this.endOffset, offset);
  }

  get hasData(): boolean {
    return this.chunks.length > 0 || this.outOfRange !== null;
  }

  /** Takes the oldest chunk. */
  take(): FetchedChunk | undefined {
    const chunk = this.chunks.shift();
    if (chunk) {
      const wanted = this.wantsData;
      this.bufferedBytes -= chunk.bytes;
      if (!wanted && this.wantsData) this.onRoom();
    }
    return chunk;
  }

  /** Puts back what was taken and not used, as the next to be taken. */
  putBack(chunk: FetchedChunk): void {
    this.chunks.unshift(chunk);
    this.bufferedBytes += chunk.bytes;
  }

  /** All that was appended before this time has been taken, Unix milliseconds; 0 where that is not known. */
  get takenUntilMs(): number {
    return this.hasData ? 0 : this.completeMs;
  }

  /**
   * Append time of the next record to be taken, Unix milliseconds; where it has not been fetched yet, a time that it is not
   * older than. Null: nothing is known to be left.
   */
  get nextMs(): number | null {
    const next = this.chunks.find(({ records }) => records.length > 0)?.records[0];
    if (next) return next.timestampMs;
    if (this.lagFrom(this.fetchOffset) <= 0) return null;
    return Math.max(this.lastFetchedMs, this.completeMs) || null;
  }

  /** Resolves when there is data, on `nudge`, after `timeoutMs`, and if asked for, when the broker says that there is none. */
  async waitForData(timeoutMs: number, onAnswer = false): Promise<void> {
    if (this.hasData || timeoutMs <= 0) return;
    this.wakesOnAnswer = onAnswer;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, timeoutMs);
      const self = this;
      function done(): void {
        clearTimeout(timer);
        self.wake = null;
        resolve();
      }
      this.wake = done;
    });
  }

  /** Ends a {@link waitForData} early. */
  nudge(): void {
    this.wake?.();
  }

  /** @param askedMs when the request was sent, Unix milliseconds: the answer says nothing of what was appended after that. */
  accept(fetched: FetchedPartition, askedMs: number): void {
    this.endOffset = Math.max(fetched.lastStableOffset, fetched.nextOffset);
    // what a transaction still holds back was appended, too
    if (fetched.nextOffset >= fetched.highWatermark) this.completeMs = askedMs;
    if (fetched.nextOffset <= this.fetchOffset) {
      if (this.wakesOnAnswer) this.nudge();
      return;
    }
    this.fetchOffset = fetched.nextOffset;
    this.lastFetchedMs = fetched.records.at(-1)?.timestampMs ?? this.lastFetchedMs;
    this.chunks.push({
      records: fetched.records,
      nextOffset: fetched.nextOffset,
      bytes: fetched.bytes,
    });
    this.bufferedBytes += fetched.bytes;
    this.nudge();
  }

  fail(logStart: number): void {
    this.outOfRange = { wanted: this.fetchOffset, logStart };
    this.nudge();
  }
}

/**
 * Fetches for a set of partitions: one request under way per leader, naming every partition whose buffer has room. It
 * replaces kafkajs's own fetching, so that a slow partition holds up no other, positions are ours alone, and an aborted
 * record cannot leak. Invariant: a feed's chunks are contiguous and in order.
 */
export class FetchLoop {
  private readonly feeds = new Map<string, Feed>();
  private readonly loops = new Map<number, Promise<void>>();
  private idle: (() => void)[] = [];
  private closed = false;
  /** Last failure of a fetch; null after a success. */
  lastError: string | null = null;

  constructor(
    private readonly cluster: ClusterClient,
    private readonly logger: Logger,
  ) {}

  /** Begins to fetch a partition from `offset`. */
  add(topic: string, partition: number, offset: number): Feed {
    const feed = new Feed(topic, partition, offset, () => this.wakeLoops());
    this.feeds.set(`${topic}/${partition}`, feed);
    this.ensureLoops();
    this.wakeLoops();
    return feed;
  }

  remove(feed: Feed): void {
    const key = `${feed.topic}/${feed.partition}`;
    if (this.feeds.get(key) === feed) this.feeds.delete(key);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.feeds.clear();
    this.wakeLoops();
    await Promise.all(this.loops.values());
  }

  private wakeLoops(): void {
    const waiting = this.idle;
    this.idle = [];
    for (const wake of waiting) wake();
  }

  private leaderOf(feed: Feed): number {
    return this.cluster.leaderOf(feed.topic, feed.partition) ?? -1;
  }

  private ensureLoops(): void {
    if (this.closed) return;
    for (const feed of this.feeds.values()) {
      const leader = this.leaderOf(feed);
      if (!this.loops.has(leader)) {
        const loop = this.run(leader).finally(() => {
          this.loops.delete(leader);
        });
        this.loops.set(leader, loop);
      }
    }
  }

  /** Serves the partitions that `leader` leads until none is left; leader -1 stands for none known. */
  private async run(leader: number): Promise<void> {
    let backOffMs = 50;
    while (!this.closed) {
      const mine = [...this.feeds.values()].filter((feed) => this.leaderOf(feed) === leader);
      if (mine.length === 0) return;
      const wanting = mine.filter((feed) => feed.wantsData);
      if (wanting.length === 0) {
        await new Promise<void>((resolve) => this.idle.push(resolve));
        continue;
      }
      try {
        if (leader < 0) throw new Error('a partition has no leader');
        await this.fetchOnce(leader, wanting);
        backOffMs = 50;
        this.lastError = null;
      } catch (error) {
        if (this.closed) return;
        this.lastError = error instanceof Error ? error.message : String(error);
        this.logger.warn({ err: error, leader }, 'fetch failed; trying again');
        await delay(backOffMs);
        backOffMs = Math.min(backOffMs * 2, 2_000);
        await this.refreshLeaders();
      }
    }
  }

  private async fetchOnce(leader: number, feeds: Feed[]): Promise<void> {
    const requests = feeds.map((feed) => ({
      topic: feed.topic,
      partition: feed.partition,
      offset: feed.fetchOffset,
      maxBytes: FETCH_BYTES,
    }));
    const askedMs = Date.now();
    const answers = await this.cluster.fetch(leader, requests, MAX_WAIT_MS, FETCH_BYTES * 4);
    let stale: number | null = null;
    for (const answer of answers) {
      const feed = this.feeds.get(`${answer.topic}/${answer.partition}`);
      if (!feed || !feeds.includes(feed)) continue;
      if (answer.errorCode === 0) feed.accept(answer, askedMs);
      else if (answer.errorCode === FETCH_ERRORS.OFFSET_OUT_OF_RANGE) {
        feed.fail(await this.cluster.offsetOf(feed.topic, feed.partition, 'start'));
      } else stale = answer.errorCode;
    }
    if (stale !== null) throw new Error(`Kafka error code ${stale}`);
  }

  private async refreshLeaders(): Promise<void> {
    try {
      await this.cluster.refresh();
    } catch (error) {
      // the next round tries again, and `lastError` says why nothing moves
      this.lastError = error instanceof Error ? error.message : String(error);
    }
    this.ensureLoops();
  }
}
