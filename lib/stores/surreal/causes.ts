import type { Cause, CauseReason } from '../../model/tree/causes.js';
import { STEP_PROPERTIES, type TreeEvent } from '../../model/tree/step.js';
import type { SurrealStore } from './connection.js';
import { causeRecord, eventRecord } from './records.js';

/** An event as far as its causes need it, and whether its sender asked for them. */
export interface GroupStep {
  event: TreeEvent;
  asked: boolean;
}

// names hold dots and such, so they are quoted and come back by place
const PROPERTY_PATHS = STEP_PROPERTIES.map((name) => `properties.\`${name}\``).join(', ');

/** Every event of a group, and the causedBy edges that the group has. */
export async function readGroupSteps(
  store: SurrealStore,
  groupId: string,
): Promise<{ steps: GroupStep[]; causes: Cause[] }> {
  const [rows, edges] = await store.query<[unknown[][], unknown[][]]>(
    `SELECT VALUE [id, timestamp, event_type, agent_id, session_id, source, raw,
       options.extract_relationships, [${PROPERTY_PATHS}]] FROM agent_event WHERE group_id = $group_id;
     SELECT VALUE [in, out, reason] FROM causedBy WHERE group_id = $group_id;`,
    { group_id: groupId },
  );
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  const idOf = (record: unknown) => String((record as { id: unknown }).id);
  return {
    steps: rows.map(([id, timestamp, event_type, agent_id, session_id, source, raw, asked, properties]) => ({
      event: {
        event_id: idOf(id),
        timestamp: (timestamp as Date).toISOString(),
        event_type: event_type as string,
        agent_id: text(agent_id),
        session_id: text(session_id),
        source: (source ?? null) as TreeEvent['source'],
        raw: raw as TreeEvent['raw'],
        properties: Object.fromEntries(
          (properties as unknown[]).map((value, index) => [STEP_PROPERTIES[index]!, value ?? undefined]),
        ),
      },
      asked: asked === true,
    })),
    causes: edges.map(([effect, cause, reason]) => ({
      event_id: idOf(effect),
      cause_id: idOf(cause),
      reason: reason as CauseReason,
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
