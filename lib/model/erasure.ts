import { createHash } from 'node:crypto';
import type { AgentEvent, AgentTrace, EventRetraction, GroupLink } from './events.js';

/** What an id that was erased is the id of. A group is erased with its trace, or with the session that it is. */
export type ErasedKind = 'trace' | 'group' | 'session';

/** What is kept of an id that may not come back: enough to know it again, and nothing to read it from. */
export const erasureKey = (kind: ErasedKind, id: string): string =>
  createHash('sha256').update(`${kind}:${id}`).digest('hex');

/** Whether an id was erased. */
export type IsErased = (kind: ErasedKind, id: string) => boolean;

export const isEventErased = (
  { trace_id, group_id, session_id }: Pick<AgentEvent, 'trace_id' | 'group_id' | 'session_id'>,
  isErased: IsErased,
): boolean =>
  isErased('trace', trace_id) ||
  isErased('group', group_id) ||
  (session_id !== null && isErased('session', session_id));

/** A group that goes to an erased trace is erased with it. */
export const isLinkErased = (
  { trace_id, group_id }: Pick<GroupLink, 'trace_id' | 'group_id'>,
  isErased: IsErased,
): boolean => isErased('trace', trace_id) || isErased('group', group_id);

/** A trace goes with its id, or with the last of its groups. */
export const isTraceErased = (
  { trace_id, group_ids }: Pick<AgentTrace, 'trace_id' | 'group_ids'>,
  isErased: IsErased,
): boolean =>
  isErased('trace', trace_id) || (group_ids.length > 0 && group_ids.every((id) => isErased('group', id)));

/** Newer than any record of an event, so that it takes away whatever a store has of it. */
export const finalRetraction = ({
  event_id,
  group_id,
}: Pick<EventRetraction, 'event_id' | 'group_id'>): EventRetraction => ({
  event_id,
  group_id,
  generation: 2 ** 31 - 1,
  revision: Number.MAX_SAFE_INTEGER,
});
