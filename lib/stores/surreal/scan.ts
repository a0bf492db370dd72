import { RecordId } from 'surrealdb';
import type { SurrealStore } from './connection.js';
import type { Position } from './cursor.js';
import { compareIds } from './facts.js';
import type { StoredRecord } from './rows.js';

/** A listing in the order of (time, id), newest or oldest first. Field names come from code, values are bound. */
export interface Listing {
  table: 'agent_event' | 'agent_trace';
  /** Traces are listed newest first only. */
  order: 'asc' | 'desc';
  /** Field whose index leads the way; null: the index of time alone. */
  lead: { field: string; value: string } | null;
  /** Other conditions on a row, as SurrealQL over its fields and `bindings`. */
  conditions: string[];
  bindings: Record<string, unknown>;
  /** What the engine is not asked: rows that fail it are passed over. */
  keep?: (row: StoredRecord) => boolean;
  /** Half-open [fromMs, toMs), Unix milliseconds. */
  fromMs: number | null;
  toMs: number | null;
  limit: number;
  after: Position | null;
}

export interface Page {
  rows: StoredRecord[];
  /** Where to go on; null at the end. A page may be short and still have one: the budget of a scan was used up. */
  next: Position | null;
}

const EARLIEST_MS = -8e15;
const LATEST_MS = 8e15;
const LARGEST_CHUNK = 4_000;
const MOST_SCANNED = 200_000;

/**
 * One page. The engine (3.0.2) reads an index forward only, sorts whole tables otherwise, and pushes a LIMIT below the
 * conditions that the index does not cover, which loses rows. So a chunk is read by exactly what the index covers, and
 * everything else is asked of that chunk; another follows until the page is full.
 */
export async function scanPage(store: SurrealStore, listing: Listing): Promise<Page> {
  // a lead's index is newest first: oldest first by it means sorting what it covers, few rows for a trace or a session
  if (listing.order === 'asc' && listing.lead && ['trace_id', 'session_id'].includes(listing.lead.field)) {
    return listing.keep ? keptOf(store, listing, listing.keep) : sortedPage(store, listing);
  }
  const descending = listing.order === 'desc';
  const lead = descending ? listing.lead : null;
  const conditions = [...listing.conditions];
  const bindings: Record<string, unknown> = { ...listing.bindings };
  if (listing.lead) bindings.lead = listing.lead.value;
  if (listing.lead && !lead) conditions.push(`${listing.lead.field} = $lead`);
  const key = descending ? 'rank' : 'timestamp_ms';
  const covered = lead ? `${lead.field} = $lead AND ` : '';
  // keys before and behind the range: [from, to) in time is (-to, -from] in rank
  const beforeFirst = descending
    ? -(listing.toMs ?? LATEST_MS)
    : listing.fromMs === null
      ? EARLIEST_MS
      : listing.fromMs - 1;
  const last = descending ? -(listing.fromMs ?? EARLIEST_MS) : (listing.toMs ?? LATEST_MS) - 1;
  const keyOf = (row: StoredRecord) => row[key] as number;

  const rows: StoredRecord[] = [];
  let at: Position | null = listing.after;
  let chunk = conditions.length > 0 ? Math.max(listing.limit + 1, 500) : listing.limit + 1;
  for (
    let scanned = 0;
    scanned < MOST_SCANNED;
    scanned += chunk, chunk = Math.min(chunk * 2, LARGEST_CHUNK)
  ) {
    const answer = await readChunk(store, {
      table: listing.table,
      covered,
      key,
      start: at,
      beforeFirst,
      chunk,
      conditions,
      bindings,
    });
    for (const row of answer.rows) {
      if (keyOf(row) > last) return { rows, next: null };
      if (listing.keep && !listing.keep(row)) continue;
      if (rows.length === listing.limit) {
        return { rows, next: positionOf(rows.at(-1)!, key) };
      }
      rows.push(row);
    }
    if (!answer.full || !answer.last) return { rows, next: null };
    at = answer.last;
    if (at.key > last) return { rows, next: null };
  }
  return { rows, next: at };
}

interface ChunkQuery {
  table: Listing['table'];
  /** Condition that leads the index, with its AND; empty: none. */
  covered: string;
  key: string;
  /** Begins behind this one; null: behind the key `beforeFirst`. */
  start: Position | null;
  beforeFirst: number;
  /** Rows that are looked at, beside those of the same key as `start`. */
  chunk: number;
  conditions: string[];
  bindings: Record<string, unknown>;
}

interface Chunk {
  /** There may be more behind it. */
  full: boolean;
  /** Of the last row that was looked at. */
  last: Position | null;
  rows: StoredRecord[];
}

async function readChunk(store: SurrealStore, query: ChunkQuery): Promise<Chunk> {
  const { table, covered, key, start, beforeFirst, chunk, conditions } = query;
  const ties = start
    ? `(SELECT * FROM (SELECT * FROM ${table} WHERE ${covered}${key} = $at) WHERE id > $after ORDER BY id)`
    : '[]';
  const behind = `SELECT * FROM ${table} WHERE ${covered}${key} > $at LIMIT ${chunk}`;
  const bindings = {
    ...query.bindings,
    at: start ? start.key : beforeFirst,
    after: start ? new RecordId(table, start.id) : undefined,
  };
  if (conditions.length === 0) {
    const [tied, rest] = await store.query<[StoredRecord[], StoredRecord[]]>(
      `RETURN ${ties}; ${behind};`,
      bindings,
    );
    const rows = [...tied, ...rest];
    const end = rows.at(-1);
    return { full: rest.length >= chunk, last: end ? positionOf(end, key) : null, rows };
  }
  const [, , , { full, last, rows }] = await store.query<[unknown, unknown, unknown, FilteredChunk]>(
    `LET $ties = ${ties};
     LET $chunk_rows = (${behind});
     LET $all = array::concat($ties, $chunk_rows);
     RETURN {
       full: array::len($chunk_rows) >= ${chunk},
       last: IF array::len($all) > 0 { [$all[array::len($all) - 1].${key}, $all[array::len($all) - 1].id] } ELSE { NONE },
       rows: (SELECT * FROM $all WHERE ${conditions.join(' AND ')})
     };`,
    bindings,
  );
  return { full, last: last ? { key: last[0], id: String(last[1].id) } : null, rows };
}

interface FilteredChunk {
  full: boolean;
  last: [number, { id: unknown }] | undefined;
  rows: StoredRecord[];
}

/** Sorted pages without the rows that fail `keep`, until one is full. */
async function keptOf(
  store: SurrealStore,
  listing: Listing,
  keep: (row: StoredRecord) => boolean,
): Promise<Page> {
  const rows: StoredRecord[] = [];
  let after = listing.after;
  for (;;) {
    const page: Page = await sortedPage(store, { ...listing, after, limit: LARGEST_CHUNK });
    for (const row of page.rows) {
      if (!keep(row)) continue;
      if (rows.length === listing.limit) return { rows, next: positionOf(rows.at(-1)!, 'timestamp_ms') };
      rows.push(row);
    }
    if (page.next === null) return { rows, next: null };
    after = page.next;
  }
}

/** Where a row lies in a listing by `key`. */
export const positionOf = (row: StoredRecord, key: string): Position => ({
  key: row[key] as number,
  id: String(row.id.id),
});

async function sortedPage(store: SurrealStore, listing: Listing): Promise<Page> {
  const { lead } = listing;
  const conditions = [`${lead!.field} = $lead`, ...listing.conditions];
  if (listing.fromMs !== null) conditions.push('timestamp_ms >= $from');
  if (listing.toMs !== null) conditions.push('timestamp_ms < $to');
  if (listing.after) conditions.push('(timestamp_ms > $at OR (timestamp_ms = $at AND id > $after))');
  const [found] = await store.query<[StoredRecord[]]>(
    `SELECT * FROM ${listing.table} WHERE ${conditions.join(' AND ')} ORDER BY timestamp_ms, id LIMIT ${listing.limit + 1};`,
    {
      ...listing.bindings,
      lead: lead!.value,
      from: listing.fromMs ?? undefined,
      to: listing.toMs ?? undefined,
      at: listing.after?.key,
      after: listing.after ? new RecordId(listing.table, listing.after.id) : undefined,
    },
  );
  const rows = found.slice(0, listing.limit);
  const end = rows.at(-1);
  return { rows, next: found.length > listing.limit && end ? positionOf(end, 'timestamp_ms') : null };
}

/**
 * One page of several scans of the same order, for a lead of several values. Of a scan that gave a next position nothing behind it
 * is known, so the page ends at the first of them.
 */
export function mergePages(pages: readonly Page[], order: Listing['order'], limit: number): Page {
  const key = order === 'desc' ? 'rank' : 'timestamp_ms';
  const ends = pages.flatMap(({ next }) => next ?? []).sort(comparePositions);
  const horizon = ends[0] ?? null;
  const known = pages
    .flatMap(({ rows }) => rows)
    .map((row) => ({ row, at: positionOf(row, key) }))
    .filter(({ at }) => horizon === null || comparePositions(at, horizon) <= 0)
    .sort((a, b) => comparePositions(a.at, b.at));
  const shown = known.slice(0, limit);
  return {
    rows: shown.map(({ row }) => row),
    next: known.length > limit ? shown.at(-1)!.at : horizon,
  };
}

const comparePositions = (a: Position, b: Position): number => a.key - b.key || compareIds(a.id, b.id);
