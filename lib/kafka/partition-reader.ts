import { setTimeout as delay } from 'node:timers/promises';
import type { EncodedRecord } from '../topology/topology.js';
import { type ClusterClient, FETCH_ERRORS } from './cluster.js';

export interface ReadOptions {
  from: number;
  /** Read until the position reaches this offset. */
  until: number;
  /** How long a position may stand still below `until` before it is an error, milliseconds. */
  stallMs: number;
  maxBytes?: number;
  signal?: AbortSignal;
}

/** The log does not hold what was to be read: its start is past the wanted offset. */
export class LogStartError extends Error {
  override name = 'LogStartError';
  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly wanted: number,
    readonly logStart: number,
  ) {
    super(`${topic}/${partition}: offset ${wanted} is wanted, the log starts at ${logStart}`);
  }
}

/**
 * Reads one partition, read_committed, from an offset until a position, handing over the records of each fetch. The
 * position moves over markers and compacted records too. Returns the position reached (at or past `until`).
 * @throws LogStartError when `from` lies outside the log; an Error when the position stands still for `stallMs`
 * (an open transaction below `until`, or no leader) or the signal aborts.
 */
export async function readPartition(
  cluster: ClusterClient,
  topic: string,
  partition: number,
  options: ReadOptions,
  onRecords: (records: EncodedRecord[]) => void | Promise<void>,
): Promise<number> {
  let position = options.from;
  let movedAt = Date.now();
  let last = '';
  while (position < options.until) {
    options.signal?.throwIfAborted();
    if (Date.now() - movedAt > options.stallMs) {
      throw new Error(
        `${topic}/${partition}: no progress at offset ${position} of ${options.until} for ${options.stallMs} ms${last}`,
      );
    }
    const leader = cluster.leaderOf(topic, partition);
    const fetched =
      leader === undefined
        ? undefined
        : (
            await cluster.fetch(
              leader,
              [{ topic, partition, offset: position, maxBytes: options.maxBytes ?? 4_194_304 }],
              100,
              options.maxBytes ?? 4_194_304,
            )
          )[0];
    if (fetched === undefined || fetched.errorCode !== 0) {
      if (fetched?.errorCode === FETCH_ERRORS.OFFSET_OUT_OF_RANGE) {
        throw new LogStartError(
          topic,
          partition,
          position,
          await cluster.offsetOf(topic, partition, 'start'),
        );
      }
      last = fetched ? ` (Kafka error code ${fetched.errorCode})` : ' (no leader)';
      await delay(100, undefined, { signal: options.signal });
      await cluster.refresh();
      continue;
    }
    if (fetched.records.length > 0) await onRecords(fetched.records);
    if (fetched.nextOffset > position) {
      position = fetched.nextOffset;
      movedAt = Date.now();
    }
  }
  return position;
}

/**
 * Reads a topic, partition after partition, from its start to what is its end when the partition's turn comes. The cluster is connected
 * to the topic.
 * @throws as {@link readPartition}.
 */
export async function readToEnd(
  cluster: ClusterClient,
  topic: string,
  stallMs: number,
  onRecords: (records: EncodedRecord[], partition: number) => void | Promise<void>,
): Promise<void> {
  for (const partition of await cluster.partitionsOf(topic)) {
    const from = await cluster.offsetOf(topic, partition, 'start');
    const until = await cluster.offsetOf(topic, partition, 'end');
    await readPartition(cluster, topic, partition, { from, until, stallMs }, (records) =>
      onRecords(records, partition),
    );
  }
}
