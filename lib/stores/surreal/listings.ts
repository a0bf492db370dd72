import { holdsAll, levelName, searchText } from '../../model/facts/search-text.js';
import type { SurrealStore } from './connection.js';
import { decodeCursor, encodeCursor, type Position } from './cursor.js';
import { scanFacts } from './facts.js';
import { eventRecord, rankOf } from './records.js';
import { decodeProperties, type EventRow, type StoredRecord, toEventRow } from './rows.js';
import { type Listing, mergePages, type Page, positionOf, scanPage } from './scan.js';

/** Any of these. */
export type AnyOf<T extends string = string> = T | readonly T[];

/** Times are Unix milliseconds, half-open: `from` <= timestamp < `to`. */
export interface EventFilter {
  from?: number;
  to?: number;
  event_type?: AnyOf;
  agent_id?: AnyOf;
  session_id?: AnyOf;
  trace_id?: AnyOf;
  framework?: AnyOf;
  /** Names as `levelName` gives them. */
  level?: AnyOf;
  /** Terms as `readTerms` gives them; all of them. */
  text?: readonly string[];
}

export interface Paging {
  /** 1 to {@link MAX_LIMIT}. */
  limit: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

export const MAX_LIMIT = 1_000;
/** Values of the field that leads; each has a scan of its own. */
const MAX_MERGED = 16;
/** How long a page may look for texts; it then is short, and has a cursor. */
const TEXT_BUDGET_MS = 2_500;

// by how few rows a value is likely to have; the first one given leads
const LEADS = ['trace_id', 'session_id', 'agent_id', 'event_type'] as const;
const OTHERS = ['framework'] as const;

/**
 * Events by (timestamp, id), newest first unless `order` says otherwise. Pages stay right while events arrive: nothing is
 * shown twice, and what arrives behind the cursor is not jumped over. A page may be short and still have a cursor.
 *
 * @throws BadCursorError, StoreUnavailableError
 */
export async function listEvents(
  store: SurrealStore,
  filter: EventFilter & Paging & { order?: 'asc' | 'desc' },
): Promise<{ events: EventRow[]; next_cursor: string | null }> {
  const order = filter.order ?? 'desc';
  const scope = `events-${order}`;
  const after = filter.cursor === undefined ? null : decodeCursor(scope, filter.cursor);
  const page = isOfFacts(filter)
    ? await factPage(store, filter, order, after)
    : await scanned(store, filter, order, after);
  return {
    events: page.rows.map(toEventRow),
    next_cursor: page.next && encodeCursor(scope, page.next),
  };
}

/** How many events fit the filter, exactly, at this moment. Texts and levels are not counted by. */
export async function countEvents(
  store: SurrealStore,
  filter: Omit<EventFilter, 'text' | 'level'> = {},
): Promise<number> {
  const fields = [...LEADS, ...OTHERS].filter((field) => filter[field] !== undefined);
  const where = fields.map((field) => conditionOn(field, valuesOf(filter[field])));
  if (filter.from !== undefined) where.push('rank <= $from');
  if (filter.to !== undefined) where.push('rank > $to');
  const [counts] = await store.query<[{ count: number }[]]>(
    `SELECT count() FROM agent_event ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} GROUP ALL;`,
    {
      ...Object.fromEntries(fields.map((field) => [field, bound(valuesOf(filter[field]))])),
      from: filter.from === undefined ? undefined : rankOf(filter.from),
      to: filter.to === undefined ? undefined : rankOf(filter.to),
    },
  );
  return counts[0]?.count ?? 0;
}

export const limitOf = ({ limit }: Paging) => Math.max(1, Math.min(Math.trunc(limit), MAX_LIMIT));

export const valuesOf = (given: AnyOf | undefined): string[] =>
  given === undefined ? [] : typeof given === 'string' ? [given] : [...new Set(given)];

/** One value is compared, so that its index serves; several are looked up. */
const conditionOn = (field: string, values: string[]) =>
  `${field} ${values.length === 1 ? '=' : 'IN'} $${field}`;
const bound = (values: string[]) => (values.length === 1 ? values[0] : values);

/** What no index leads to is looked for in facts, unless an index of something else leaves few rows to look at. */
function isOfFacts({ text, level, framework, ...leads }: EventFilter): boolean {
  if (leads.trace_id !== undefined || leads.session_id !== undefined) return false;
  if ((text?.length ?? 0) > 0 || level !== undefined) return true;
  return framework !== undefined && leads.agent_id === undefined && leads.event_type === undefined;
}

async function scanned(
  store: SurrealStore,
  filter: EventFilter & Paging,
  order: Listing['order'],
  after: Position | null,
): Promise<Page> {
  const limit = limitOf(filter);
  const lead = LEADS.find((field) => {
    const { length } = valuesOf(filter[field]);
    return length > 0 && length <= MAX_MERGED;
  });
  const rest = [...LEADS, ...OTHERS].filter((field) => field !== lead && filter[field] !== undefined);
  const keep = keptBy(filter);
  const listing: Listing = {
    table: 'agent_event',
    order,
    lead: null,
    conditions: rest.map((field) => conditionOn(field, valuesOf(filter[field]))),
    bindings: Object.fromEntries(rest.map((field) => [field, bound(valuesOf(filter[field]))])),
    ...(keep ? { keep } : {}),
    fromMs: filter.from ?? null,
    toMs: filter.to ?? null,
    limit,
    after,
  };
  if (!lead) return scanPage(store, listing);
  const pages = valuesOf(filter[lead]).map((value) =>
    scanPage(store, { ...listing, lead: { field: lead, value } }),
  );
  return pages.length === 1 ? pages[0]! : mergePages(await Promise.all(pages), order, limit);
}

/** What is asked of rows here, in the same words as of facts. */
function keptBy({ text = [], level }: EventFilter): ((row: StoredRecord) => boolean) | null {
  if (text.length === 0 && level === undefined) return null;
  const levels = level === undefined ? null : new Set<string | null>(valuesOf(level));
  return (row) => {
    const properties = decodeProperties(row.properties as Record<string, unknown>);
    if (levels !== null && !levels.has(levelName(properties.level))) return false;
    return text.length === 0 || holdsAll(searchText(properties), text);
  };
}

const FACT_FIELDS = {
  event_type: 'type',
  agent_id: 'agent',
  framework: 'framework',
  level: 'level',
} as const;

/** Conditions on facts for a filter without trace and session. */
export function factConditions(filter: EventFilter): {
  conditions: string[];
  bindings: Record<string, unknown>;
} {
  const conditions: string[] = [];
  const bindings: Record<string, unknown> = {};
  for (const [field, column] of Object.entries(FACT_FIELDS)) {
    const values = valuesOf(filter[field as keyof typeof FACT_FIELDS]);
    if (values.length === 0) continue;
    conditions.push(`${column} IN $${field}`);
    bindings[field] = values;
  }
  (filter.text ?? []).forEach((term, index) => {
    conditions.push(`string::contains(text, $term_${index})`);
    bindings[`term_${index}`] = term;
  });
  return { conditions, bindings };
}

async function factPage(
  store: SurrealStore,
  filter: EventFilter & Paging,
  order: Listing['order'],
  after: Position | null,
): Promise<Page> {
  const limit = limitOf(filter);
  const key = order === 'desc' ? 'rank' : 'timestamp_ms';
  const rows: StoredRecord[] = [];
  const scan = scanFacts<null>(store, {
    ...factConditions(filter),
    fromMs: filter.from ?? Number.MIN_SAFE_INTEGER,
    toMs: filter.to ?? Number.MAX_SAFE_INTEGER,
    order,
    after,
    select: 'NONE',
    budgetMs: TEXT_BUDGET_MS,
    ...(order === 'desc' ? { mostRows: Math.max(limit + 1, 200) } : {}),
  });
  let next: Position | null = null;
  for await (const chunk of scan) {
    next = chunk.done ? null : chunk.reached;
    for (let from = 0; from < chunk.rows.length; from += MAX_LIMIT) {
      const some = chunk.rows.slice(from, from + MAX_LIMIT);
      const [found] = await store.query<[(StoredRecord | null)[]]>('SELECT * FROM $ids;', {
        ids: some.map(({ key: [, id] }) => eventRecord(id)),
      });
      const byId = new Map(found.filter((row) => row?.id).map((row) => [String(row!.id.id), row!]));
      for (const {
        key: [rank, id],
      } of some) {
        const row = byId.get(id);
        // deleted, or moved in time, since its fact was read
        if (row?.rank !== rank) continue;
        if (rows.length === limit) return { rows, next: positionOf(rows.at(-1)!, key) };
        rows.push(row);
      }
    }
    if (rows.length === limit) return { rows, next: next && positionOf(rows.at(-1)!, key) };
  }
  return { rows, next };
}
