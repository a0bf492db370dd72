import type { AgentEvent, AgentTrace } from '../../model/events.js';
import type { SurrealStore } from './connection.js';
import type { Position } from './cursor.js';
import { eventRecord, fromEventRecord, fromTraceRecord, traceRecord } from './records.js';
import type { StoredRecord } from './rows.js';
import { scanPage } from './scan.js';

const PAGE_ROWS = 1_000;
const COUNT_TIMEOUT_MS = 120_000;

/**
 * Events whose lines were appended to raw-logs in `[fromMs, toMs)`, Unix milliseconds, a page at a time in the order of their event times.
 * There is no index for it: every row is looked at.
 * @throws StoreUnavailableError, StoreRefusedError
 */
export async function* eventsAppended(
  store: SurrealStore,
  fromMs: number,
  toMs: number,
): AsyncGenerator<AgentEvent[]> {
  let after: Position | null = null;
  do {
    const page = await scanPage(store, {
      table: 'agent_event',
      order: 'asc',
      lead: null,
      conditions: ['created_at >= $appended_from', 'created_at < $appended_to'],
      bindings: { appended_from: new Date(fromMs), appended_to: new Date(toMs) },
      fromMs: null,
      toMs: null,
      limit: PAGE_ROWS,
      after,
    });
    if (page.rows.length > 0) yield page.rows.map(fromEventRecord);
    after = page.next;
  } while (after !== null);
}

/**
 * Traces that something was appended to in `[fromMs, toMs)`, or might have been, a page at a time.
 * @throws as {@link eventsAppended}
 */
export async function* tracesOf(
  store: SurrealStore,
  fromMs: number,
  toMs: number,
): AsyncGenerator<AgentTrace[]> {
  let after: Position | null = null;
  do {
    const page = await scanPage(store, {
      table: 'agent_trace',
      order: 'desc',
      lead: null,
      conditions: ['updated_ms >= $appended_from', 'created_at < $appended_to'],
      bindings: { appended_from: fromMs, appended_to: new Date(toMs) },
      fromMs: null,
      toMs: null,
      limit: PAGE_ROWS,
      after,
    });
    if (page.rows.length > 0) yield page.rows.map(fromTraceRecord);
    after = page.next;
  } while (after !== null);
}

/** Number of stored events of each trace; those without any may be left out. */
export async function countEvents(
  store: SurrealStore,
  traceIds: readonly string[],
): Promise<Map<string, number>> {
  if (traceIds.length === 0) return new Map();
  const [counts] = await store.query<[number[]]>(
    'RETURN $ids.map(|$id| array::len((SELECT VALUE id FROM agent_event WHERE trace_id = $id)));',
    { ids: traceIds },
    COUNT_TIMEOUT_MS,
  );
  return new Map(traceIds.map((id, index) => [id, counts[index]!]));
}

/** Those of the events that are stored, by id. */
export async function readEvents(
  store: SurrealStore,
  ids: readonly string[],
): Promise<Map<string, AgentEvent>> {
  const rows = await readRecords(store, ids.map(eventRecord));
  return new Map(rows.map((row) => [String(row.id.id), fromEventRecord(row)]));
}

/** Those of the traces that are stored, by id, as they are: one that was merged is not followed. */
export async function readTraces(
  store: SurrealStore,
  ids: readonly string[],
): Promise<Map<string, AgentTrace>> {
  const rows = await readRecords(store, ids.map(traceRecord));
  return new Map(rows.map((row) => [String(row.id.id), fromTraceRecord(row)]));
}

async function readRecords(store: SurrealStore, ids: readonly unknown[]): Promise<StoredRecord[]> {
  if (ids.length === 0) return [];
  const [rows] = await store.query<[(StoredRecord | null | undefined)[]]>('SELECT * FROM $ids;', { ids });
  return rows.filter((row): row is StoredRecord => row?.id !== undefined);
}
