import { recountTrace } from '../../model/summary/recount.js';
import type { SurrealStore } from './connection.js';
import { fromEventRecord, fromTraceRecord, recountRecord, toTraceRecord, traceRecord } from './records.js';
import type { StoredRecord } from './rows.js';

/** One trace may have many thousand events. */
const RECOUNT_TIMEOUT_MS = 60_000;

/**
 * Counts those of `traceIds` anew from their rows that are marked for it (table trace_recount): there, what the tracer
 * counted covers less or more than what is stored. To be called after every write that touches a trace.
 *
 * Several writers may be at it at once. Each takes a turn first, reads, and writes only while its turn is the last: whoever
 * took the last turn read after all others had written, and whoever fails is called again with its batch.
 *
 * @returns how many were counted. @throws StoreUnavailableError, StoreRefusedError
 */
export async function recountTraces(store: SurrealStore, traceIds: string[]): Promise<number> {
  if (traceIds.length === 0) return 0;
  const [marks] = await store.query<[{ id: unknown }[]]>('RETURN $ids.filter(|$id| record::exists($id));', {
    ids: traceIds.map(recountRecord),
  });
  for (const mark of marks) await recountOne(store, String(mark.id));
  return marks.length;
}

async function recountOne(store: SurrealStore, traceId: string): Promise<void> {
  const ids = { mark: recountRecord(traceId), trace: traceRecord(traceId), trace_id: traceId };
  const [marks] = await store.query<[{ turn: number; reason: string }[]]>(
    'UPDATE $mark SET turn += 1 RETURN turn, reason;',
    ids,
  );
  if (marks[0] === undefined) return; // retention took the mark and the trace meanwhile
  const { turn, reason } = marks[0];
  const [rows, traces] = await store.query<[StoredRecord[], StoredRecord[]]>(
    'SELECT * FROM agent_event WHERE trace_id = $trace_id; SELECT * FROM $trace;',
    ids,
    RECOUNT_TIMEOUT_MS,
  );
  if (!traces[0]) return; // its row comes by another topic and brings it here again
  if (rows.length === 0 && reason === RETIRED) {
    // an event may have come since: then whoever wrote it counts it
    await store.query(
      `BEGIN;
       LET $empty = array::len((SELECT VALUE id FROM agent_event WHERE trace_id = $trace_id LIMIT 1)) = 0;
       IF $mark.turn = $turn AND $empty { DELETE $trace RETURN NONE; DELETE $mark RETURN NONE; };
       COMMIT;`,
      { ...ids, turn },
    );
    return;
  }
  const content = rows.length === 0 ? EMPTY : countsOf(rows, traces[0]);
  await store.query('BEGIN; IF $mark.turn = $turn { UPDATE $trace MERGE $content RETURN NONE; }; COMMIT;', {
    ...ids,
    turn,
    content,
  });
}

/** Why a trace is marked that goes once it has no rows. */
export const RETIRED = 'retired';

/** Every row has gone to another trace. */
const EMPTY = { total_events: 0, error_count: 0, event_counts: {}, tools: {}, models: {} };

/** What is counted; who wrote the trace last, and that state was lost, stays as it is. */
function countsOf(rows: StoredRecord[], trace: StoredRecord): Record<string, unknown> {
  const record = toTraceRecord(recountTrace(rows.map(fromEventRecord), fromTraceRecord(trace)));
  const kept = ['id', 'revision', 'generation', 'state_lost', 'merged_into'];
  return Object.fromEntries(Object.entries(record).filter(([field]) => !kept.includes(field)));
}
