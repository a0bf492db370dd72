import { finalRetraction } from '../../model/erasure.js';
import type { SurrealStore } from './connection.js';
import { eventRecord, recountRecord, traceRecord } from './records.js';
import { recountTraces } from './recount.js';
import { retractEvents } from './retract.js';

/** The engine fails on a statement that deletes some 15,000 rows. */
export const ERASE_PAGE = 500;

/** Rows that belong to one of these; a field that is left out selects nothing. */
export interface ErasedRows {
  traceId?: string;
  groupId?: string;
  sessionId?: string;
}

export interface ErasedRow {
  event_id: string;
  trace_id: string;
  group_id: string;
}

/** Up to {@link ERASE_PAGE} events of a trace, a group or a session. */
export async function eventsToErase(
  store: SurrealStore,
  { traceId, groupId, sessionId }: ErasedRows,
): Promise<ErasedRow[]> {
  const fields: [string, string | undefined][] = [
    ['trace_id', traceId],
    ['group_id', groupId],
    ['session_id', sessionId],
  ];
  for (const [field, id] of fields) {
    if (id === undefined) continue;
    const [rows] = await store.query<[[unknown, string, string][]]>(
      `SELECT VALUE [record::id(id), trace_id, group_id] FROM agent_event WHERE ${field} = $id LIMIT ${ERASE_PAGE};`,
      { id },
    );
    if (rows.length > 0)
      return rows.map(([event_id, trace_id, group_id]) => ({
        event_id: String(event_id),
        trace_id,
        group_id,
      }));
  }
  return [];
}

/** The trace that an id leads to, and its groups, which are the ids of traces that were merged into it; null where none is stored. */
export async function traceToErase(
  store: SurrealStore,
  id: string,
): Promise<{ traceId: string; groupIds: string[] } | null> {
  let traceId = id;
  for (let hops = 0; hops < 8; hops++) {
    const [rows] = await store.query<[{ merged_into?: string | null; group_ids: string[] }[]]>(
      'SELECT merged_into, group_ids FROM $trace;',
      { trace: traceRecord(traceId) },
    );
    const row = rows[0];
    if (row === undefined) return null;
    if (row.merged_into) {
      traceId = row.merged_into;
      continue;
    }
    return { traceId, groupIds: row.group_ids };
  }
  return null;
}

/** Deletes rows of traces, not their events; those that are not there are passed over. */
export async function deleteTraceRows(store: SurrealStore, traceIds: readonly string[]): Promise<void> {
  await store.query('BEGIN; DELETE $ids RETURN NONE; DELETE $marks RETURN NONE; COMMIT;', {
    ids: traceIds.map(traceRecord),
    marks: traceIds.map(recountRecord),
  });
}

/** Takes all events of a group away, page by page. Calling again is harmless. */
export async function eraseGroup(store: SurrealStore, groupId: string): Promise<void> {
  const traces = new Set<string>();
  for (;;) {
    const rows = await eventsToErase(store, { groupId });
    if (rows.length === 0) break;
    await eraseRows(store, rows);
    for (const { trace_id } of rows) traces.add(trace_id);
  }
  await recountTraces(store, [...traces]);
}

/**
 * Takes events away, whatever version is stored, with their facts and edges, and marks their traces for a recount.
 * @throws Error where none can be deleted, so that nobody asks for them for ever.
 */
export async function eraseRows(store: SurrealStore, rows: readonly ErasedRow[]): Promise<void> {
  const gone = await retractEvents(store, rows.map(finalRetraction));
  if (gone.length === 0 && (await stillThere(store, rows)))
    throw new Error(`${rows.length} rows of agent_event cannot be deleted`);
}

async function stillThere(store: SurrealStore, rows: readonly ErasedRow[]): Promise<boolean> {
  const [any] = await store.query<[boolean]>('RETURN array::any($ids.map(|$id| record::exists($id)));', {
    ids: rows.map(({ event_id }) => eventRecord(event_id)),
  });
  return any;
}
