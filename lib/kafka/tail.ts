import pRetry from 'p-retry';
import type { Logger } from '../telemetry/logger.js';
import type { EncodedRecord } from '../topology/topology.js';
import { ClusterClient } from './cluster.js';
import { type Feed, FetchLoop } from './fetch-loop.js';
import type { KafkaSettings } from './types.js';

export interface TailOptions {
  kafka: KafkaSettings;
  topic: string;
  from: 'latest' | 'earliest';
  /** Records of one partition, in order. Must not throw; what it does asynchronously is its own affair. */
  onRecords: (records: EncodedRecord[]) => void;
  logger: Logger;
}

export interface Tail {
  /** Resolves once every partition is being read. */
  readonly ready: Promise<void>;
  /**
   * Everything that was appended before this time has been handed over, Unix milliseconds; 0 until the end of every
   * partition was seen once. Stands still while the cluster cannot be read.
   */
  completeUntilMs(): number;
  /** Last failure of a fetch, or null. */
  lastError(): string | null;
  close(): Promise<void>;
}

const WAIT_MS = 1_000;
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 3_000;

/**
 * {@link tailTopic} that is {@link Tail.ready}, tried until it is: a service may be there before its topic is.
 * @param onFailedAttempt is told of each failure. @throws the signal's reason once it aborts.
 */
export async function openTail(
  options: TailOptions,
  { signal, onFailedAttempt }: { signal: AbortSignal; onFailedAttempt: (error: Error) => void },
): Promise<Tail> {
  const open = async () => {
    const tail = tailTopic(options);
    try {
      await tail.ready;
    } catch (error) {
      await tail.close();
      throw error;
    }
    return tail;
  };
  return pRetry(open, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: FIRST_RETRY_MS,
    maxTimeout: MAX_RETRY_MS,
    signal,
    onFailedAttempt: ({ error }) => onFailedAttempt(error),
  });
}

/**
 * Reads all partitions of a topic as they grow, read_committed, without a group: every reader sees every record, and
 * nothing is remembered. Where the log no longer holds a position it goes on from the log's start.
 */
export function tailTopic(options: TailOptions): Tail {
  const cluster = new ClusterClient(options.kafka);
  const fetchLoop = new FetchLoop(cluster, options.logger);
  let closed = false;
  const readers: Promise<void>[] = [];
  /** By partition: its feed, and until when it was known to be complete. */
  const reading = new Map<number, { feed: Feed; completeMs: number }>();

  const start = async () => {
    await cluster.connect([options.topic]);
    for (const partition of await cluster.partitionsOf(options.topic)) {
      const which = options.from === 'latest' ? 'end' : 'start';
      readers.push(read(partition, await cluster.offsetOf(options.topic, partition, which)));
    }
  };
  const read = async (partition: number, offset: number) => {
    const add = (from: number): Feed => {
      const added = fetchLoop.add(options.topic, partition, from);
      reading.set(partition, { feed: added, completeMs: reading.get(partition)?.completeMs ?? 0 });
      return added;
    };
    let feed = add(offset);
    while (!closed) {
      if (feed.outOfRange) {
        const { wanted, logStart } = feed.outOfRange;
        options.logger.warn(
          { topic: options.topic, partition, wanted, logStart },
          'tail goes on from the start of the log',
        );
        feed = add(logStart);
      }
      for (let chunk = feed.take(); chunk; chunk = feed.take())
        if (chunk.records.length > 0) options.onRecords(chunk.records);
      if (!closed) await feed.waitForData(WAIT_MS);
    }
  };
  let started = false;
  const ready = start().then(() => {
    started = true;
  });
  return {
    ready,
    completeUntilMs: () => {
      let least = Number.POSITIVE_INFINITY;
      for (const one of reading.values()) {
        one.completeMs = Math.max(one.completeMs, one.feed.takenUntilMs);
        least = Math.min(least, one.completeMs);
      }
      return started ? least : 0;
    },
    lastError: () => fetchLoop.lastError,
    close: async () => {
      closed = true;
      for (const { feed } of reading.values()) feed.nudge();
      await ready.catch(() => undefined);
      await fetchLoop.close();
      await Promise.all(readers);
      await cluster.disconnect();
    },
  };
}
