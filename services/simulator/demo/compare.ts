import type { ExpectedTrace } from './scenario.js';

/** What is compared of a stored trace. */
export interface StoredTrace {
  trace_id: string;
  session_id: string | null;
  status: string;
  total_events: number;
  events: { event_type: string; properties: Record<string, unknown> }[];
}

/** How a stored trace differs from the one written by hand; empty when it is the same. */
export function differences(expected: ExpectedTrace, stored: StoredTrace): string[] {
  const found: string[] = [];
  const differ = (what: string, wanted: unknown, got: unknown) => {
    if (JSON.stringify(wanted) !== JSON.stringify(got)) {
      found.push(`${expected.name}: ${what} is ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`);
    }
  };
  if (expected.trace_id !== undefined) differ('trace_id', expected.trace_id, stored.trace_id);
  if (expected.session_id !== undefined) differ('session_id', expected.session_id, stored.session_id);
  differ('status', expected.status, stored.status);
  differ('total_events', expected.events.length, stored.total_events);
  differ(
    'the order of its events',
    expected.events.map(([type]) => type),
    stored.events.map(({ event_type }) => event_type),
  );
  expected.events.forEach(([type, properties], index) => {
    for (const [name, value] of Object.entries(properties)) {
      differ(`${name} of event ${index + 1} (${type})`, value, stored.events[index]?.properties[name]);
    }
  });
  return found;
}
