import { Problem } from '../problem.js';

/**
 * Lets at most `max` pieces of work ask Kafka at once, each with connections of its own. @returns what runs one. It @throws Problem
 * `overloaded` while as many are under way, `kafka-unavailable` where the work fails; a Problem of the work's own passes.
 */
export function kafkaTurns(max: number): <T>(work: () => Promise<T>) => Promise<T> {
  let looking = 0;
  return async (work) => {
    if (looking >= max) throw new Problem('overloaded', 'others look into Kafka now', { retryAfterS: 1 });
    looking += 1;
    try {
      return await work();
    } catch (error) {
      if (error instanceof Problem) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new Problem('kafka-unavailable', `Kafka does not answer: ${reason}`, { retryAfterS: 2 });
    } finally {
      looking -= 1;
    }
  };
}
