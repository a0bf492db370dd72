/** What decides which of two writes of one event stands. Times in Unix milliseconds. */
export interface Version {
  generation: number;
  revision: number;
  group_id: string;
  updated_ms: number;
}

/**
 * Whether `next` replaces `stored`, so that the rows do not depend on the order of arrival.
 * Generation first. Within a group its own counter, the revision, unless what is stored is of a later line: an event that a
 * store refused and that is sent again must not undo the fuller form that it took. Revisions of different groups cannot be compared
 * (the same client id sent for two sessions): there the later append time stands, then the lesser group id, both
 * the same after a replay.
 */
export function replaces(next: Version, stored: Version): boolean {
  if (next.generation !== stored.generation) return next.generation > stored.generation;
  if (next.group_id === stored.group_id)
    return next.revision > stored.revision && next.updated_ms >= stored.updated_ms;
  if (next.updated_ms !== stored.updated_ms) return next.updated_ms > stored.updated_ms;
  return next.group_id < stored.group_id;
}

/** {@link replaces} as SurrealQL over the stored record, with the new one in `$r`. */
export const REPLACES_STORED = `(generation < $r.generation OR (generation = $r.generation AND (
    (group_id = $r.group_id AND revision < $r.revision AND updated_at <= $r.updated_at) OR
    (group_id != $r.group_id AND (updated_at < $r.updated_at OR
      (updated_at = $r.updated_at AND group_id > $r.group_id))))))`;
