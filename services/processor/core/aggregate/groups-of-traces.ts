import type { GroupState } from '../../../../lib/model/events.js';
import type { StateStore } from '../../../../lib/topology/topology.js';
import { type AggregateState, stateKeys, type TraceGroup } from './state.js';

/**
 * The groups of each trace. The state store has one entry per (trace, group) and no way to ask for those of a trace, so this
 * holds the same objects by trace; built once from the store, then kept in step with it.
 */
export class GroupsOfTraces {
  private readonly traces = new Map<string, Map<string, GroupState>>();

  constructor(private readonly state: StateStore<AggregateState>) {
    for (const [, value] of state.entries(stateKeys.groups)) this.remember((value as TraceGroup).state);
  }

  of(traceId: string): ReadonlyMap<string, GroupState> {
    return this.traces.get(traceId) ?? new Map();
  }

  /** Replaces what is known of a group. False where it is not newer by (generation, revision). */
  replace(next: GroupState): boolean {
    const known = this.of(next.trace_id).get(next.group_id);
    if (known && !isNewer(next, known)) return false;
    this.state.put(stateKeys.group(next.trace_id, next.group_id), { kind: 'group', state: next });
    this.remember(next);
    return true;
  }

  /** Drops a trace; maps handed out before stay as they were. */
  drop(traceId: string): void {
    for (const groupId of this.of(traceId).keys()) this.state.delete(stateKeys.group(traceId, groupId));
    this.traces.delete(traceId);
  }

  private remember(state: GroupState): void {
    const groups = this.traces.get(state.trace_id);
    if (groups) groups.set(state.group_id, state);
    else this.traces.set(state.trace_id, new Map([[state.group_id, state]]));
  }
}

const isNewer = (next: GroupState, known: GroupState): boolean =>
  next.generation !== known.generation ? next.generation > known.generation : next.revision > known.revision;
