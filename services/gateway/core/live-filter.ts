import { holdsAll } from '../../../lib/model/facts/search-text.js';

/** What a client of the live feed wants; fields together narrow it. */
export interface LiveFilter {
  kinds: ReadonlySet<'event' | 'trace'>;
  event_type: ReadonlySet<string> | null;
  agent_id: ReadonlySet<string> | null;
  session_id: ReadonlySet<string> | null;
  trace_id: ReadonlySet<string> | null;
  level: ReadonlySet<string> | null;
  status: ReadonlySet<string> | null;
  text: readonly string[];
}

/** What filters look at of a message. */
export interface LiveSubject {
  kind: 'event' | 'trace';
  event_types: readonly string[];
  agents: readonly string[];
  session_id: string | null;
  trace_id: string;
  level: string | null;
  status: string | null;
  /** As `searchText` makes it; asked for only where a client looks for texts. */
  text: () => string;
}

export function isWanted(filter: LiveFilter, subject: LiveSubject): boolean {
  const among = (wanted: ReadonlySet<string> | null, values: readonly (string | null)[]) =>
    wanted === null || values.some((value) => value !== null && wanted.has(value));
  return (
    filter.kinds.has(subject.kind) &&
    among(filter.trace_id, [subject.trace_id]) &&
    among(filter.session_id, [subject.session_id]) &&
    among(filter.agent_id, subject.agents) &&
    among(filter.event_type, subject.event_types) &&
    among(filter.level, [subject.level]) &&
    among(filter.status, [subject.status]) &&
    (filter.text.length === 0 || holdsAll(subject.text(), filter.text))
  );
}
