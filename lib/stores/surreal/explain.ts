import { groupKeys, uuidOf } from '../../model/ids.js';
import type { SurrealStore } from './connection.js';
import { getEvent, getTraceRow } from './reads.js';
import { rankOf, traceRecord } from './records.js';
import type { EventRow, StoredRecord, TraceRow } from './rows.js';

/** An event near another one in the same trace. */
export type Sibling = Pick<EventRow, 'event_id' | 'event_type' | 'timestamp'> & {
  strategy: EventRow['why']['strategy'];
};

/** All that is stored about where an event is. */
export interface EventContext {
  event: EventRow;
  /** null: its row has not arrived yet. */
  trace: TraceRow | null;
  /** Of a group that was moved: the earliest event that names its session and its trace, where there is one. */
  bound_by: Pick<EventRow, 'event_id' | 'timestamp'> | null;
  /** The trace in which the group goes on, where this part of it was full. */
  continued_by: string | null;
  /** The nearest ones, in order of time. */
  before: Sibling[];
  after: Sibling[];
}

/**
 * An event with the facts that explain its place; null where there is none. Reads no more than the rows of one group or trace.
 * @throws StoreUnavailableError
 */
export async function getEventContext(
  store: SurrealStore,
  eventId: string,
  siblings: number,
): Promise<EventContext | null> {
  const event = await getEvent(store, eventId);
  if (!event) return null;
  const [trace, bound_by, continued_by, before, after] = await Promise.all([
    getTraceRow(store, event.trace_id),
    bindOf(store, event),
    nextPartOf(store, event),
    neighbours(store, event, siblings, 'before'),
    neighbours(store, event, siblings, 'after'),
  ]);
  return { event, trace, bound_by, continued_by, before, after };
}

/** A session is moved to the trace that the least (time, id) event names which carries both. */
async function bindOf(store: SurrealStore, event: EventRow): Promise<EventContext['bound_by']> {
  const { group_key, trace_id, group_id } = event;
  if (!group_key.startsWith('session:') || trace_id === group_id) return null;
  const [rows] = await store.query<[StoredRecord[]]>(
    `SELECT id, timestamp, timestamp_ms FROM agent_event WHERE group_id = $group_id AND session_id = $session_id
     ORDER BY timestamp_ms, id LIMIT 1;`,
    { group_id: uuidOf(groupKeys.trace(trace_id)), session_id: group_key.slice('session:'.length) },
  );
  const first = rows[0];
  return first ? { event_id: String(first.id.id), timestamp: (first.timestamp as Date).toISOString() } : null;
}

async function nextPartOf(store: SurrealStore, { group_id, group_key }: EventRow): Promise<string | null> {
  const part = /^cont:(.+):(\d+)$/.exec(group_key);
  const next = uuidOf(groupKeys.continuation(part?.[1] ?? group_id, Number(part?.[2] ?? 1) + 1));
  const [exists] = await store.query<[boolean]>('RETURN record::exists($id);', { id: traceRecord(next) });
  return exists ? next : null;
}

async function neighbours(
  store: SurrealStore,
  { event_id, trace_id, timestamp }: EventRow,
  limit: number,
  side: 'before' | 'after',
): Promise<Sibling[]> {
  const rank = rankOf(Date.parse(timestamp));
  // the index has the newest first and is read forward: what lies after is found by sorting what is newer
  const where = side === 'before' ? 'rank >= $rank' : 'rank <= $rank ORDER BY timestamp_ms, id';
  const [rows] = await store.query<[StoredRecord[]]>(
    `SELECT id, event_type, timestamp, timestamp_ms, why.strategy AS strategy FROM agent_event
     WHERE trace_id = $trace_id AND ${where} LIMIT ${limit + MAX_SAME_TIME};`,
    { trace_id, rank },
  );
  const ms = Date.parse(timestamp);
  const isOnSide = (row: StoredRecord) => {
    const [at, id] = [row.timestamp_ms as number, String(row.id.id)];
    if (id === event_id) return false;
    if (at !== ms) return true;
    return side === 'before' ? id < event_id : id > event_id;
  };
  const away = (row: StoredRecord) => Math.abs((row.timestamp_ms as number) - ms);
  const byId = (a: StoredRecord, b: StoredRecord) => (String(a.id.id) < String(b.id.id) ? -1 : 1);
  const nearest = rows
    .filter(isOnSide)
    .sort((a, b) => away(a) - away(b) || (side === 'before' ? byId(b, a) : byId(a, b)))
    .slice(0, limit)
    .map((row) => ({
      event_id: String(row.id.id),
      event_type: row.event_type as string,
      timestamp: (row.timestamp as Date).toISOString(),
      strategy: row.strategy as Sibling['strategy'],
    }));
  return side === 'before' ? nearest.reverse() : nearest;
}

/** So many events of the same millisecond are read beyond those that are asked for. */
const MAX_SAME_TIME = 50;
