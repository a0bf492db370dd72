import { isUtf8 } from 'node:buffer';
import type { EncodedRecord } from './topology.js';

/** Header of a record that was sent again out of dead-letter; its value is a {@link Redrive} as JSON. */
export const REDRIVE_HEADER = 'vectadb.redrive';
/** Header of a dead letter: append time of the record that was refused, Unix milliseconds. */
export const APPENDED_HEADER = 'vectadb.appended_ms';
/** Flag of an event that came out of dead-letter: its group may have been closed and forgotten meanwhile. */
export const REDRIVEN = 'redriven';
/** Flag of an event that came out of a dead letter that had been redriven before: a copy, which is not counted again. */
export const REDRIVEN_AGAIN = 'redriven_again';

/** Where a dead letter is. */
export interface LetterPosition {
  partition: number;
  offset: number;
}

/** Where the data of a redriven record first stood: what its event ids are made of, however often it is sent again. */
export interface Origin {
  topic: string;
  partition: number;
  offset: number;
  /** Append time, Unix milliseconds. */
  appended_ms: number;
  /** Epoch of the topic; null: the one that it has now. */
  epoch: string | null;
}

/** What a redriven record says of itself. */
export interface Redrive {
  letter: LetterPosition;
  /** How many times the data have been refused, from 1; the letter that the next refusal makes is this attempt + 1. */
  attempt: number;
  origin: Origin;
  /** Whether the letter, or one before it, had been redriven before: the record is then one more copy of what was sent. */
  again: boolean;
}

/** The redrive that a record comes from; null for any other record, and for a header that is not ours. */
export function redriveOf({ headers }: Pick<EncodedRecord, 'headers'>): Redrive | null {
  const header = headers[REDRIVE_HEADER];
  if (header === undefined || !isUtf8(header)) return null;
  try {
    const value = JSON.parse(header.toString('utf8')) as Redrive;
    return isRedrive(value) ? { ...value, again: value.again === true } : null;
  } catch {
    // anyone may write any header: one that says nothing is none
    return null;
  }
}

/** What events say of the redrive that they come from. */
export const redriveFlags = (redrive: Redrive | null): string[] =>
  redrive === null ? [] : redrive.again ? [REDRIVEN, REDRIVEN_AGAIN] : [REDRIVEN];

export const encodeRedrive = (redrive: Redrive): string => JSON.stringify(redrive);

function isRedrive(value: Redrive): boolean {
  const { letter, attempt, origin } = value ?? {};
  return (
    isCount(letter?.partition) &&
    isCount(letter?.offset) &&
    isCount(attempt) &&
    typeof origin?.topic === 'string' &&
    isCount(origin.partition) &&
    isCount(origin.offset) &&
    isCount(origin.appended_ms) &&
    (origin.epoch === null || typeof origin.epoch === 'string')
  );
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
