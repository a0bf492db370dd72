import type { TraceStatus } from '../../model/events.js';
import type { SurrealStore } from './connection.js';
import { decodeCursor, encodeCursor, type Position } from './cursor.js';
import { compareIds, scanFacts } from './facts.js';
import { type AnyOf, factConditions, limitOf, type Paging, valuesOf } from './listings.js';
import { eventRecord } from './records.js';
import { type TraceRow, toTraceRow } from './rows.js';
import { type Listing, mergePages, type Page, scanPage } from './scan.js';

export interface TraceFilter {
  status?: AnyOf<TraceStatus>;
  /** Any agent of the trace. */
  agent_id?: AnyOf;
  session_id?: AnyOf;
  framework?: AnyOf;
  /** Types of events that the trace has. */
  event_type?: AnyOf;
  /** Terms as `readTerms` gives them: an event of the trace has all of them. */
  text?: readonly string[];
  /** Of start_time; Unix milliseconds, half-open. */
  from?: number;
  to?: number;
}

/** An order of traces by something that is not their time. */
export interface TraceOrder {
  /** Names it in cursors. */
  name: string;
  keyOf: (trace: TraceRow) => number;
  order: 'asc' | 'desc';
}

/** The filter fits more than can be looked through for one page. Callers show `message`; `field` is the one to narrow. */
export class TooManyRowsError extends Error {
  override name = 'TooManyRowsError';
  constructor(
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

const MAX_SORTED = 50_000;
const MAX_TEXT_EVENTS = 20_000;
const TEXT_BUDGET_MS = 4_000;
const CHUNK = 1_000;
const IDS_PER_QUERY = 2_000;
const MAX_MERGED = 16;

/**
 * Traces by (start_time, id), newest first, or by `by`; those merged into another one are left out. Pages by time stay right
 * while traces arrive; by another order a trace whose value changes between two pages may be shown twice or not at all.
 *
 * @throws BadCursorError, TooManyRowsError
 */
export async function listTraces(
  store: SurrealStore,
  filter: TraceFilter & Paging & { by?: TraceOrder },
): Promise<{ traces: TraceRow[]; next_cursor: string | null }> {
  const { by } = filter;
  const scope = by ? `traces-${by.name}-${by.order}` : 'traces-desc';
  const after = filter.cursor === undefined ? null : decodeCursor(scope, filter.cursor);
  const listing = await listingOf(store, filter);
  const page = by ? await sortedBy(store, listing, by, after) : await byTime(store, { ...listing, after });
  return { traces: page.traces, next_cursor: page.next && encodeCursor(scope, page.next) };
}

interface TracePage {
  traces: TraceRow[];
  next: Position | null;
}

type TraceListing = Listing & { leads: { field: string; value: string }[] };

async function listingOf(store: SurrealStore, filter: TraceFilter & Paging): Promise<TraceListing> {
  const conditions = ['merged_into = NONE'];
  const bindings: Record<string, unknown> = {};
  const also = (name: string, condition: string, values: string[]) => {
    if (values.length === 0) return;
    conditions.push(condition);
    bindings[name] = values;
  };
  const statuses = valuesOf(filter.status);
  const sessions = valuesOf(filter.session_id);
  const leadField = sessions.length > 0 ? 'session_id' : 'status';
  const leadValues = leadField === 'session_id' ? sessions : statuses;
  const leads =
    leadValues.length > 0 && leadValues.length <= MAX_MERGED
      ? leadValues.map((value) => ({ field: leadField, value }))
      : [];
  const isLead = (field: string) => leads[0]?.field === field;
  if (!isLead('status')) also('status', 'status IN $status', statuses);
  if (!isLead('session_id')) also('session_id', 'session_id IN $session_id', sessions);
  also('agent_id', 'agents CONTAINSANY $agent_id', valuesOf(filter.agent_id));
  also('framework', 'frameworks CONTAINSANY $framework', valuesOf(filter.framework));
  also('event_type', 'object::keys(event_counts) CONTAINSANY $event_type', valuesOf(filter.event_type));
  let keep: Listing['keep'];
  if (filter.text && filter.text.length > 0) {
    const ids = await tracesWithText(store, filter);
    keep = ({ id }) => ids.has(String(id.id));
  }
  return {
    table: 'agent_trace',
    order: 'desc',
    lead: null,
    leads,
    conditions,
    bindings,
    ...(keep ? { keep } : {}),
    fromMs: filter.from ?? null,
    toMs: filter.to ?? null,
    limit: limitOf(filter),
    after: null,
  };
}

async function byTime(store: SurrealStore, { leads, ...listing }: TraceListing): Promise<TracePage> {
  const page = await onePage(store, leads, listing);
  return { traces: page.rows.map(toTraceRow), next: page.next };
}

async function onePage(store: SurrealStore, leads: TraceListing['leads'], listing: Listing): Promise<Page> {
  if (leads.length === 0) return scanPage(store, listing);
  const pages = await Promise.all(leads.map((lead) => scanPage(store, { ...listing, lead })));
  return pages.length === 1 ? pages[0]! : mergePages(pages, 'desc', listing.limit);
}

/** All that fit are read; of equal values the lesser id comes first. */
async function sortedBy(
  store: SurrealStore,
  { leads, limit, ...listing }: TraceListing,
  { keyOf, order }: TraceOrder,
  after: Position | null,
): Promise<TracePage> {
  const sign = order === 'asc' ? 1 : -1;
  const compare = (a: Position, b: Position) => sign * (a.key - b.key) || compareIds(a.id, b.id);
  let best: { at: Position; trace: TraceRow }[] = [];
  let read = 0;
  let next: Position | null = null;
  do {
    const page: Page = await onePage(store, leads, { ...listing, limit: CHUNK, after: next });
    for (const row of page.rows) {
      const trace = toTraceRow(row);
      const at = { key: keyOf(trace), id: trace.trace_id };
      if (after === null || compare(at, after) > 0) best.push({ at, trace });
    }
    best = best.sort((a, b) => compare(a.at, b.at)).slice(0, limit + 1);
    read += page.rows.length;
    next = page.next;
    if (read > MAX_SORTED) {
      throw new TooManyRowsError(
        'sort',
        `more than ${MAX_SORTED} traces fit: sort fewer of them, by a shorter time range or another filter`,
      );
    }
  } while (next !== null);
  const shown = best.slice(0, limit);
  return {
    traces: shown.map(({ trace }) => trace),
    next: best.length > limit ? shown.at(-1)!.at : null,
  };
}

/** Traces with an event that has the text; such an event may lie behind the end of the range of start times. */
async function tracesWithText(store: SurrealStore, { text, from }: TraceFilter): Promise<Set<string>> {
  const ids = new Set<string>();
  let events = 0;
  let ended = false;
  const scan = scanFacts<null>(store, {
    ...factConditions({ text: text ?? [] }),
    fromMs: from ?? Number.MIN_SAFE_INTEGER,
    toMs: Number.MAX_SAFE_INTEGER,
    order: 'desc',
    after: null,
    select: 'NONE',
    budgetMs: TEXT_BUDGET_MS,
  });
  for await (const { rows, done } of scan) {
    ended = done;
    events += rows.length;
    if (events > MAX_TEXT_EVENTS) break;
    for (let at = 0; at < rows.length; at += IDS_PER_QUERY) {
      const [found] = await store.query<[string[]]>('SELECT VALUE trace_id FROM $ids;', {
        ids: rows.slice(at, at + IDS_PER_QUERY).map(({ key: [, id] }) => eventRecord(id)),
      });
      for (const traceId of found) if (typeof traceId === 'string') ids.add(traceId);
    }
  }
  if (events > MAX_TEXT_EVENTS || !ended) {
    throw new TooManyRowsError(
      'text',
      events > MAX_TEXT_EVENTS
        ? `more than ${MAX_TEXT_EVENTS} events have it: give more words, or a shorter time range`
        : 'there is more to look through than fits into one request: give a shorter time range',
    );
  }
  return ids;
}
