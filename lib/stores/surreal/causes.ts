import type { SurrealStore } from './connection.js';
import { causeRecord, eventRecord } from './records.js';

export interface Cause {
  event_id: string;
  cause_id: string;
  reason: string;
}

/** What finding causes needs of the rows of a group, in no order. */
export interface GroupStep {
  event_id: string;
  timestamp_ms: number;
  event_type: string;
  agent_id: string | null;
  tool_name: string | null;
  model: string | null;
  /** Whether its sender asked for causedBy edges. */
  asked: boolean;
}

/** Every event of a group, and the causedBy edges that the group has. */
export async function readGroupSteps(
  store: SurrealStore,
  groupId: string,
): Promise<{ steps: GroupStep[]; causes: Cause[] }> {
  const [rows, edges] = await store.query<[unknown[][], unknown[][]]>(
    `SELECT VALUE [id, timestamp, event_type, agent_id, properties.tool_name, properties.model,
       options.extract_relationships] FROM agent_event WHERE group_id = $group_id;
     SELECT VALUE [in, out, reason] FROM causedBy WHERE group_id = $group_id;`,
    { group_id: groupId },
  );
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  const idOf = (record: unknown) => String((record as { id: unknown }).id);
  return {
    steps: rows.map(([id, timestamp, event_type, agent_id, tool_name, model, asked]) => ({
      event_id: idOf(id),
      timestamp_ms: (timestamp as Date).getTime(),
      event_type: event_type as string,
      agent_id: text(agent_id),
      tool_name: text(tool_name),
      model: text(model),
      asked: asked === true,
    })),
    causes: edges.map(([effect, cause, reason]) => ({
      event_id: idOf(effect),
      cause_id: idOf(cause),
      reason: reason as string,
    })),
  };
}

/** Makes the causedBy edges of a group `wanted`, given what it has; at most one per event. */
export async function writeCauses(
  store: SurrealStore,
  groupId: string,
  wanted: Cause[],
  existing: Cause[],
): Promise<void> {
  const keyOf = (cause: Cause) => JSON.stringify([cause.event_id, cause.cause_id, cause.reason]);
  const has = new Set(existing.map(keyOf));
  const wants = new Set(wanted.map(keyOf));
  const added = wanted.filter((cause) => !has.has(keyOf(cause)));
  const gone = existing.filter((cause) => !wants.has(keyOf(cause)));
  if (added.length === 0 && gone.length === 0) return;
  await store.query(
    `BEGIN;
     DELETE $gone RETURN NONE;
     INSERT RELATION INTO causedBy $edges RETURN NONE;
     COMMIT;`,
    {
      // an event may have been another group's before
      gone: [...new Set([...gone, ...added].map((cause) => cause.event_id))].map(causeRecord),
      edges: added.map((cause) => ({
        id: causeRecord(cause.event_id),
        in: eventRecord(cause.event_id),
        out: eventRecord(cause.cause_id),
        group_id: groupId,
        reason: cause.reason,
      })),
    },
  );
}
