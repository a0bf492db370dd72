import { PoisonError } from '../../topology/task.js';
import { LogStartError } from '../partition-reader.js';
import { FatalError } from '../types.js';

/**
 * What a failure of a partition means. The producer and the in-memory state are dropped in every case.
 * - fenced: another process owns the partition, or the broker ended our transaction: wait until the group says that we
 *   are still its owner.
 * - poison: the processor threw on one value: restore, pass that value to dead-letter, go on.
 * - refused: the broker will not take it, however often it is asked: stop.
 * - unavailable: nobody is there to answer: try again for as long as it takes.
 * - retriable: everything else; three times at one position are fatal.
 */
export type FailureKind = (typeof FAILURE_KINDS)[number];

export const FAILURE_KINDS = ['fenced', 'poison', 'refused', 'unavailable', 'retriable', 'fatal'] as const;

/** Error types of the Kafka protocol (https://kafka.apache.org/protocol#protocol_error_codes). */
const FENCED = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TXN_STATE',
]);
const REFUSED = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'INVALID_TRANSACTION_TIMEOUT',
  'UNSUPPORTED_VERSION',
]);
const UNAVAILABLE = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSBrokerNotFound',
  'KafkaJSRequestTimeoutError',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSLockTimeout',
]);
const UNAVAILABLE_TYPES = new Set([
  'COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'NOT_COORDINATOR',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'NOT_ENOUGH_REPLICAS',
  'CONCURRENT_TRANSACTIONS',
  'KAFKA_STORAGE_ERROR',
  'REQUEST_TIMED_OUT',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_LOAD_IN_PROGRESS',
  'UNKNOWN_TOPIC_OR_PARTITION',
]);

/** Classifies an error by what it, or anything that caused it, says. */
export function classify(error: unknown): FailureKind {
  if (error instanceof PoisonError) return 'poison';
  if (error instanceof FatalError || error instanceof LogStartError) return 'fatal';
  let unavailable = false;
  for (let cause: unknown = error, depth = 0; cause instanceof Error && depth < 8; depth++) {
    const { type, name } = cause as Error & { type?: string };
    if (type && FENCED.has(type)) return 'fenced';
    if (type && REFUSED.has(type)) return 'refused';
    if (name === 'KafkaJSSASLAuthenticationError') return 'refused';
    if (UNAVAILABLE.has(name) || (type && UNAVAILABLE_TYPES.has(type))) unavailable = true;
    cause =
      (cause as { cause?: unknown; originalError?: unknown }).cause ??
      (cause as { originalError?: unknown }).originalError;
  }
  return unavailable ? 'unavailable' : 'retriable';
}
