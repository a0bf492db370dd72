import pRetry from 'p-retry';
import type { Logger } from '../telemetry/logger.js';
import { classify } from './exactly-once/failure.js';

const START_LIMIT_MS = 60_000;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 3_000;

export interface AnswerOptions {
  logger: Logger;
  /** Milliseconds; left out: a minute. `Infinity` where a service that runs has to go on, however long an outage is. */
  limitMs?: number;
  signal?: AbortSignal;
}

/**
 * Asks Kafka until it answers: whoever runs a service need not start Kafka first.
 * @param what is being done, for the log. @throws at once what is no outage; after the limit the outage; the signal's reason.
 */
export function untilAnswered<T>(what: string, ask: () => Promise<T>, options: AnswerOptions): Promise<T> {
  const { logger, limitMs = START_LIMIT_MS, signal } = options;
  return pRetry(ask, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: FIRST_WAIT_MS,
    maxTimeout: LONGEST_WAIT_MS,
    maxRetryTime: limitMs,
    ...(signal && { signal }),
    shouldRetry: ({ error, attemptNumber }) => {
      if (!isOutage(error)) return false;
      logger.warn({ reason: error.message, attempt: attemptNumber }, `${what}: Kafka does not answer yet`);
      return true;
    },
  });
}

/** Whether nobody is there to answer; a topic that is not there is no outage: somebody has to make it. */
export const isOutage = (error: unknown): boolean =>
  classify(error) === 'unavailable' && (error as { type?: string }).type !== 'UNKNOWN_TOPIC_OR_PARTITION';
