import type { SurrealStore } from './connection.js';
import { recountRecord, traceRecord } from './records.js';

/** The engine fails on a statement that deletes some 15,000 rows, and a trace of many sessions may have more. */
const ROWS_PER_PAGE = 1_000;

/**
 * Deletes up to `maxTraces` traces that nothing was appended to since `before`, each with its events (whose edges go with them), page
 * by page. A trace that is added to meanwhile stays, with what is left of it, and is counted from its rows.
 * @returns what was deleted; fewer traces than asked for means that none is left.
 */
export async function deleteOlderThan(
  store: SurrealStore,
  before: Date,
  maxTraces: number,
  rowsPerPage = ROWS_PER_PAGE,
): Promise<{ traces: number; events: number }> {
  const [ids] = await store.query<[{ id: unknown }[]]>(
    'SELECT VALUE id FROM agent_trace WHERE updated_ms < $before LIMIT $max;',
    { before: before.getTime(), max: maxTraces },
  );
  let events = 0;
  for (const { id } of ids) {
    const traceId = String(id);
    for (;;) {
      const results = await store.query<unknown[]>(
        `BEGIN;
         LET $still = IF $trace.updated_ms < $before { [$trace] } ELSE { [] };
         LET $rows = IF array::len($still) > 0 {
           SELECT VALUE id FROM agent_event WHERE trace_id = $trace_id LIMIT ${rowsPerPage}
         } ELSE { [] };
         LET $last = array::len($rows) < ${rowsPerPage};
         DELETE $rows RETURN NONE;
         IF $last {
           DELETE $still.map(|$one| $mark) RETURN NONE;
           DELETE $still RETURN NONE;
         } ELSE {
           INSERT IGNORE INTO trace_recount { id: $mark, reason: 'retention took a part of it', since: time::now() } RETURN NONE;
         };
         RETURN array::len($rows);
         COMMIT;`,
        {
          trace: traceRecord(traceId),
          trace_id: traceId,
          mark: recountRecord(traceId),
          before: before.getTime(),
        },
      );
      const deleted = results.at(-2) as number;
      events += deleted;
      if (deleted < rowsPerPage) break;
    }
  }
  return { traces: ids.length, events };
}
