import { setTimeout as delay } from 'node:timers/promises';
import type { EncodedRecord } from '../topology/topology.js';
import { type ClusterClient, FETCH_ERRORS } from './cluster.js';

/** Offsets `[from, until)` of one partition. */
export interface OffsetRange {
  partition: number;
  from: number;
  until: number;
}

export interface SearchLimits {
  records: number;
  bytes: number;
  /** Unix milliseconds. */
  deadlineMs: number;
}

/** How far a search went. `unread`: offsets that it did not get to, the oldest of their partitions. */
export interface Searched {
  topic: string;
  records: number;
  unread: number;
}

const WINDOW_OFFSETS = 1_000;
const WAIT_MS = 50;
const MAX_BYTES = 1_048_576;

interface Window extends OffsetRange {
  position: number;
}

/**
 * Looks for a record in ranges of a topic, read_committed, from their ends back, all partitions side by side. Bounded: it
 * ends at the first of the limits, and says what it did not read. Of several in the newest window the one appended last is
 * given.
 * @param prepare is given records before `isWanted` looks at them, one by one.
 */
export async function findNewest(
  cluster: ClusterClient,
  topic: string,
  ranges: readonly OffsetRange[],
  limits: SearchLimits,
  isWanted: (record: EncodedRecord) => boolean,
  prepare: (records: EncodedRecord[]) => Promise<void> = async () => {},
): Promise<{ found: EncodedRecord | null; searched: Searched }> {
  const searched: Searched = { topic, records: 0, unread: 0 };
  let bytes = 0;
  let left = ranges.filter(({ from, until }) => until > from);
  const isOver = () =>
    searched.records >= limits.records || bytes >= limits.bytes || Date.now() >= limits.deadlineMs;
  while (left.length > 0 && !isOver()) {
    const windows = left.map(({ partition, from, until }): Window => {
      const start = Math.max(from, until - WINDOW_OFFSETS);
      return { partition, from: start, until, position: start };
    });
    let best: EncodedRecord | null = null;
    let open = windows;
    while (open.length > 0 && Date.now() < limits.deadlineMs) {
      const fetched = await fetchWindows(cluster, topic, open);
      for (const { window, records, size } of fetched) {
        bytes += size;
        searched.records += records.length;
        await prepare(records);
        for (const record of records)
          if (
            record.offset < window.until &&
            isWanted(record) &&
            record.timestampMs >= (best?.timestampMs ?? 0)
          )
            best = record;
      }
      open = open.filter(({ position, until }) => position < until);
      if (open.length > 0 && fetched.length === 0) await delay(WAIT_MS);
    }
    if (best !== null) return { found: best, searched };
    // a window that was not read to its end counts as not read
    left = left
      .map(({ partition, from, until }, index) => ({
        partition,
        from,
        until: windows[index]!.position >= until ? windows[index]!.from : until,
      }))
      .filter(({ from, until }) => until > from);
  }
  searched.unread = left.reduce((sum, { from, until }) => sum + until - from, 0);
  return { found: null, searched };
}

async function fetchWindows(
  cluster: ClusterClient,
  topic: string,
  windows: Window[],
): Promise<{ window: Window; records: EncodedRecord[]; size: number }[]> {
  const byLeader = new Map<number, Window[]>();
  for (const window of windows) {
    const leader = cluster.leaderOf(topic, window.partition);
    if (leader !== undefined) byLeader.set(leader, [...(byLeader.get(leader) ?? []), window]);
  }
  if (byLeader.size === 0) await cluster.refresh();
  const results = await Promise.all(
    [...byLeader].map(async ([leader, own]) => {
      const requests = own.map(({ partition, position }) => ({
        topic,
        partition,
        offset: position,
        maxBytes: MAX_BYTES,
      }));
      const fetched = await cluster.fetch(leader, requests, WAIT_MS, MAX_BYTES * 4);
      return fetched.flatMap(
        ({ partition, errorCode, records, nextOffset, lastStableOffset, bytes: size }) => {
          const window = own.find((one) => one.partition === partition)!;
          if (errorCode === FETCH_ERRORS.OFFSET_OUT_OF_RANGE) {
            window.position = window.until; // deleted meanwhile: there is nothing to read
            return [];
          }
          if (errorCode !== 0) return [];
          window.position = nextOffset >= lastStableOffset ? window.until : nextOffset;
          return [{ window, records, size }];
        },
      );
    }),
  );
  return results.flat();
}
