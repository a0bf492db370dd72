import type { DataError } from '../model/result.js';
import { APPENDED_HEADER } from './redrive.js';
import type { EncodedRecord } from './topology.js';

export const DEAD_LETTER_TOPIC = 'dead-letter';

/** Its value is the cause, one of DATA_ERRORS. */
export const CAUSE_HEADER = '__connect.errors.exception.class.name';

/**
 * Headers of a dead letter, as Kafka Connect writes them (KIP-298, `errors.deadletterqueue.context.headers.enable`), so
 * that tools for Connect's dead letter queues read ours, and the append time. Original headers are kept beside them.
 */
export function deadLetterHeaders(
  record: EncodedRecord,
  stage: string,
  error: DataError,
): Record<string, string | Buffer> {
  return {
    ...record.headers,
    '__connect.errors.topic': record.topic,
    '__connect.errors.partition': String(record.partition),
    '__connect.errors.offset': String(record.offset),
    '__connect.errors.connector.name': 'vectadb',
    '__connect.errors.task.id': String(record.partition),
    '__connect.errors.stage': stage,
    '__connect.errors.class.name': `vectadb.${stage}`,
    [CAUSE_HEADER]: error.code,
    '__connect.errors.exception.message': error.message.slice(0, 2_000),
    [APPENDED_HEADER]: String(record.timestampMs),
  };
}
