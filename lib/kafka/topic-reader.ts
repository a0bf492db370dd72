import { setTimeout as delay } from 'node:timers/promises';
import type { EncodedRecord } from '../topology/topology.js';
import { type ClusterClient, FETCH_ERRORS, type FetchedPartition } from './cluster.js';

export interface TopicReadOptions {
  from: 'start' | 'end';
  /** false: ends where the committed records of the topic ended when the reading began. */
  follow: boolean;
  signal?: AbortSignal;
}

/** Offsets `[from, until)` of a partition that belong to, or come after, a transaction that is still open. */
export interface HeldBack {
  partition: number;
  from: number;
  until: number;
}

const FOLLOW_WAIT_MS = 500;
/** A bounded reading waits for nobody's next record. */
const BOUNDED_WAIT_MS = 50;
const MAX_BYTES = 1_048_576;
/** How long fetches may fail in a row. */
const FAILURE_LIMIT_MS = 30_000;

/**
 * Reads all partitions of a topic without a group, read_committed, yielding what each fetch gave. Positions that the
 * log no longer holds go on from its start. Returns what an open transaction kept from being read.
 * @throws when fetches have failed for 30 s in a row, with the last failure.
 */
export async function* readTopic(
  cluster: ClusterClient,
  topic: string,
  options: TopicReadOptions,
): AsyncGenerator<EncodedRecord[], HeldBack[]> {
  const positions = new Map<number, number>();
  const ends = new Map<number, number>();
  const heldBack: HeldBack[] = [];
  for (const partition of await cluster.partitionsOf(topic)) {
    const end = await cluster.offsetOf(topic, partition, 'end');
    positions.set(
      partition,
      options.from === 'end' ? end : await cluster.offsetOf(topic, partition, 'start'),
    );
    ends.set(partition, end);
  }
  const maxWaitMs = options.follow ? FOLLOW_WAIT_MS : BOUNDED_WAIT_MS;
  let failingSinceMs: number | null = null;
  // each partition is fetched at least once: only a fetch tells of an open transaction
  while (positions.size > 0 && !options.signal?.aborted) {
    const { fetched, failure } = await fetchOnce(cluster, topic, [...positions], maxWaitMs);
    for (const one of fetched) {
      const { partition, lastStableOffset, highWatermark } = one;
      if (one.errorCode === FETCH_ERRORS.OFFSET_OUT_OF_RANGE) {
        positions.set(partition, await cluster.offsetOf(topic, partition, 'start'));
        continue;
      }
      positions.set(partition, one.nextOffset);
      const end = options.follow ? Number.POSITIVE_INFINITY : ends.get(partition)!;
      const records = one.records.filter(({ offset }) => offset < end);
      if (records.length > 0) yield records;
      if (options.follow || one.nextOffset < Math.min(end, lastStableOffset)) continue;
      positions.delete(partition);
      if (highWatermark > lastStableOffset)
        heldBack.push({ partition, from: lastStableOffset, until: highWatermark });
    }
    if (failure === null) {
      failingSinceMs = null;
      continue;
    }
    failingSinceMs ??= Date.now();
    if (Date.now() - failingSinceMs > FAILURE_LIMIT_MS)
      throw new Error(`${topic} cannot be read: ${failure}`);
    await delay(200, undefined, { signal: options.signal }).catch(() => {
      // aborted: the loop's condition ends it
    });
    await cluster.refresh().catch(() => {
      // the next fetch says what is wrong
    });
  }
  return heldBack;
}

async function fetchOnce(
  cluster: ClusterClient,
  topic: string,
  partitions: [partition: number, position: number][],
  maxWaitMs: number,
): Promise<{ fetched: FetchedPartition[]; failure: string | null }> {
  let failure: string | null = null;
  const leaders = new Map<number, [partition: number, position: number][]>();
  for (const one of partitions) {
    const leader = cluster.leaderOf(topic, one[0]);
    if (leader === undefined) failure = `partition ${one[0]} has no leader`;
    else leaders.set(leader, [...(leaders.get(leader) ?? []), one]);
  }
  const answers = await Promise.all(
    [...leaders].map(async ([leader, wanted]) => {
      const requests = wanted.map(([partition, offset]) => ({
        topic,
        partition,
        offset,
        maxBytes: MAX_BYTES,
      }));
      try {
        return await cluster.fetch(leader, requests, maxWaitMs, MAX_BYTES * 4);
      } catch (error) {
        failure = error instanceof Error ? error.message : String(error);
        return [];
      }
    }),
  );
  const fetched = answers.flat().filter((one) => {
    if (one.errorCode === 0 || one.errorCode === FETCH_ERRORS.OFFSET_OUT_OF_RANGE) return true;
    failure = `partition ${one.partition}: Kafka error code ${one.errorCode}`;
    return false;
  });
  return { fetched, failure };
}
