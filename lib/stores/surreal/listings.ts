import type { TraceStatus } from '../../model/events.js';
import type { SurrealStore } from './connection.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { rankOf } from './records.js';
import { type EventRow, type TraceRow, toEventRow, toTraceRow } from './rows.js';
import { type Listing, scanPage } from './scan.js';

/** Times are Unix milliseconds, half-open: `from` <= timestamp < `to`. */
export interface EventFilter {
  from?: number;
  to?: number;
  event_type?: string;
  agent_id?: string;
  session_id?: string;
  trace_id?: string;
  framework?: string;
}

export interface TraceFilter {
  status?: TraceStatus;
  agent_id?: string;
  session_id?: string;
  /** Of start_time; Unix milliseconds, half-open. */
  from?: number;
  to?: number;
}

export interface Paging {
  /** 1 to {@link MAX_LIMIT}. */
  limit: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

export const MAX_LIMIT = 1_000;

// by how few rows a value is likely to have; the first one given leads
const EVENT_LEADS = ['trace_id', 'session_id', 'agent_id', 'event_type'] as const;
const TRACE_LEADS = ['session_id', 'agent_id', 'status'] as const;

/**
 * Events by (timestamp, id), newest first unless `order` says otherwise. Pages stay right while events arrive: nothing is
 * shown twice, and what arrives behind the cursor is not jumped over.
 *
 * @throws BadCursorError, StoreUnavailableError
 */
export async function listEvents(
  store: SurrealStore,
  filter: EventFilter & Paging & { order?: 'asc' | 'desc' },
): Promise<{ events: EventRow[]; next_cursor: string | null }> {
  const order = filter.order ?? 'desc';
  const scope = `events-${order}`;
  const page = await scanPage(store, {
    table: 'agent_event',
    order,
    ...conditionsOf(filter, EVENT_LEADS, ['framework']),
    ...rangeOf(filter),
    limit: limitOf(filter),
    after: filter.cursor === undefined ? null : decodeCursor(scope, filter.cursor),
  });
  return {
    events: page.rows.map(toEventRow),
    next_cursor: page.next && encodeCursor(scope, page.next),
  };
}

/** Traces by (start_time, id), newest first; those merged into another one are left out. @throws BadCursorError */
export async function listTraces(
  store: SurrealStore,
  filter: TraceFilter & Paging,
): Promise<{ traces: TraceRow[]; next_cursor: string | null }> {
  const scope = 'traces-desc';
  const picked = conditionsOf(filter, TRACE_LEADS, []);
  const page = await scanPage(store, {
    table: 'agent_trace',
    order: 'desc',
    ...picked,
    conditions: [...picked.conditions, 'merged_into = NONE'],
    ...rangeOf(filter),
    limit: limitOf(filter),
    after: filter.cursor === undefined ? null : decodeCursor(scope, filter.cursor),
  });
  return {
    traces: page.rows.map(toTraceRow),
    next_cursor: page.next && encodeCursor(scope, page.next),
  };
}

/** How many events fit the filter, exactly, at this moment. */
export async function countEvents(store: SurrealStore, filter: EventFilter = {}): Promise<number> {
  const { lead, conditions, bindings } = conditionsOf(filter, EVENT_LEADS, ['framework']);
  const where = [...conditions];
  if (lead) where.unshift(`${lead.field} = $lead`);
  if (filter.from !== undefined) where.push('rank <= $from');
  if (filter.to !== undefined) where.push('rank > $to');
  const [counts] = await store.query<[{ count: number }[]]>(
    `SELECT count() FROM agent_event ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} GROUP ALL;`,
    {
      ...bindings,
      lead: lead?.value,
      from: filter.from === undefined ? undefined : rankOf(filter.from),
      to: filter.to === undefined ? undefined : rankOf(filter.to),
    },
  );
  return counts[0]?.count ?? 0;
}

const limitOf = ({ limit }: Paging) => Math.max(1, Math.min(Math.trunc(limit), MAX_LIMIT));

const rangeOf = ({ from, to }: { from?: number; to?: number }) => ({
  fromMs: from ?? null,
  toMs: to ?? null,
});

function conditionsOf(
  filter: object,
  leads: readonly string[],
  others: readonly string[],
): Pick<Listing, 'lead' | 'conditions' | 'bindings'> {
  const given = filter as Record<string, string | undefined>;
  const lead = leads.find((field) => given[field] !== undefined);
  const rest = [...leads, ...others].filter((field) => field !== lead && given[field] !== undefined);
  return {
    lead: lead ? { field: lead, value: given[lead]! } : null,
    conditions: rest.map((field) => `${field} = $${field}`),
    bindings: Object.fromEntries(rest.map((field) => [field, given[field]])),
  };
}
