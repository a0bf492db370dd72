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

/** Lines whose type, text or agent hold every word, in any case. */
export function matching(events: readonly EventOut[], text: string): EventOut[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...events];
  return events.filter((event) => {
    const all =
      `${event.event_type} ${event.agent_id ?? ''} ${JSON.stringify(event.properties)}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}
