import { Counter, type Registry } from 'prom-client';
import { DATA_ERRORS } from '../model/result.js';

/**
 * Counts records that went to dead-letter, under the same name in every service. Every cause of these stages is there from
 * the start: of a series that begins with 1, Prometheus sees no increase.
 */
export function deadLetterCounter(registry: Registry, stages: readonly string[]): Counter<'stage' | 'cause'> {
  const counter = new Counter({
    name: 'vectadb_dead_letters_total',
    help: 'Records sent to dead-letter, by the stage that refused them and why',
    labelNames: ['stage', 'cause'],
    registers: [registry],
  });
  for (const stage of stages) for (const cause of Object.keys(DATA_ERRORS)) counter.inc({ stage, cause }, 0);
  return counter;
}
