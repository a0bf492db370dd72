import { BoundExcluded, BoundIncluded, RecordId, RecordIdRange } from 'surrealdb';
import type { AgentEvent } from '../../model/events.js';
import { type EventFact, factOf } from '../../model/facts/event-fact.js';
import type { SurrealStore } from './connection.js';
import type { Position } from './cursor.js';
import { rankOf } from './records.js';

/**
 * Facts lie in the order of (time, event id), newest first, because their ids do: a range of ids is read some six times as fast as
 * the same rows by an index of agent_event.
 */
export const factRecord = (timeMs: number, eventId: string) =>
  new RecordId('event_fact', [rankOf(timeMs), eventId]);

/** An event's fact as its record. @throws SyntaxError when properties are no JSON. */
export function toFactRecord(event: AgentEvent): Record<string, unknown> {
  const { agent, framework, level, ms: _, group: __, ...fact }: EventFact = factOf(event);
  return {
    id: factRecord(event.timestamp_ms, event.event_id),
    ...fact,
    agent: agent ?? undefined,
    framework: framework ?? undefined,
    level: level ?? undefined,
  };
}

export interface FactScan {
  /** Half-open [fromMs, toMs), Unix milliseconds. */
  fromMs: number;
  toMs: number;
  order: 'asc' | 'desc';
  /** Begins behind this one. */
  after: Position | null;
  /** What is read of each fact, as SurrealQL. */
  select: string;
  /** Conditions on facts as SurrealQL over its fields and `bindings`. */
  conditions: string[];
  bindings: Record<string, unknown>;
  /** When reading has taken this long it ends, milliseconds. */
  budgetMs: number;
  /** Rows of one query. */
  mostRows?: number;
}

export interface FactRow<T> {
  key: [rank: number, eventId: string];
  value: T;
}

/** What one query of a scan gave, in the scan's order. */
export interface FactChunk<T> {
  rows: FactRow<T>[];
  /** All facts before it, in the scan's order, have been read: where another scan goes on. */
  reached: Position | null;
  /** Nothing is left; else the budget may have ended the scan. */
  done: boolean;
}

const FIRST_WINDOW_MS = 60_000;
const GROWTH = 4;
/** A query that took longer makes the next window smaller, one that was quicker larger. */
const SLOW_MS = 400;
const FAST_MS = 150;
const MOST_ROWS = 20_000;
/** No id is greater. */
const LAST_ID = '\u{10ffff}'.repeat(4);

/**
 * Reads facts window by window of time. The engine (3.0.2) reads a range of ids as a whole whatever the limit, so the window
 * bounds the work: it grows over empty stretches and shrinks where events are dense. What exists throughout is read exactly once.
 */
export async function* scanFacts<T>(store: SurrealStore, scan: FactScan): AsyncGenerator<FactChunk<T>> {
  const started = Date.now();
  const descending = scan.order === 'desc';
  const stored = await storedPeriod(store);
  const fromMs = Math.max(scan.fromMs, stored?.fromMs ?? 0);
  const toMs = Math.min(scan.toMs, stored?.toMs ?? 0);
  let { after } = scan;
  let at = descending ? toMs : fromMs;
  if (after !== null) at = descending ? Math.min(at, 1 - after.key) : Math.max(at, after.key);
  let windowMs = FIRST_WINDOW_MS;
  const isDone = () => stored === null || (descending ? at <= fromMs : at >= toMs);
  if (isDone()) yield { rows: [], reached: null, done: true };
  while (!isDone()) {
    const low = descending ? Math.max(fromMs, at - windowMs) : at;
    const high = descending ? at : Math.min(toMs, at + windowMs);
    const asked = Date.now();
    const read = await readWindow<T>(store, scan, low, high, after);
    const tookMs = Date.now() - asked;
    const full = read.length >= (scan.mostRows ?? MOST_ROWS);
    // the newest of a window come first: oldest first needs all of it
    if (full && !descending && high - low > 1) {
      windowMs = Math.floor((high - low) / 2);
      continue;
    }
    const rows = descending ? read : oldestFirst(read, after);
    if (full) {
      const [rank, id] = read.at(-1)!.key;
      after = { key: descending ? rank : -rank, id };
      // the next window may be a smaller one, and must not end before what has been read
      if (descending) at = 1 - rank;
    } else {
      at = descending ? low : high;
      after = null;
    }
    yield { rows, reached: after ?? passed(at, descending), done: isDone() };
    if (Date.now() - started >= scan.budgetMs) return;
    if (tookMs > SLOW_MS) windowMs = Math.max(1, Math.floor(windowMs / GROWTH));
    else if (tookMs < FAST_MS) windowMs *= GROWTH;
  }
}

/** The position behind all events up to a time, or back to it. */
const passed = (atMs: number, descending: boolean): Position => ({
  key: descending ? rankOf(atMs) : atMs - 1,
  id: LAST_ID,
});

async function readWindow<T>(
  store: SurrealStore,
  { order, select, conditions, bindings, mostRows = MOST_ROWS }: FactScan,
  lowMs: number,
  highMs: number,
  after: Position | null,
): Promise<FactRow<T>[]> {
  const isFirst = after !== null && (order === 'desc' || highMs - lowMs === 1);
  const begin = isFirst
    ? new BoundExcluded([order === 'desc' ? after.key : rankOf(after.key), after.id])
    : new BoundIncluded([rankOf(highMs - 1)]);
  const range = new RecordIdRange(
    'event_fact',
    begin as never,
    new BoundExcluded([rankOf(lowMs) + 1]) as never,
  );
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  const [rows] = await store.query<[[number, string, T][]]>(
    `SELECT VALUE [id[0], id[1], ${select}] FROM $range ${where} LIMIT ${mostRows};`,
    { ...bindings, range },
  );
  return rows.map(([rank, id, value]) => ({ key: [rank, id], value }));
}

function oldestFirst<T>(rows: FactRow<T>[], after: Position | null): FactRow<T>[] {
  const left =
    after === null
      ? rows
      : rows.filter(
          ({ key: [rank, id] }) => -rank > after.key || (-rank === after.key && compareIds(id, after.id) > 0),
        );
  return left.sort((a, b) => b.key[0] - a.key[0] || compareIds(a.key[1], b.key[1]));
}

/** As the engine compares texts: by code point, where JavaScript goes by UTF-16 code unit. */
export const compareIds = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Times of the oldest event and just behind the newest; null where there are none. */
async function storedPeriod(store: SurrealStore): Promise<{ fromMs: number; toMs: number } | null> {
  const [newest, oldest] = await store.query<[number[], number[]]>(
    `SELECT VALUE timestamp_ms FROM agent_event WHERE rank > $least LIMIT 1;
     SELECT VALUE timestamp_ms FROM agent_event WHERE timestamp_ms > $least LIMIT 1;`,
    { least: Number.MIN_SAFE_INTEGER },
  );
  return newest[0] === undefined || oldest[0] === undefined
    ? null
    : { fromMs: oldest[0], toMs: newest[0] + 1 };
}
