import type { EventOut } from '../api/types.js';

/** Lines that are kept: enough to scroll back over, and bounded however long the page stays open. */
export const MOST_LINES = 1_000;

/** What was shown, with what came: newest first, each event once, as it was last told. */
export function extended(
  shown: readonly EventOut[],
  came: readonly EventOut[],
  most = MOST_LINES,
): EventOut[] {
  const byId = new Map(shown.map((event) => [event.event_id, event]));
  for (const event of came) byId.set(event.event_id, event);
  return [...byId.values()].sort(newestFirst).slice(0, most);
}

const newestFirst = (a: EventOut, b: EventOut): number =>
  Date.parse(b.timestamp) - Date.parse(a.timestamp) || (a.event_id < b.event_id ? 1 : -1);
