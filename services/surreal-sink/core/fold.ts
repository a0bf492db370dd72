import type { AgentEvent, EventRetraction, GroupLink } from '../../../lib/model/events.js';
import { replaces } from '../../../lib/stores/surreal/precedence.js';

export interface EventEntry<Origin> {
  kind: 'event';
  event: AgentEvent;
  origin: Origin;
  /** Whether it is one that was accepted, and no copy of one. */
  counted: boolean;
}
export interface LinkEntry<Origin> {
  kind: 'link';
  link: GroupLink;
  origin: Origin;
}
export interface RetractionEntry<Origin> {
  kind: 'retraction';
  retraction: EventRetraction;
  origin: Origin;
}
export type Entry<Origin> = EventEntry<Origin> | LinkEntry<Origin> | RetractionEntry<Origin>;

export interface Move<Origin> {
  link: GroupLink;
  /** Traces that rows of the group may be in. */
  previous: string[];
  origin: Origin;
}

export interface Folded<Origin> {
  /** One per event id, in the trace that the batch's last word on its group says. */
  events: { event: AgentEvent; origin: Origin; counted: boolean }[];
  /** The last link of each group, for rows that were stored before. */
  moves: Move<Origin>[];
  /** To be written before the events: one that is newer than its retraction is among them. */
  retractions: { retraction: EventRetraction; origin: Origin }[];
  /** Traces whose groups share an event id: each counted it, one has the row. */
  shared: string[];
  /** Events of other records of raw-logs that one of `events` has taken the place of: their id is the same. */
  superseded: AgentEvent[];
  /** Events that a retraction of the batch takes back before they are written. */
  withdrawn: AgentEvent[];
}

/**
 * What a batch of agent-events comes to. Records of one group stand in the order of their revisions, so a link speaks
 * for every event of its group before it: those are written where they belong at once, under the link's revision,
 * and a re-delivered older record cannot move them back.
 *
 * Invariant: writing the fold of a batch leaves the same rows as writing its records one by one, and so does writing
 * any suffix of what was written again.
 */
export function fold<Origin>(entries: readonly Entry<Origin>[]): Folded<Origin> {
  const events = new Map<string, { event: AgentEvent; origin: Origin; counted: boolean }>();
  const byGroup = new Map<string, Set<string>>();
  const moves = new Map<string, Move<Origin>>();
  const shared = new Set<string>();
  const retractions = new Map<string, { retraction: EventRetraction; origin: Origin }>();
  const superseded: AgentEvent[] = [];
  const withdrawn: AgentEvent[] = [];
  for (const entry of entries) {
    if (entry.kind === 'retraction') {
      const { retraction, origin } = entry;
      const { event_id } = retraction;
      const earlier = retractions.get(event_id);
      if (earlier && !isLater(retraction, earlier.retraction)) continue;
      retractions.set(event_id, { retraction, origin });
      const known = events.get(event_id);
      if (known && isLater(retraction, known.event)) {
        events.delete(event_id);
        if (known.counted) withdrawn.push(known.event);
      }
      continue;
    }
    if (entry.kind === 'event') {
      const { event, origin, counted } = entry;
      const retracted = retractions.get(event.event_id)?.retraction;
      if (retracted && isLater(retracted, event)) {
        if (counted) withdrawn.push(event);
        continue;
      }
      const known = events.get(event.event_id);
      if (known && known.event.group_id !== event.group_id) {
        shared.add(known.event.trace_id).add(event.trace_id);
      }
      const stands = !known || replaces(event, known.event);
      const isSame = known !== undefined && isOfOneRecord(event, known.event);
      if (known && !isSame) {
        const [other, isCounted] = stands ? [known.event, known.counted] : [event, counted];
        if (isCounted) superseded.push(other);
      }
      // one form of a record that is counted is enough
      if (known && isSame) known.counted ||= counted;
      if (!stands) continue;
      events.set(event.event_id, { event, origin, counted: isSame ? known.counted : counted });
      const members = byGroup.get(event.group_id);
      if (members) members.add(event.event_id);
      else byGroup.set(event.group_id, new Set([event.event_id]));
      continue;
    }
    const { link, origin } = entry;
    const move = moves.get(link.group_id);
    if (move && !isLater(link, move.link)) continue;
    const previous = [...new Set([...(move?.previous ?? []), link.previous_trace_id])];
    moves.set(link.group_id, { link, origin, previous });
    for (const eventId of byGroup.get(link.group_id) ?? []) {
      const member = events.get(eventId);
      // retracted since, or an event of the same id in another group has taken its place
      if (member?.event.group_id !== link.group_id || !isLater(link, member.event)) continue;
      const { trace_id, revision, generation } = link;
      events.set(eventId, { ...member, event: { ...member.event, trace_id, revision, generation } });
    }
  }
  return {
    events: [...events.values()],
    moves: [...moves.values()],
    retractions: [...retractions.values()],
    shared: [...shared],
    superseded,
    withdrawn,
  };
}

const isOfOneRecord = ({ raw: a }: AgentEvent, { raw: b }: AgentEvent): boolean =>
  a.offset === b.offset && a.partition === b.partition && a.index === b.index && a.topic === b.topic;

type Counted = Pick<GroupLink, 'generation' | 'revision'>;

/** By (generation, revision), within one group. */
const isLater = (next: Counted, stored: Counted): boolean =>
  next.generation > stored.generation ||
  (next.generation === stored.generation && next.revision > stored.revision);
