import type { DataError } from '../model/result.js';
import { DEAD_LETTER_TOPIC, deadLetterHeaders } from '../topology/dead-letter.js';
import type { EncodedRecord } from '../topology/topology.js';
import type { IdempotentProducer } from './producer.js';

/**
 * Sends one record to dead-letter, bytes untouched, with its position and cause. For sinks; the runner's own dead letters
 * are part of its transactions. At least once: a batch delivered again may send it again, with the same position.
 */
export async function sendDeadLetter(
  producer: IdempotentProducer,
  record: EncodedRecord,
  stage: string,
  error: DataError,
): Promise<void> {
  const headers = deadLetterHeaders(record, stage, error);
  await producer.send(DEAD_LETTER_TOPIC, [{ key: record.key, value: record.value, headers }]);
}
