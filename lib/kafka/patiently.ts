import pRetry from 'p-retry';
import type { Logger } from '../telemetry/logger.js';

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 3_000;

export interface Patience {
  logger: Logger;
  /** Milliseconds; `Infinity` where a service that runs has to go on, however long an outage is. */
  limitMs: number;
  /** Whether another attempt may succeed after this error. */
  isPassing: (error: Error) => boolean;
  signal?: AbortSignal;
}

/**
 * Tries until it succeeds, 200 ms to 3 s apart, and tells of each attempt that failed.
 * @param what is being done, for the log. @throws at once what does not pass; after the limit the last error; the signal's reason.
 */
export function patiently<T>(what: string, run: () => Promise<T>, patience: Patience): Promise<T> {
  const { logger, limitMs, isPassing, signal } = patience;
  return pRetry(run, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: FIRST_WAIT_MS,
    maxTimeout: LONGEST_WAIT_MS,
    maxRetryTime: limitMs,
    ...(signal && { signal }),
    shouldRetry: ({ error, attemptNumber }) => {
      if (!isPassing(error)) return false;
      logger.warn({ attempt: attemptNumber, limitMs, reason: error.message }, `${what}: will be tried again`);
      return true;
    },
  });
}
