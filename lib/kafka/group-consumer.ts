import { setTimeout as delay } from 'node:timers/promises';
import { REDRIVE_HEADER } from '../topology/redrive.js';
import type { EncodedRecord } from '../topology/topology.js';
import { ClusterClient } from './cluster.js';
import { noFaultPoint } from './exactly-once/fault-point.js';
import { type Feed, FetchLoop } from './fetch-loop.js';
import { Membership } from './membership.js';
import { type ConsumerStatus, FatalError, type GroupConsumer, type GroupConsumerOptions } from './types.js';
import { lookUpTopics } from './until-answered.js';

const COMMIT_INTERVAL_MS = 500;
const MAX_BACK_OFF_MS = 5_000;
const WAIT_MS = 1_000;
/** How often a failure that goes on is told of. */
const TELL_EVERY_MS = 60_000;

/**
 * Joins a consumer group and hands each owned partition's records to `handler`, at least once and in order (see
 * {@link GroupConsumerOptions}). Resolves once the group has been joined for the first time or `close` was called.
 * @throws when the cluster cannot be reached or a topic does not exist.
 */
export async function runGroupConsumer(options: GroupConsumerOptions): Promise<GroupConsumer> {
  const consumer = new PartitionedConsumer(options);
  await consumer.start();
  return consumer;
}

class PartitionedConsumer implements GroupConsumer {
  private readonly cluster: ClusterClient;
  private readonly fetchLoop: FetchLoop;
  private readonly membership: Membership;
  private readonly workers = new Map<string, PartitionWorker>();
  private readonly leaving = new Map<string, Promise<void>>();
  private closing = false;
  private readonly settle: { resolve: () => void; reject: (error: Error) => void };
  readonly stopped: Promise<void>;

  constructor(private readonly options: GroupConsumerOptions) {
    const { kafka, groupId, topics, logger } = options;
    let settle!: { resolve: () => void; reject: (error: Error) => void };
    this.stopped = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.settle = settle;
    this.stopped.catch(() => {
      // whoever awaits `stopped` is told; the promise alone must not end the process as unhandled
    });
    this.cluster = new ClusterClient(kafka);
    this.fetchLoop = new FetchLoop(this.cluster, logger);
    this.membership = new Membership({
      kafka,
      groupId,
      topics,
      cluster: this.cluster,
      logger,
      claims: () => Object.fromEntries([...this.workers.keys()].map((name) => [name, 0])),
      sessionTimeoutMs: options.sessionTimeoutMs ?? 10_000,
      memberFile: options.memberFile ?? null,
    });
    this.membership.on('assigned', (partitions) => this.onAssigned(partitions));
    this.membership.on('fatal', (error) => this.settle.reject(error));
  }

  async start(): Promise<void> {
    await lookUpTopics(this.cluster, this.options.topics, this.options.logger);
    await this.membership.start();
  }

  status(): ConsumerStatus {
    return {
      joined: this.membership.joined,
      inputError: this.fetchLoop.lastError,
      partitions: [...this.workers.values()].map((worker) => worker.status()),
    };
  }

  async close(): Promise<void> {
    if (this.closing) return this.stopped;
    this.closing = true;
    await Promise.all([...this.workers.values()].map((worker) => worker.close()));
    await Promise.all(this.leaving.values());
    await this.membership.close();
    await this.fetchLoop.close();
    await this.cluster.disconnect();
    this.settle.resolve();
  }

  private onAssigned(names: string[]): void {
    if (this.closing) return;
    const assigned = new Set(names);
    for (const [name, worker] of this.workers) {
      if (assigned.has(name)) continue;
      this.workers.delete(name);
      const gone = worker.abandon().finally(() => {
        if (this.leaving.get(name) === gone) this.leaving.delete(name);
      });
      this.leaving.set(name, gone);
    }
    for (const name of assigned)
      if (!this.workers.has(name)) void this.adopt(name, this.membership.generation);
  }

  private async adopt(name: string, generation: number): Promise<void> {
    await this.leaving.get(name);
    if (this.closing || this.membership.generation !== generation || this.workers.has(name)) return;
    const [topic, partition] = name.split('/') as [string, string];
    const worker = new PartitionWorker(topic, Number(partition), {
      options: this.options,
      cluster: this.cluster,
      fetchLoop: this.fetchLoop,
      commit: (offset) =>
        this.membership.commit([{ topic, partition: Number(partition), offset: String(offset) }]),
      onFatal: (error) => this.settle.reject(error),
    });
    this.workers.set(name, worker);
  }
}

interface WorkerContext {
  options: GroupConsumerOptions;
  cluster: ClusterClient;
  fetchLoop: FetchLoop;
  commit: (offset: number) => Promise<void>;
  onFatal: (error: Error) => void;
}

/** One partition: seek, then take a batch, handle it, remember its offset, for as long as it is owned. */
class PartitionWorker {
  private feed: Feed | null = null;
  private position = -1;
  private committed = -1;
  private lastCommitMs = 0;
  private failing: string | null = null;
  private asking = false;
  /** Append time of the first record in hand, Unix milliseconds. */
  private inHandMs: number | null = null;
  private readonly abort = new AbortController();
  private closing = false;
  private readonly finished: Promise<void>;

  constructor(
    private readonly topic: string,
    private readonly partition: number,
    private readonly context: WorkerContext,
  ) {
    this.finished = this.run();
  }

  status(): ConsumerStatus['partitions'][number] {
    const { topic, partition, position, failing } = this;
    const waitingSinceMs = this.inHandMs ?? this.feed?.nextMs ?? null;
    return { topic, partition, position, lag: this.feed?.lagFrom(position) ?? -1, waitingSinceMs, failing };
  }

  /** Lets the batch at hand finish, commits, ends. A handler that does not come to an end within 8 s is aborted. */
  async close(): Promise<void> {
    this.closing = true;
    this.feed?.nudge();
    const timer = setTimeout(() => this.abort.abort(), 8_000);
    if (this.failing !== null || this.position < 0) this.abort.abort();
    await this.finished;
    clearTimeout(timer);
  }

  async abandon(): Promise<void> {
    this.abort.abort();
    this.feed?.nudge();
    await this.finished;
  }

  private get name(): string {
    return `${this.topic}/${this.partition}`;
  }

  private get done(): boolean {
    return this.closing || this.abort.signal.aborted;
  }

  private async run(): Promise<void> {
    try {
      await this.untilItWorks('seek', () => this.seek());
      while (!this.done) await this.handleNext();
      if (!this.abort.signal.aborted) await this.commitPosition();
    } catch (error) {
      if (!this.abort.signal.aborted)
        this.context.onFatal(error instanceof Error ? error : new Error(String(error)));
    } finally {
      if (this.feed) this.context.fetchLoop.remove(this.feed);
    }
  }

  private async seek(): Promise<void> {
    const { cluster, options, fetchLoop } = this.context;
    const committed = await cluster.committedOffset(options.groupId, this.topic, this.partition);
    const start = await cluster.offsetOf(this.topic, this.partition, 'start');
    if (committed !== undefined && committed < start) {
      options.logger.error(
        { topic: this.topic, partition: this.partition, committed, logStart: start },
        'records were deleted before they were read',
      );
    }
    this.position = Math.max(committed ?? start, start);
    this.committed = committed ?? -1;
    this.feed = fetchLoop.add(this.topic, this.partition, this.position);
  }

  private async handleNext(): Promise<void> {
    const feed = this.feed!;
    if (feed.outOfRange) {
      throw new FatalError(
        `${this.topic}/${this.partition}: offset ${feed.outOfRange.wanted} is not in the log, which starts at ${feed.outOfRange.logStart}`,
      );
    }
    const limit = this.context.options.maxBatchRecords ?? 1_000;
    const records: EncodedRecord[] = [];
    let nextOffset = this.position;
    for (let chunk = feed.take(); chunk; chunk = records.length < limit ? feed.take() : undefined) {
      const room = limit - records.length;
      if (chunk.records.length > room) {
        const rest = chunk.records.slice(room);
        feed.putBack({
          ...chunk,
          records: rest,
          bytes: Math.ceil((chunk.bytes * rest.length) / chunk.records.length),
        });
        for (const record of chunk.records.slice(0, room)) records.push(record);
        nextOffset = rest[0]!.offset;
        break;
      }
      for (const record of chunk.records) records.push(record);
      nextOffset = chunk.nextOffset;
    }
    this.inHandMs = records[0]?.timestampMs ?? null;
    if (records.length > 0) await this.untilItWorks('handler', () => this.handle(records, nextOffset));
    this.inHandMs = null;
    this.position = nextOffset;
    if (Date.now() - this.lastCommitMs >= COMMIT_INTERVAL_MS) await this.commitPosition();
    const uncommitted = this.position !== this.committed;
    if (!this.done) await feed.waitForData(uncommitted ? COMMIT_INTERVAL_MS : WAIT_MS);
  }

  private async handle(records: EncodedRecord[], nextOffset: number): Promise<void> {
    const { codec, handler } = this.context.options;
    if (codec) {
      for (const { value, headers } of records) {
        const unknown = codec.codec.unknownId(value, REDRIVE_HEADER in headers);
        if (unknown !== undefined) await codec.learn(unknown);
      }
    }
    const { topic, partition } = this;
    const { faultPoint = noFaultPoint } = this.context.options;
    faultPoint('before-write', this.name);
    await handler(
      { topic, partition, records, nextOffset, lag: this.feed!.lagFrom(nextOffset) },
      this.abort.signal,
    );
    faultPoint('after-write', this.name);
  }

  private async commitPosition(): Promise<void> {
    this.lastCommitMs = Date.now();
    if (this.position === this.committed) return;
    try {
      await this.context.commit(this.position);
      this.committed = this.position;
    } catch (error) {
      // at least once: what is not committed is delivered again, to this member or to the next owner
      this.context.options.logger.warn(
        { err: error, topic: this.topic, partition: this.partition },
        'commit failed',
      );
    }
  }

  /** Runs `work` until it succeeds, the partition is lost, or it fails for good. Meanwhile nothing more is fetched. */
  private async untilItWorks(what: string, work: () => Promise<void>): Promise<void> {
    const { logger } = this.context.options;
    const { topic, partition } = this;
    let toldMs = 0;
    for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, MAX_BACK_OFF_MS)) {
      try {
        await work();
        this.failing = null;
        this.feed?.resume();
        return;
      } catch (error) {
        if (error instanceof FatalError || this.abort.signal.aborted) throw error;
        const failing = `${what}: ${error instanceof Error ? error.message : String(error)}`;
        // an outage is told of in every partition, over and over: once a minute is enough for who reads it
        if (failing !== this.failing || Date.now() - toldMs >= TELL_EVERY_MS) {
          const why = toldMs === 0 ? { err: error } : { reason: failing };
          logger.warn({ ...why, topic, partition }, `${what} failed; will be tried until it works`);
          toldMs = Date.now();
        }
        this.failing = failing;
        this.feed?.pause();
        void this.seeEnd();
        if (this.closing) this.abort.abort();
        await delay(waitMs, undefined, { signal: this.abort.signal });
      }
    }
  }

  /** Asks where the partition ends, which nobody says while nothing is fetched. Never rejects: the lag is then as last seen. */
  private async seeEnd(): Promise<void> {
    const { cluster, options } = this.context;
    const { topic, partition, feed } = this;
    if (!feed || this.asking) return;
    this.asking = true;
    try {
      feed.sawEnd(await cluster.offsetOf(topic, partition, 'end'));
    } catch (error) {
      options.logger.warn(
        { err: error, topic, partition },
        'the lag is as last seen: Kafka does not say more',
      );
    } finally {
      this.asking = false;
    }
  }
}
