import type { AgentEvent, EventRetraction, GroupLink } from '../../../lib/model/events.js';
import { replaces } from '../../../lib/stores/surreal/precedence.js';

export interface EventEntry<Origin> {
  kind: 'event';
  event: AgentEvent;
  origin: Origin;
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
  events: { event: AgentEvent; origin: Origin }[];
  /** The last link of each group, for rows that were stored before. */
  moves: Move<Origin>[];
  /** To be written before the events: one that is newer than its retraction is among them. */
  retractions: { retraction: EventRetraction; origin: Origin }[];
  /** Traces whose groups share an event id: each counted it, one has the row. */
  shared: string[];
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
  const events = new Map<string, { event: AgentEvent; origin: Origin }>();
  const byGroup = new Map<string, Set<string>>();
  const moves = new Map<string, Move<Origin>>();
  const shared = new Set<string>();
  const retractions = new Map<string, { retraction: EventRetraction; origin: Origin }>();
  for (const entry of entries) {
    if (entry.kind === 'retraction') {
      const { retraction, origin } = entry;
      const { event_id } = retraction;
      const earlier = retractions.get(event_id);
      if (earlier && !isLater(retraction, earlier.retraction)) continue;
      retractions.set(event_id, { retraction, origin });
      const event = events.get(event_id)?.event;
      if (event && isLater(retraction, event)) events.delete(event_id);
      continue;
    }
    if (entry.kind === 'event') {
      const { event, origin } = entry;
      const retracted = retractions.get(event.event_id)?.retraction;
      if (retracted && isLater(retracted, event)) continue;
      const known = events.get(event.event_id);
      if (known && known.event.group_id !== event.group_id) {
        shared.add(known.event.trace_id).add(event.trace_id);
      }
      if (known && !replaces(event, known.event)) continue;
      events.set(event.event_id, { event, origin });
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
  };
}

type Counted = Pick<GroupLink, 'generation' | 'revision'>;

/** By (generation, revision), within one group. */
const isLater = (next: Counted, stored: Counted): boolean =>
  next.generation > stored.generation ||
  (next.generation === stored.generation && next.revision > stored.revision);
