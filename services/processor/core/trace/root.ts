import { type Bind, UNKNOWN_BIND_MS } from '../../../../lib/model/events.js';
import { groupKeys, isRun, uuidOf } from '../../../../lib/model/ids.js';
import type { AdoptedRun, GroupHead, RootBind } from './state.js';

const TRACE = 'trace:';

/**
 * Root trace id of a group's first part: T as given for `trace:<T>`; for a session the T of its least Bind, else, as for
 * runs and single events, its own group_id.
 */
export function rootOf(group: Pick<GroupHead, 'group_id' | 'group_key' | 'bind'>): string {
  if (group.group_key.startsWith(TRACE)) return group.group_key.slice(TRACE.length);
  return group.bind?.trace_id ?? group.group_id;
}

/**
 * The bind that holds once `next` is known; the very `current` where nothing changes. Least by (event time, event_id, trace_id),
 * and of copies of one bind the one appended first: idempotent and independent of order.
 */
export function leastBind(current: RootBind | null, next: Bind): RootBind {
  if (current !== null && compare(current, next) <= 0) return current;
  const { session_id, trace_id, timestamp_ms, event_id, appended_ms } = next;
  return { session_id, trace_id, timestamp_ms, event_id, appended_ms };
}

/**
 * Names that someone may have been given for this group's trace before its root was known: its own, and for a run the one of the
 * session that adopted it.
 */
export function formerRoots({
  group_id,
  group_key,
  bind,
}: Pick<GroupHead, 'group_id' | 'group_key' | 'bind'>): string[] {
  if (bind === null) return [];
  const isAdopted = isRun(group_key) && bind.session_id !== null;
  const names = isAdopted ? [group_id, uuidOf(groupKeys.session(bind.session_id!))] : [group_id];
  return names.filter((name) => name !== bind.trace_id);
}

/**
 * Tells a run that a group has adopted where it goes. It carries the marks of the bind behind the group's root, so that {@link
 * leastBind} settles at the run as it does here, in whatever order they come; a root without a bind gives way to any.
 */
export function runBind(group: GroupHead, run: AdoptedRun): Bind {
  const bound = group.group_key.startsWith(TRACE) ? null : group.bind;
  return {
    home_key: run.run,
    session_id: run.session_id,
    trace_id: rootOf(group),
    timestamp_ms: bound?.timestamp_ms ?? UNKNOWN_BIND_MS,
    event_id: bound?.event_id ?? run.event_id,
    appended_ms: bound?.appended_ms ?? run.appended_ms,
  };
}

/** When a bind was told, Unix milliseconds: by its event, or by when it was appended where it stands for a root without a bind. */
export const toldMs = ({ timestamp_ms, appended_ms }: RootBind): number =>
  timestamp_ms === UNKNOWN_BIND_MS ? appended_ms : timestamp_ms;

function compare(a: RootBind, b: RootBind): number {
  if (a.timestamp_ms !== b.timestamp_ms) return a.timestamp_ms - b.timestamp_ms;
  if (a.event_id !== b.event_id) return a.event_id < b.event_id ? -1 : 1;
  if (a.trace_id !== b.trace_id) return a.trace_id < b.trace_id ? -1 : 1;
  return a.appended_ms - b.appended_ms;
}
