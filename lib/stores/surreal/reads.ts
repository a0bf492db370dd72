import type { SurrealStore } from './connection.js';
import { eventRecord, traceRecord } from './records.js';
import {
  type CauseRow,
  type EventRow,
  type StoredRecord,
  TRACED_VALUES,
  type TracedRow,
  type TracedValues,
  type TraceRow,
  toEventRow,
  toTracedRow,
  toTraceRow,
} from './rows.js';

const MAX_HOPS = 16;
const MAX_RELATED = 20;

export interface TraceView {
  trace: TraceRow;
  /** By (timestamp, id). */
  events: TracedRow[];
  /** More events than asked for exist. */
  truncated: boolean;
  causes: CauseRow[];
  /** The id asked for, where it was merged into `trace`. */
  merged_from: string | null;
  /** Others, newest first, at most 20 each. */
  same_session: TraceRow[];
  same_agent: TraceRow[];
}

/** One event, or null. */
export async function getEvent(store: SurrealStore, eventId: string): Promise<EventRow | null> {
  const [rows] = await store.query<[StoredRecord[]]>('SELECT * FROM $id;', { id: eventRecord(eventId) });
  return rows[0] ? toEventRow(rows[0]) : null;
}

/** The row of a trace as it is, merged or not; null where it has none. */
export async function getTraceRow(store: SurrealStore, traceId: string): Promise<TraceRow | null> {
  const [rows] = await store.query<[StoredRecord[]]>('SELECT * FROM $id;', { id: traceRecord(traceId) });
  return rows[0] ? toTraceRow(rows[0]) : null;
}

/** Those of `eventIds` that exist, in the order asked for. */
export async function getEventsByIds(store: SurrealStore, eventIds: string[]): Promise<EventRow[]> {
  if (eventIds.length === 0) return [];
  const [rows] = await store.query<[(StoredRecord | null)[]]>('SELECT * FROM $ids;', {
    ids: [...new Set(eventIds)].map(eventRecord),
  });
  const byId = new Map(
    rows.filter((row) => row?.id).map((row): [string, EventRow] => [String(row!.id.id), toEventRow(row!)]),
  );
  return eventIds.flatMap((id) => byId.get(id) ?? []);
}

/**
 * A trace with its events. A trace that was merged is followed to the one it is part of now. Events arrive by another
 * topic than the trace's own row, so while that row is missing it is made up from the events (status running).
 *
 * @returns null where there is neither
 */
export async function getTrace(
  store: SurrealStore,
  traceId: string,
  options: { maxEvents?: number } = {},
): Promise<TraceView | null> {
  const maxEvents = options.maxEvents ?? 10_000;
  const found = await followTrace(store, traceId);
  const id = found?.trace_id ?? traceId;
  const stored = await eventsOf(store, id, maxEvents + 1);
  const events = stored.slice(0, maxEvents).map(toTracedRow);
  const trace = found ?? provisionalTrace(id, events);
  if (!trace) return null;
  const [same_session, same_agent, causes] = await Promise.all([
    related(store, 'session_id', trace.session_id, trace.trace_id),
    related(store, 'agent_id', trace.agent_id, trace.trace_id),
    events.some((event) => event.options?.extract_relationships) ? causesOf(store, events) : [],
  ]);
  return {
    trace,
    events,
    truncated: stored.length > maxEvents,
    causes,
    merged_from: trace.trace_id === traceId ? null : traceId,
    same_session,
    same_agent,
  };
}

/** The first `limit` events of a trace by (timestamp, id). */
async function eventsOf(store: SurrealStore, traceId: string, limit: number): Promise<TracedValues[]> {
  // as the index has them, newest first: sorting ten thousand rows takes the engine twice as long as reading them
  const [rows] = await store.query<[TracedValues[]]>(
    `SELECT VALUE ${TRACED_VALUES} FROM agent_event WHERE trace_id = $id AND rank > $least LIMIT ${limit};`,
    { id: traceId, least: Number.MIN_SAFE_INTEGER },
  );
  if (rows.length < limit) return rows.sort(byTime);
  const [first] = await store.query<[TracedValues[]]>(
    `SELECT VALUE row FROM (SELECT timestamp_ms, id, ${TRACED_VALUES} AS row FROM agent_event WHERE trace_id = $id
       ORDER BY timestamp_ms, id LIMIT ${limit});`,
    { id: traceId },
  );
  return first;
}

const byTime = ([aId, , , , , aMs]: TracedValues, [bId, , , , , bMs]: TracedValues): number =>
  aMs - bMs || (aId < bId ? -1 : 1);

/** The trace that a session's latest event is in; null where the session has no event stored. */
export async function findTraceBySession(store: SurrealStore, sessionId: string): Promise<string | null> {
  const [rows] = await store.query<[string[]]>(
    'SELECT VALUE trace_id FROM agent_event WHERE session_id = $session_id AND rank > $least LIMIT 1;',
    { session_id: sessionId, least: Number.MIN_SAFE_INTEGER },
  );
  const traceId = rows[0];
  if (traceId === undefined) return null;
  return (await followTrace(store, traceId))?.trace_id ?? traceId;
}

/** Traces of a session's newest thousand events. */
export async function tracesOfSession(store: SurrealStore, sessionId: string): Promise<string[]> {
  const [rows] = await store.query<[string[]]>(
    'SELECT VALUE trace_id FROM agent_event WHERE session_id = $session_id AND rank > $least LIMIT 1000;',
    { session_id: sessionId, least: Number.MIN_SAFE_INTEGER },
  );
  return [...new Set(rows)];
}

/** The row of a trace, or of the one it was merged into; null where it has none. */
async function followTrace(store: SurrealStore, traceId: string): Promise<TraceRow | null> {
  let row: TraceRow | null = null;
  let next: string | null = traceId;
  for (let hop = 0; next !== null && hop < MAX_HOPS; hop++) {
    const found: TraceRow | null = await getTraceRow(store, next);
    if (!found) break; // its row has not arrived yet: the last one known stands
    row = found;
    next = row.merged_into === next ? null : row.merged_into;
  }
  return row;
}

async function related(
  store: SurrealStore,
  field: 'session_id' | 'agent_id',
  value: string | null,
  except: string,
): Promise<TraceRow[]> {
  if (value === null) return [];
  // twice as many as are shown: merged ones are among them, and a condition beside the index breaks the limit
  const [rows] = await store.query<[StoredRecord[]]>(
    `SELECT * FROM agent_trace WHERE ${field} = $value AND rank > $least LIMIT ${2 * MAX_RELATED};`,
    { value, least: Number.MIN_SAFE_INTEGER },
  );
  return rows
    .map(toTraceRow)
    .filter((row) => row.trace_id !== except && row.merged_into === null)
    .slice(0, MAX_RELATED);
}

async function causesOf(store: SurrealStore, events: TracedRow[]): Promise<CauseRow[]> {
  const [edges] = await store.query<[[{ id: unknown }, { id: unknown }, string][]]>(
    `RETURN array::flatten($groups.map(|$group|
       (SELECT VALUE { edge: [in, out, reason] } FROM causedBy WHERE group_id = $group))).map(|$row| $row.edge);`,
    { groups: [...new Set(events.map((event) => event.group_id))] },
  );
  return edges.map(([effect, cause, reason]) => ({
    event_id: String(effect.id),
    cause_id: String(cause.id),
    reason,
  }));
}

function provisionalTrace(traceId: string, events: TracedRow[]): TraceRow | null {
  const first = events[0];
  const last = events.at(-1);
  if (!first || !last) return null;
  const event_counts: Record<string, number> = {};
  for (const { event_type } of events) event_counts[event_type] = (event_counts[event_type] ?? 0) + 1;
  const distinct = (values: (string | null)[]) =>
    [...new Set(values)].filter((value) => value !== null).sort();
  const agents = distinct(events.map((event) => event.agent_id));
  const sorted = (times: string[]) => [...times].sort();
  return {
    trace_id: traceId,
    session_id: events.find((event) => event.session_id !== null)?.session_id ?? null,
    agent_id: agents[0] ?? null,
    status: 'running',
    merged_into: null,
    continues: null,
    group_ids: distinct(events.map((event) => event.group_id)),
    agents,
    frameworks: distinct(events.map((event) => event.framework)),
    total_events: events.length,
    error_count: events.filter((event) => /(^|_)error$/.test(event.event_type)).length,
    event_counts,
    tools: {},
    models: {},
    start_time: first.timestamp,
    end_time: last.timestamp,
    duration_ms: Date.parse(last.timestamp) - Date.parse(first.timestamp),
    state_lost: false,
    revision: 0,
    generation: 0,
    created_at: sorted(events.map((event) => event.created_at))[0]!,
    updated_at: sorted(events.map((event) => event.updated_at)).at(-1)!,
  };
}
