import {
  APPENDED_HEADER,
  type LetterPosition,
  type Origin,
  REDRIVE_HEADER,
  redriveOf,
} from '../topology/redrive.js';
import type { EncodedRecord } from '../topology/topology.js';

/** A dead letter as it is in the topic, its headers read. Times in Unix milliseconds. */
export interface Letter extends LetterPosition {
  /** When it was refused. */
  refusedMs: number;
  key: Buffer | null;
  value: Buffer | null;
  /** The headers that the record had when it was refused, without those that tell of a refusal or a redrive. */
  headers: Record<string, Buffer>;
  /** Who refused it: `parse`, `trace`, `aggregate`, or the name of a sink. */
  stage: string;
  /** Error code, see lib/model/result.ts. */
  cause: string;
  message: string;
  /** The record that was refused; null where the headers do not say. */
  from: { topic: string; partition: number; offset: number } | null;
  /** Where the data first stood. The same for every attempt. */
  origin: Origin | null;
  /** How many times the data have been refused, this one included. */
  attempt: number;
  /** The letter whose redrive ended here. */
  predecessor: LetterPosition | null;
  /** Whether it comes of data that were sent a second time: other letters, or rows, tell of them, too. */
  again: boolean;
}

const CONNECT = '__connect.errors.';
/** Says who waits for the answer to a request: nobody does any more. */
const REPLY_TO = 'reply-to';
const UNKNOWN = 'unknown';

/** Reads a record of dead-letter, whoever wrote it. */
export function letterOf(record: EncodedRecord): Letter {
  const text = (name: string) => record.headers[CONNECT + name]?.toString('utf8');
  const topic = text('topic');
  const partition = wholeNumber(text('partition'));
  const offset = wholeNumber(text('offset'));
  const from =
    topic === undefined || partition === null || offset === null ? null : { topic, partition, offset };
  const redrive = redriveOf(record);
  const appended_ms = wholeNumber(record.headers[APPENDED_HEADER]?.toString('utf8')) ?? record.timestampMs;
  return {
    partition: record.partition,
    offset: record.offset,
    refusedMs: record.timestampMs,
    key: record.key,
    value: record.value,
    headers: originalHeaders(record.headers),
    stage: text('stage') ?? UNKNOWN,
    cause: text('exception.class.name') ?? UNKNOWN,
    message: text('exception.message') ?? '',
    from,
    origin: redrive?.origin ?? (from && { ...from, appended_ms, epoch: null }),
    attempt: (redrive?.attempt ?? 0) + 1,
    predecessor: redrive?.letter ?? null,
    again: redrive?.again ?? false,
  };
}

/** `partition/offset`: how a letter is named on the command line and in the trail. */
export const nameOf = ({ partition, offset }: LetterPosition): string => `${partition}/${offset}`;

/** Reads what {@link nameOf} writes; null for anything else. */
export function positionOf(name: string): LetterPosition | null {
  const match = /^(\d{1,9})\/(\d{1,15})$/.exec(name);
  return match && { partition: Number(match[1]), offset: Number(match[2]) };
}

function originalHeaders(headers: Record<string, Buffer>): Record<string, Buffer> {
  const ours = (name: string) =>
    name.startsWith(CONNECT) || [APPENDED_HEADER, REDRIVE_HEADER, REPLY_TO].includes(name);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ours(name)));
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
