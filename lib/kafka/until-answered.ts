import type { Logger } from '../telemetry/logger.js';
import type { ClusterClient } from './cluster.js';
import { classify } from './exactly-once/failure.js';
import { patiently } from './patiently.js';

const START_LIMIT_MS = 60_000;

export interface AnswerOptions {
  logger: Logger;
  /** Milliseconds; left out: a minute. */
  limitMs?: number;
  signal?: AbortSignal;
}

/**
 * Asks Kafka until it answers: whoever runs a service need not start Kafka first.
 * @param what is being done, for the log. @throws at once what is no outage; after the limit the outage; the signal's reason.
 */
export const untilAnswered = <T>(what: string, ask: () => Promise<T>, options: AnswerOptions): Promise<T> =>
  patiently(`${what}: Kafka does not answer yet`, ask, {
    limitMs: START_LIMIT_MS,
    ...options,
    isPassing: isOutage,
  });

/** Connects, and counts the partitions of each topic, once Kafka answers. @throws where a topic does not exist. */
export const lookUpTopics = (
  cluster: ClusterClient,
  topics: string[],
  logger: Logger,
): Promise<Map<string, number>> =>
  untilAnswered(
    `looking up ${topics.join(', ')}`,
    async () => {
      await cluster.connect(topics);
      const counts = new Map<string, number>();
      for (const topic of topics) counts.set(topic, (await cluster.partitionsOf(topic)).length);
      return counts;
    },
    { logger },
  );

/** Whether nobody is there to answer; a topic that is not there is no outage: somebody has to make it. */
export const isOutage = (error: unknown): boolean =>
  classify(error) === 'unavailable' && (error as { type?: string }).type !== 'UNKNOWN_TOPIC_OR_PARTITION';
