import type { SurrealStore } from './connection.js';
import { recountRecord, traceRecord } from './records.js';

/** One trace may have many thousand events. */
const DELETE_TIMEOUT_MS = 120_000;

/**
 * Deletes up to `maxTraces` traces that nothing was appended to since `before`, each with its events (whose edges go
 * with them) in one transaction.
 * @returns what was deleted; fewer traces than asked for means that none is left.
 */
export async function deleteOlderThan(
  store: SurrealStore,
  before: Date,
  maxTraces: number,
): Promise<{ traces: number; events: number }> {
  const [ids] = await store.query<[{ id: unknown }[]]>(
    'SELECT VALUE id FROM agent_trace WHERE updated_ms < $before LIMIT $max;',
    { before: before.getTime(), max: maxTraces },
  );
  let events = 0;
  for (const { id } of ids) {
    const traceId = String(id);
    const results = await store.query<unknown[]>(
      `BEGIN;
       LET $still = IF $trace.updated_ms < $before { [$trace] } ELSE { [] };
       LET $rows = IF array::len($still) > 0 { SELECT VALUE id FROM agent_event WHERE trace_id = $trace_id } ELSE { [] };
       DELETE $rows RETURN NONE;
       DELETE $mark RETURN NONE;
       DELETE $still RETURN NONE;
       RETURN array::len($rows);
       COMMIT;`,
      {
        trace: traceRecord(traceId),
        trace_id: traceId,
        mark: recountRecord(traceId),
        before: before.getTime(),
      },
      DELETE_TIMEOUT_MS,
    );
    events += results.at(-2) as number;
  }
  return { traces: ids.length, events };
}
