import type { KafkaSettings } from '../config/connections.js';
import type { Codec } from '../model/codec.js';
import type { Logger } from '../telemetry/logger.js';
import type { EncodedRecord } from '../topology/topology.js';
import type { FaultPoint } from './exactly-once/fault-point.js';

export type { KafkaSettings };

/** Records of one partition, in order, aborted ones and markers left out. */
export interface ConsumedBatch {
  topic: string;
  partition: number;
  records: EncodedRecord[];
  /** Offset after the last record seen, markers included: what is committed once the handler resolves. */
  nextOffset: number;
  /** Records between nextOffset and the end of the partition, as last seen. */
  lag: number;
}

/**
 * An at-least-once consumer for sinks. `handler` is called with one batch of a partition at a time (partitions
 * side by side); its offset is committed after the promise resolves. A rejection of any error but {@link FatalError} is
 * retried with back-off for as long as the partition is owned: nothing more is fetched for it, and other partitions
 * go on. `signal` aborts when the partition is lost or the consumer closes.
 */
export interface GroupConsumerOptions {
  kafka: KafkaSettings;
  groupId: string;
  topics: string[];
  handler: (batch: ConsumedBatch, signal: AbortSignal) => Promise<void>;
  logger: Logger;
  /** So that schema ids are learnt before the handler decodes. */
  codec?: { codec: Codec; learn: (id: number) => Promise<void> };
  maxBatchRecords?: number;
  sessionTimeoutMs?: number;
  /** Keeps the member id of this slot between starts, so that a restart after a kill need not wait for the dead session. */
  memberFile?: string | null;
  /** For tests: told of `before-write` and `after-write`. */
  faultPoint?: FaultPoint;
}

export interface GroupConsumer {
  /** Partitions owned, positions and lags, whether a handler is failing and why; for /ready, /metrics and the CLI. */
  status(): ConsumerStatus;
  /** Stops after the batches at hand, commits, leaves the group. */
  close(): Promise<void>;
  /** Resolves when the consumer has stopped; rejects with what stopped it. */
  readonly stopped: Promise<void>;
}

export interface ConsumerStatus {
  joined: boolean;
  /** Why nothing can be fetched from Kafka; null while it can. */
  inputError: string | null;
  partitions: {
    topic: string;
    partition: number;
    position: number;
    /** Records between the position and the end, as last seen, fetched or not; -1 where that is not known. */
    lag: number;
    /** Append time of the oldest record known to be unhandled, Unix milliseconds; null: none is. */
    waitingSinceMs: number | null;
    failing: string | null;
  }[];
}

/** An error that no retry mends: the process stops with it. */
export class FatalError extends Error {
  override name = 'FatalError';
}
