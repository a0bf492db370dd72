import type { EventRetraction, GroupLink } from '../../../lib/model/events.js';
import { pointId } from '../../../lib/model/ids.js';
import { type GroupMove, isOlder } from '../../../lib/stores/qdrant/points.js';
import type { EncodedEvent } from './encode.js';

/** One record of a batch after decoding, with where it came from. */
export type Entry<Origin> =
  | { kind: 'event'; event: EncodedEvent; origin: Origin }
  | { kind: 'link'; link: GroupLink; origin: Origin }
  | { kind: 'retraction'; retraction: EventRetraction; origin: Origin };

export interface FoldedEvent<Origin> extends EncodedEvent {
  origin: Origin;
}

export interface Fold<Origin> {
  events: FoldedEvent<Origin>[];
  /** To be deleted before the events are written: one that is newer than its retraction is among them. */
  retractions: EventRetraction[];
  moves: GroupMove[];
}

/**
 * What a batch of one partition comes to: of each event its newest emission, of each group its newest link. `events` are
 * written first; `moves` then take the older points of their groups along, of this batch and of earlier ones.
 *
 * Invariant: writing the folds of any split of a partition's records into batches, any suffix of them again, leaves
 * every point with the content of its newest emission and the trace of its newest emission or link, whichever is the newer.
 * It holds because a point's version is that of the newest record that touched it, versions grow along a group's records,
 * and a write never meets a point that is as new.
 */
export function fold<Origin>(entries: readonly Entry<Origin>[]): Fold<Origin> {
  const events = new Map<string, FoldedEvent<Origin>>();
  const moves = new Map<string, GroupMove>();
  const retractions = new Map<string, EventRetraction>();
  for (const entry of entries) {
    if (entry.kind === 'retraction') {
      const id = pointId(entry.retraction.event_id);
      const known = retractions.get(id);
      if (!known || isOlder(known, entry.retraction)) retractions.set(id, entry.retraction);
      const event = events.get(id);
      if (event && isOlder(event.payload, entry.retraction)) events.delete(id);
      continue;
    }
    if (entry.kind === 'link') {
      const { group_id, trace_id, generation, revision } = entry.link;
      const known = moves.get(group_id);
      if (!known || isOlder(known, entry.link)) {
        moves.set(group_id, { group_id, trace_id, generation, revision });
      }
      continue;
    }
    const id = pointId(entry.event.payload.event_id);
    const retracted = retractions.get(id);
    if (retracted && isOlder(entry.event.payload, retracted)) continue;
    const known = events.get(id);
    if (!known || isOlder(known.payload, entry.event.payload)) {
      events.set(id, { ...entry.event, origin: entry.origin });
    }
  }
  return {
    events: [...events.values()],
    retractions: [...retractions.values()],
    moves: [...moves.values()],
  };
}
