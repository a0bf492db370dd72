import {
  type Adoption,
  type Bind,
  type GroupState,
  isAdoption,
  isParsedEvent,
  type ParsedEntry,
  type ParsedEvent,
} from '../../../../lib/model/events.js';
import { groupIdAt, isRun } from '../../../../lib/model/ids.js';
import { contributionOf } from '../../../../lib/model/summary/contribution.js';
import { FIRST_GENERATION, REPLAYED_HEADER } from '../../../../lib/topology/generation.js';
import { REDRIVE_HEADER, REDRIVEN, redriveOf } from '../../../../lib/topology/redrive.js';
import type { InputRecord, Processor, ProcessorContext } from '../../../../lib/topology/topology.js';
import { PARSED_EVENTS } from '../parsed-entries.js';
import { AdoptedRuns } from './adopted-runs.js';
import { type Found, GroupStore } from './group-store.js';
import { agentEvent, departure, groupLink, groupState, partIdentity, type Stamp } from './records.js';
import { formerRoots, leastBind, rootOf, runBind } from './root.js';
import {
  type AdoptedRun,
  type GroupHead,
  IDS_QUIET_MS,
  RETIRED_MS,
  type RetiredGroup,
  STEP_MS,
  stateKeys,
  type TraceState,
} from './state.js';

export interface TraceOptions {
  /** Greatest number of events in one part of a group. */
  maxEventsPerTrace: number;
  /** How long the head of a group is kept after its last event, milliseconds of processing time. */
  stateRetentionMs: number;
  /** Compared before revisions; raised by a replay. */
  generation: number;
}

/** Greatest number of entries in a pack, so that offset and place make one number. */
export const PLACES = 4_096;

type Context = ProcessorContext<TraceState>;
type Input = InputRecord<ParsedEntry>;

/**
 * Everything about one home key: drops duplicates, gives each event its trace, moves a session to the trace it is bound to,
 * continues what grows too long. Its outputs' last values are a function of the set of events and binds, whatever
 * their order; which part of a continued group holds an event is not.
 */
export class TraceProcessor implements Processor<ParsedEntry, TraceState> {
  private groups: GroupStore | undefined;

  constructor(private readonly options: TraceOptions) {}

  process(record: Input, context: Context): void {
    const { value } = record;
    const home = value.home_key;
    const head = this.open(home, record, context);
    if ((head.gen ?? FIRST_GENERATION) < this.options.generation) this.raise(home, head, context);
    const stamp: Stamp = {
      revision: Math.max(head.rev + 1, record.offset * PLACES + record.place),
      generation: this.options.generation,
    };
    if (isParsedEvent(value)) this.onEvent(home, head, value, stamp, record, context);
    else if (isAdoption(value)) this.onAdoption(home, head, value, stamp, record.timestampMs, context);
    else this.onBind(home, head, value, stamp, record.timestampMs, context);
  }

  /**
   * Ids of a quiet group go after {@link IDS_QUIET_MS}, its head after the retention. Timers are set once and moved on when they
   * fire, so a busy group costs one timer per period and not one per event.
   */
  onTimer(key: string, state: TraceState, nowMs: number, context: Context): void {
    const groups = this.store(context);
    const home = stateKeys.homeOfHead(key);
    if (state.kind === 'retired') {
      new AdoptedRuns(home, context.state).drop(state);
      context.state.delete(key);
    }
    if (state.kind !== 'group') return;
    const { stateRetentionMs } = this.options;
    if (state.asleep) {
      const retired = retire(groups, home, state);
      groups.dropParts(home, state);
      if (retired) context.state.put(key, retired, nowMs + RETIRED_MS);
      else context.state.delete(key);
      return;
    }
    const quietAt = state.seen + this.quietMs;
    if (nowMs < quietAt) state.wake = quietAt;
    else {
      groups.dropAllIds(home, state);
      state.asleep = true;
      state.wake = Math.max(state.seen + stateRetentionMs, nowMs + STEP_MS);
    }
    groups.put(home, state);
  }

  private get quietMs(): number {
    return Math.min(IDS_QUIET_MS, this.options.stateRetentionMs);
  }

  private onEvent(
    home: string,
    head: GroupHead,
    event: ParsedEvent,
    stamp: Stamp,
    record: Input,
    context: Context,
  ): void {
    const groups = this.store(context);
    const { timestampMs: nowMs } = record;
    const found = groups.find(home, head, event.event_id);
    if (found && !event.amends) {
      this.onDuplicate(home, head, found, event, stamp, nowMs, context);
      return;
    }
    const first = !hasEvents(head);
    // the group's other events may have come and gone long ago
    if (first && isRedriven(record, event)) this.markLost(home, head, context);
    if (first) {
      // what opened the head may have known the home alone
      head.group_id = event.group_id;
      head.group_key = event.group_key;
    }
    this.touch(head, stamp, nowMs);
    let doubtful = false;
    if (found) this.amend(home, found, event, context);
    else {
      const uncertain = mayBeKnown(head, event);
      // an amend is the fuller form: it must replace the row, whatever became of the first one
      doubtful = uncertain && !event.amends;
      if (head.count >= this.options.maxEventsPerTrace) {
        groups.openNextPart(home, head);
        this.forwardState(home, head, head.part - 1, context);
      }
      if (uncertain) this.markLost(home, head, context);
      groups.append(home, head, contributionOf(event));
    }
    groups.put(home, head);
    const part = found?.part ?? head.part;
    const identity = partIdentity(head, part);
    context.forward({
      topic: 'agent-events',
      key: identity.group_id,
      value: { schema: 'agent-event', value: agentEvent(event, identity, stamp, doubtful) },
      headers: headersOf(record, event),
    });
    this.forwardState(home, head, part, context);
    if (first) this.forwardAlias(head, context);
  }

  /**
   * The event is stored already. Whoever waits for its trace id is answered by a link that moves nothing, since the event
   * itself is not emitted twice.
   */
  private onDuplicate(
    home: string,
    head: GroupHead,
    found: Found,
    event: ParsedEvent,
    stamp: Stamp,
    nowMs: number,
    context: Context,
  ): void {
    if (event.reply_to !== null) {
      const part = partIdentity(head, found.part);
      context.forward({
        topic: 'agent-events',
        key: part.group_id,
        value: {
          schema: 'group-link',
          value: groupLink(part, part.trace_id, event.session_id, event.updated_ms, stamp),
        },
        headers: { 'reply-to': event.reply_to },
      });
    } else if (nowMs < head.seen + IDS_QUIET_MS / 6) return;
    // a stream of duplicates keeps the ids alive, at the price of a state write every ten minutes
    this.touch(head, stamp, nowMs);
    this.store(context).put(home, head);
  }

  private amend(home: string, found: Found, event: ParsedEvent, context: Context): void {
    const groups = this.store(context);
    const part = groups.part(home, found.part);
    if (found.inTail) groups.amend(found, contributionOf(event));
    else part.lost = true;
    if (found.inTail === null || found.inTail === part.tail) groups.putPart(home, found.part, part);
  }

  private markLost(home: string, head: GroupHead, context: Context, number = head.part): void {
    const groups = this.store(context);
    const part = groups.part(home, number);
    if (part.lost) return;
    part.lost = true;
    groups.putPart(home, number, part);
  }

  private onBind(
    home: string,
    head: GroupHead,
    bind: Bind,
    stamp: Stamp,
    nowMs: number,
    context: Context,
  ): void {
    const least = leastBind(head.bind, bind);
    if (least === head.bind) return;
    const before = rootOf(head);
    head.bind = least;
    this.touch(head, stamp, nowMs);
    this.store(context).put(home, head);
    for (const run of new AdoptedRuns(home, context.state).of(head)) this.sendRoot(head, run, context);
    if (!hasEvents(head)) return;
    const root = rootOf(head);
    if (root !== before) {
      context.forward({
        topic: 'agent-events',
        key: head.group_id,
        value: {
          schema: 'group-link',
          value: groupLink(partIdentity(head, 1), before, bind.session_id, least.appended_ms, stamp),
        },
      });
      if (before !== head.group_id) this.forwardDeparture(head, before, context);
      this.forwardState(home, head, 1, context);
      if (head.part > 1) this.forwardState(home, head, 2, context);
    }
    this.forwardAlias(head, context);
  }

  /** A run goes where this group goes: it is told the root now, and again whenever that changes. */
  private onAdoption(
    home: string,
    head: GroupHead,
    adoption: Adoption,
    stamp: Stamp,
    nowMs: number,
    context: Context,
  ): void {
    const run = new AdoptedRuns(home, context.state).add(head, adoption);
    if (run === null) return;
    this.touch(head, stamp, nowMs);
    this.store(context).put(home, head);
    this.sendRoot(head, run, context);
  }

  private sendRoot(head: GroupHead, run: AdoptedRun, context: Context): void {
    const bind = runBind(head, run);
    context.forward({ topic: PARSED_EVENTS, key: bind.home_key, value: bind });
  }

  /**
   * A bound session's own group_id is a name that someone may have been given before the bind was known; its trace says where
   * to look. It is written whether or not that happened, so that the last rows do not depend on it.
   */
  private forwardAlias(head: GroupHead, context: Context): void {
    for (const name of formerRoots(head)) this.forwardDeparture(head, name, context);
  }

  private forwardDeparture(head: GroupHead, from: string, context: Context): void {
    const stamp: Stamp = { revision: head.rev, generation: this.options.generation };
    const state = departure(head, from, head.bind!, stamp);
    this.forwardGroupState(from, head.group_id, () => state, context);
  }

  /** One record per part and transaction: the summary is made when the transaction ends. */
  private forwardState(home: string, head: GroupHead, number: number, context: Context): void {
    const groups = this.store(context);
    const { group_id, trace_id } = partIdentity(head, number);
    const { generation } = this.options;
    const show = () => {
      const summary = groups.summary(home, head, number);
      return groupState(head, number, summary, groups.part(home, number).lost, {
        revision: head.rev,
        generation,
      });
    };
    this.forwardGroupState(trace_id, group_id, show, context);
  }

  private forwardGroupState(root: string, groupId: string, show: () => GroupState, context: Context): void {
    context.forward({
      topic: 'group-states',
      key: root,
      value: show,
      coalesceKey: `${groupId}/${root}`,
    });
  }

  /** The group's head, made or brought back where there is none; its counts then say that they start anew. */
  private open(home: string, record: Input, context: Context): GroupHead {
    const known = this.store(context).head(home);
    if (known?.kind === 'group') return known;
    const { value, timestampMs } = record;
    const event = isParsedEvent(value) ? value : null;
    const head: GroupHead = {
      kind: 'group',
      group_id: event?.group_id ?? groupIdAt(home),
      group_key: event?.group_key ?? home,
      bind: known?.bind ?? null,
      rev: known?.rev ?? 0,
      part: known?.part ?? 1,
      count: known?.count ?? 0,
      tail: [],
      adopted: known?.adopted ?? 0,
      oldest: known?.part ?? 1,
      doubt: known && hasEvents(known) ? known.end : null,
      seen: timestampMs,
      asleep: false,
      wake: timestampMs + this.quietMs,
      ...(this.options.generation === FIRST_GENERATION ? {} : { gen: this.options.generation }),
    };
    if (known ? hasEvents(known) : event !== null && missedItsStart(event))
      this.markLost(home, head, context);
    return head;
  }

  /** Rows of an older generation may have been replaced by other ones: what was counted says nothing of them. */
  private raise(home: string, head: GroupHead, context: Context): void {
    head.gen = this.options.generation;
    this.store(context).put(home, head);
    if (!hasEvents(head)) return;
    for (const part of new Set([1, 2, head.part]))
      if (part <= head.part) this.markLost(home, head, context, part);
  }

  private touch(head: GroupHead, stamp: Stamp, nowMs: number): void {
    head.rev = stamp.revision;
    head.seen = Math.max(head.seen, nowMs);
    if (!head.asleep) return;
    head.asleep = false;
    head.wake = nowMs + this.quietMs;
  }

  private store(context: Context): GroupStore {
    this.groups ??= new GroupStore(context.state);
    return this.groups;
  }
}

/** Says so itself, or is a record of its own that does. */
const isRedriven = (record: Input, event: ParsedEvent): boolean =>
  event.flags.includes(REDRIVEN) || redriveOf(record) !== null;

/** What a record of agent-events says beside the event: who waits for it, and the dead letter and the replay that it comes from. */
function headersOf({ headers }: Input, event: ParsedEvent): Record<string, string> | undefined {
  const redrive = headers[REDRIVE_HEADER]?.toString('utf8');
  const replayed = headers[REPLAYED_HEADER]?.toString('utf8');
  if (event.reply_to === null && redrive === undefined && replayed === undefined) return undefined;
  return {
    ...(event.reply_to === null ? {} : { 'reply-to': event.reply_to }),
    ...(redrive === undefined ? {} : { [REDRIVE_HEADER]: redrive }),
    ...(replayed === undefined ? {} : { [REPLAYED_HEADER]: replayed }),
  };
}

const hasEvents = (group: Pick<GroupHead, 'part' | 'count'>): boolean => group.part > 1 || group.count > 0;

/** A run is named after the event that opened it, and that event comes first: another one means that the state is gone. */
const missedItsStart = (event: ParsedEvent): boolean =>
  isRun(event.group_key) && !event.group_key.endsWith(`:${event.event_id}`);

/** Whether an event of unknown id may have been emitted before the group's ids were dropped: only what is not later can. */
const mayBeKnown = (head: GroupHead, event: ParsedEvent): boolean =>
  head.doubt !== null && (event.timestamp_ms <= head.doubt || event.flags.includes('no_timestamp'));

/** Runs and single events leave nothing: their first event tells whether the state is whole. */
function retire(groups: GroupStore, home: string, head: GroupHead): RetiredGroup | null {
  if (isRun(head.group_key) || head.group_key.startsWith('event:')) return null;
  const end = Math.max(groups.summary(home, head, head.part)?.end ?? 0, head.doubt ?? 0);
  const { bind, rev, part, count, adopted } = head;
  return { kind: 'retired', bind, rev, part, count, adopted, end };
}
