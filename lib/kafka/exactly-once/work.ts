import type { Logger } from '../../telemetry/logger.js';
import type { OutputRecord } from '../../topology/task.js';
import type { ClusterClient } from '../cluster.js';
import type { FailureKind } from './failure.js';
import type { FaultPoint } from './fault-point.js';

/** One entry of a changelog; null is a tombstone. */
export interface ChangelogEntry {
  key: string;
  value: Buffer | null;
}

/**
 * What a consumer group does with the partitions that it shares out: process the records of a topic, or something else
 * whose state and place are kept partition by partition. {@link ExactlyOnceRunner} does the rest: membership, fencing,
 * restore, transactions, failures.
 */
export interface Work {
  /** Short name, for logs and status. */
  name: string;
  /** Kafka consumer group. */
  groupId: string;
  /** Topic whose partitions the group shares out. */
  source: string;
  /** Compacted topic of the same partition count that holds state and place; may be `source` itself. */
  changelog: string;
  /** Further topics that must be there. */
  outputs: string[];
  /** Called once, after the cluster is connected and every topic was found. */
  start(context: WorkContext): void;
  /** The work of one partition, made when this process becomes its owner. */
  create(partition: number): PartitionWork;
  /** Asked right before each commit; what it rejects with ends the transaction. Left out: all may be committed. */
  confirm?(): Promise<void>;
  /** Why nothing comes in; null while it does. */
  readonly inputError: string | null;
  close(): Promise<void>;
}

export interface WorkContext {
  cluster: ClusterClient;
  logger: Logger;
  faultPoint: FaultPoint;
  /** Partitions of one of the topics named by the work. */
  partitionsOf: (topic: string) => number;
  counters: WorkCounters;
  observer: RunnerObserver;
}

export interface WorkCounters {
  values: number;
}

/** Told of what a runner does, as it happens. */
export interface RunnerObserver {
  /** A transaction of `seconds`, from its begin to its commit. */
  committed(seconds: number): void;
  /** From the append of the oldest record of a transaction to its commit. */
  processed(seconds: number): void;
  /** A partition failed; what it means to the runner. */
  failed(kind: FailureKind): void;
  /** A record went to dead-letter. */
  refused(code: string): void;
}

export const noObserver: RunnerObserver = {
  committed: () => {},
  processed: () => {},
  failed: () => {},
  refused: () => {},
};

/**
 * The work of one owned partition. Invariant: what {@link PartitionWork.restore} is given is everything that was
 * committed, by whomever; after a failure all that was not committed is forgotten and the work begins again.
 */
export interface PartitionWork {
  /** Forgets everything; the changelog follows. */
  begin(): void;
  /** Applies one record of the changelog, oldest first. Keys it does not know (fences) are passed over. */
  restore(key: string, value: Buffer | null, offset: number): void;
  /** Works until `owned.closing` and all of it is committed, or `owned.signal` aborts. Any rejection ends this ownership. */
  run(owned: OwnedPartition): Promise<void>;
  /** Ends a wait early: the partition is closing or gone. */
  nudge(): void;
  /** Lets go of what {@link run} used; it may begin again. */
  drop(): Promise<void>;
  /** The partition is let go for good. */
  release?(): void;
  /** What to do about a failure of its own kind; undefined: the owner decides. */
  onFailure?(error: unknown): 'again' | { fatal: string } | undefined;
  /** How far the work has come; failing three times at one position is fatal. -1: nowhere yet. */
  readonly position: number;
  /** What is known to be left to do, in the units of the position. */
  readonly lag: number;
  readonly stateEntries: number;
  /** Append time of the oldest record known to be uncommitted, Unix milliseconds; null: none is, or the work has no records. */
  readonly waitingSinceMs: number | null;
}

/** A partition as its work sees it. */
export interface OwnedPartition {
  readonly partition: number;
  /** Aborts when the partition is lost or its owner gives up. */
  readonly signal: AbortSignal;
  /** The owner wants an orderly end. */
  readonly closing: boolean;
  /** Why the work stands still; null: it does not. */
  trouble: string | null;
  /**
   * One transaction; outputs are asked for batch by batch. Resolves to the offset of each changelog entry. After a rejection everything that was not committed
   * must be forgotten: pass it on.
   */
  commit(
    outputs: Iterable<OutputRecord>,
    changelog: ChangelogEntry[],
    groupOffset: number | null,
  ): Promise<number[]>;
  /** Value of the changelog's committed record at `offset`. Rejects where there is none, or one of another key. */
  readChangelog(key: string, offset: number): Promise<Buffer>;
}
