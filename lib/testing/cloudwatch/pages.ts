import type { Fault } from './faults.js';

/** An event of FilterLogEvents, as AWS spells it; `timestamp` and `ingestionTime` in Unix milliseconds. */
export interface FilteredEvent {
  eventId: string;
  timestamp: number;
  ingestionTime?: number;
  message: string;
  logStreamName: string;
}

/** The fields of a FilterLogEvents request that a token is bound to. */
export interface Range {
  group: string;
  startTime: number | null;
  endTime: number | null;
}

/** Place between two events: after the one with this time and id. */
export type Cursor = readonly [timestamp: number, eventId: string];

/** What a nextToken stands for. */
export interface Token {
  range: Range;
  after: Cursor | null;
  issuedAtMs: number;
}

export interface Page {
  events: FilteredEvent[];
  /** null: the last page of the range. */
  next: Pick<Token, 'range' | 'after'> | null;
}

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
export const PAGE_EVENTS = 10_000;
export const PAGE_BYTES = 1_048_576;
export const TOKEN_LIFE_MS = 24 * 3_600_000;
const EVENT_OVERHEAD_BYTES = 26;

const isAfter = (event: FilteredEvent, [timestamp, eventId]: Cursor): boolean =>
  event.timestamp > timestamp || (event.timestamp === timestamp && event.eventId > eventId);

const byTime = (a: FilteredEvent, b: FilteredEvent): number =>
  a.timestamp - b.timestamp || (a.eventId < b.eventId ? -1 : a.eventId > b.eventId ? 1 : 0);

/**
 * One page of what can be seen of `range` now: ordered by time, then by id; at most `limit` events, 10,000, and 1 MB
 * (but always one event). The page faults change how much is told, never the place that the next page goes on from.
 */
export function pageOf(
  visible: readonly FilteredEvent[],
  range: Range,
  after: Cursor | null,
  limit: number | undefined,
  fault: Fault,
): Page {
  if (fault.kind === 'empty-page') return { events: [], next: { range, after } };
  const rest = visible
    .filter((event) => after === null || isAfter(event, after))
    .filter(({ timestamp }) => timestamp >= (range.startTime ?? 0))
    .filter(({ timestamp }) => range.endTime === null || timestamp <= range.endTime)
    .sort(byTime);
  const most = Math.min(limit ?? PAGE_EVENTS, fault.kind === 'short-page' ? fault.events : PAGE_EVENTS);
  const events: FilteredEvent[] = [];
  let bytes = 0;
  for (const event of rest.slice(0, most)) {
    bytes += Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES;
    if (events.length > 0 && bytes > PAGE_BYTES) break;
    events.push(event);
  }
  if (fault.kind === 'repeated-page') return { events, next: { range, after } };
  const last = events.at(-1);
  const more = events.length < rest.length;
  return { events, next: more && last ? { range, after: [last.timestamp, last.eventId] } : null };
}

/** Why a request may not go on with its token; null where it may. */
export function tokenFault(token: Token | null, range: Range, nowMs: number): string | null {
  if (token === null) return 'it cannot be read';
  if (nowMs - token.issuedAtMs > TOKEN_LIFE_MS) return 'it has expired';
  const moved = (['group', 'startTime', 'endTime'] as const).filter(
    (field) => token.range[field] !== range[field],
  );
  return moved.length > 0 ? `it was given for another ${moved.join(' and ')}` : null;
}

/** `serial` makes every token another text, as AWS's are. */
export const writeToken = (token: Token, serial: number): string =>
  Buffer.from(JSON.stringify({ ...token, serial })).toString('base64url');

export function readToken(text: string): Token | null {
  try {
    const { range, after, issuedAtMs } = JSON.parse(Buffer.from(text, 'base64url').toString()) as Token;
    return range ? { range, after, issuedAtMs } : null;
  } catch {
    return null; // not one of ours
  }
}
