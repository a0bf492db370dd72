import type { AgentEvent, GroupLink, GroupState, ParsedEvent } from '../../../../lib/model/events.js';
import { groupKeys, uuidOf } from '../../../../lib/model/ids.js';
import { noSummary, type SummaryState, toGroupSummary } from '../../../../lib/model/summary/group-summary.js';
import { rootOf, toldMs } from './root.js';
import type { GroupHead, RootBind } from './state.js';

/** Flag of an event that may have been emitted before under this id: a store keeps the row it has. Never stored itself. */
export const STATE_LOST = 'state_lost';

/** Identity of one part of a group: part 1 is the group itself, a further one is a group of its own with its own root. */
export interface PartIdentity {
  group_id: string;
  group_key: string;
  trace_id: string;
}

export function partIdentity(head: GroupHead, part: number): PartIdentity {
  if (part === 1) return { group_id: head.group_id, group_key: head.group_key, trace_id: rootOf(head) };
  const group_key = groupKeys.continuation(head.group_id, part);
  const group_id = uuidOf(group_key);
  return { group_id, group_key, trace_id: group_id };
}

export interface Stamp {
  revision: number;
  generation: number;
}

/** The event in its trace, without what only trace needs. */
export function agentEvent(
  event: ParsedEvent,
  part: PartIdentity,
  stamp: Stamp,
  doubtful: boolean,
): AgentEvent {
  const flags = doubtful && !event.flags.includes(STATE_LOST) ? [...event.flags, STATE_LOST] : event.flags;
  return {
    event_id: event.event_id,
    group_id: part.group_id,
    group_key: part.group_key,
    trace_id: part.trace_id,
    session_id: event.session_id,
    agent_id: event.agent_id,
    timestamp_ms: event.timestamp_ms,
    event_type: event.event_type,
    framework: event.framework,
    properties: event.properties,
    source: event.source,
    raw: event.raw,
    created_ms: event.created_ms,
    updated_ms: event.updated_ms,
    why: event.why,
    flags,
    options: event.options,
    revision: stamp.revision,
    generation: stamp.generation,
  };
}

export function groupLink(
  part: PartIdentity,
  previousTraceId: string,
  session: string | null,
  updatedMs: number,
  stamp: Stamp,
): GroupLink {
  return {
    ...part,
    previous_trace_id: previousTraceId,
    session_id: session,
    updated_ms: updatedMs,
    ...stamp,
  };
}

/** State of one part for its root. Without a summary (all of it was dropped) it has no events and says `state_lost`. */
export function groupState(
  head: GroupHead,
  part: number,
  summary: SummaryState | null,
  lost: boolean,
  stamp: Stamp,
): GroupState {
  const about = {
    truncated: part < head.part,
    continues: part === 1 ? null : partIdentity(head, part - 1).trace_id,
  };
  const bound = head.bind;
  return {
    ...(summary === null
      ? { ...noSummary(bound === null ? 0 : toldMs(bound), bound?.appended_ms ?? 0), ...about }
      : toGroupSummary(summary, about)),
    ...partIdentity(head, part),
    merged_into: null,
    state_lost: lost || summary === null,
    ...stamp,
  };
}

/** Says to `root` that the group is at the root of `bind` instead. Its content is a function of the bind alone. */
export function departure(head: GroupHead, root: string, bind: RootBind, stamp: Stamp): GroupState {
  return {
    ...noSummary(toldMs(bind), bind.appended_ms),
    group_id: head.group_id,
    group_key: head.group_key,
    trace_id: root,
    merged_into: bind.trace_id,
    state_lost: false,
    ...stamp,
  };
}
