import type { EventRetraction } from '../../model/events.js';
import type { SurrealStore } from './connection.js';
import { markOfRow } from './flow.js';
import { eventRecord, recountRecord } from './records.js';
import { RETIRED } from './recount.js';

/**
 * Deletes the rows, with their edges, of events that are no more, where they are older than their retraction, and marks their traces
 * for a recount. Ids must be distinct. What was counted as stored stays so, once, should it come again (see flow.ts).
 * @returns what was deleted. @throws StoreUnavailableError, StoreRefusedError; calling again is harmless.
 */
export async function retractEvents(
  store: SurrealStore,
  retractions: readonly EventRetraction[],
): Promise<{ trace_id: string; group_id: string }[]> {
  const results = await store.query<unknown[]>(
    `BEGIN;
     LET $gone = array::flatten($retractions.map(|$r| (SELECT id, trace_id, group_id, raw FROM $r.id
       WHERE generation < $r.generation OR (generation = $r.generation AND revision < $r.revision))));
     DELETE $gone.map(|$row| $row.id) RETURN NONE;
     FOR $row IN $gone {
       IF array::len((DELETE ${markOfRow('flow_uncounted', '$row', '$row.id')} RETURN BEFORE)) = 0 {
         UPSERT ${markOfRow('flow_retracted', '$row', '$row.id')} SET at_ms = time::millis(time::now()) RETURN NONE;
       };
       INSERT IGNORE INTO trace_recount
         { id: type::record('trace_recount', $row.trace_id), reason: 'an event was retracted', since: time::now() } RETURN NONE;
     };
     RETURN $gone;
     COMMIT;`,
    {
      retractions: retractions.map(({ event_id, generation, revision }) => ({
        id: eventRecord(event_id),
        generation,
        revision,
      })),
    },
  );
  return results.at(-2) as { trace_id: string; group_id: string }[];
}

/** Has traces go once they have no events: with the next recount, or with whatever takes the last event from them. */
export async function retireTraces(store: SurrealStore, traceIds: readonly string[]): Promise<void> {
  await store.query(
    `BEGIN;
     INSERT IGNORE INTO trace_recount $marks RETURN NONE;
     UPDATE $ids SET reason = $reason RETURN NONE;
     COMMIT;`,
    {
      ids: traceIds.map(recountRecord),
      marks: traceIds.map((id) => ({ id: recountRecord(id), reason: RETIRED, since: new Date() })),
      reason: RETIRED,
    },
  );
}
