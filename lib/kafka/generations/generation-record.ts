import { z } from 'zod';
import { FatalError } from '../types.js';

/**
 * What a replay's generation is and what became of it; topic `generations`, keyed by its number. Times are Unix milliseconds.
 * - running: not all of its history is processed;
 * - ready: it is, and may be compared, promoted or discarded;
 * - promoting, discarding: begun and to be finished by the same command;
 * - promoted, discarded: over; its topics are gone.
 */
const schema = z.object({
  state: z.enum(['running', 'ready', 'promoting', 'promoted', 'discarding', 'discarded']),
  /** Events of raw-logs appended in `[from_ms, to_ms)` are what it is about. */
  from_ms: z.number(),
  to_ms: z.number(),
  /** As asked for; null: up to the beginning of the replay. */
  to_asked_ms: z.number().nullable(),
  /** Where reading begins, for context. */
  context_ms: z.number(),
  /** Time up to which timers fire. */
  until_ms: z.number(),
  /** Fingerprint of rules and configuration. */
  rules: z.string(),
  /** `[start, end)` of each partition of raw-logs. */
  partitions: z.array(z.object({ start: z.number(), end: z.number() })),
  /** Where a promotion has to follow raw-logs to; null: that is not known yet. */
  catch_up: z
    .object({ ends: z.array(z.number()), until_ms: z.number() })
    .nullable()
    .default(null),
  /** Last event, in the order of ids, that a promotion has copied; null: it has not begun to. */
  copied: z.string().nullable().default(null),
  created_ms: z.number(),
  changed_ms: z.number(),
});

export type GenerationRecord = z.output<typeof schema>;
export type GenerationState = GenerationRecord['state'];

/** Whether topics of the generation may be there. */
export const isOpen = ({ state }: GenerationRecord): boolean => state !== 'promoted' && state !== 'discarded';

export const encodeGeneration = (record: GenerationRecord): Buffer => Buffer.from(JSON.stringify(record));

/** @throws FatalError naming `where`. */
export function decodeGeneration(value: Buffer, where: string): GenerationRecord {
  try {
    return schema.parse(JSON.parse(value.toString('utf8')));
  } catch (error) {
    throw new FatalError(
      `${where} is no generation: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
