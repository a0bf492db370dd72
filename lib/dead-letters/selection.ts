import { type Letter, nameOf } from './letter.js';
import type { TrailEntry } from './trail-entry.js';

/**
 * `open`: nothing was done about it. `redriven`: sent again, and not refused since. `refused again`: sent again, and a later
 * letter tells of the next refusal.
 */
export type LetterState = 'open' | 'redriven' | 'refused again';

/** A letter with what became of it. */
export interface TracedLetter {
  letter: Letter;
  state: LetterState;
  trail: TrailEntry | null;
}

/** Which letters are meant; fields together narrow it. Times in Unix milliseconds, `[sinceMs, untilMs)`. */
export interface LetterFilter {
  /** By name; left out: any. */
  names?: ReadonlySet<string>;
  sinceMs?: number;
  untilMs?: number;
  /** Topic that the refused record was in. */
  topic?: string;
  stage?: string;
  cause?: string;
  /** Text in value, key or message. */
  contains?: string;
  /** Left out: any but `refused again`, for the later letter stands for it. */
  state?: LetterState;
}

export function isSelected({ letter, state }: TracedLetter, filter: LetterFilter): boolean {
  const { names, sinceMs, untilMs, topic, stage, cause, contains } = filter;
  if (names !== undefined && !names.has(nameOf(letter))) return false;
  if (filter.state === undefined ? names === undefined && state === 'refused again' : state !== filter.state)
    return false;
  if (sinceMs !== undefined && letter.refusedMs < sinceMs) return false;
  if (untilMs !== undefined && letter.refusedMs >= untilMs) return false;
  if (topic !== undefined && letter.from?.topic !== topic) return false;
  if (stage !== undefined && letter.stage !== stage) return false;
  if (cause !== undefined && letter.cause !== cause) return false;
  return contains === undefined || says(letter, contains);
}

/** Text is looked for in the bytes: Avro keeps strings as they are. */
function says({ value, key, message }: Letter, text: string): boolean {
  const bytes = Buffer.from(text, 'utf8');
  return message.includes(text) || value?.includes(bytes) === true || key?.includes(bytes) === true;
}
