import type { ParsedEvent } from '../../lib/model/events.js';
import type { Explanation } from './explain.js';

/** What `vectadb parse` prints for one line of input. */
export interface ParsedLine {
  event_type: string;
  framework: string | null;
  /** false: the fallback, kept but not understood. */
  parsed: boolean;
  rule: string | null;
  /** The line joined the event before it, whose values these are. */
  continues: boolean;
  session_id: string | null;
  trace_id: string | null;
  agent_id: string | null;
  properties: Record<string, unknown>;
  explain?: Explanation;
}

/** What is shown of an event, before or after it has found its trace. */
export type ShownEvent = Pick<
  ParsedEvent,
  | 'event_id'
  | 'event_type'
  | 'framework'
  | 'session_id'
  | 'trace_id'
  | 'agent_id'
  | 'properties'
  | 'group_key'
  | 'timestamp_ms'
  | 'flags'
  | 'why'
>;

/** The fallback's type: kept, searchable, not understood. */
export const FALLBACK = 'log';

/** A line's event as printed. */
export function parsedLine(event: ShownEvent, continues: boolean): ParsedLine {
  return {
    event_type: event.event_type,
    framework: event.framework,
    parsed: event.event_type !== FALLBACK,
    rule: event.why.rule,
    continues,
    session_id: event.session_id,
    trace_id: event.trace_id,
    agent_id: event.agent_id,
    properties: JSON.parse(event.properties) as Record<string, unknown>,
  };
}

/** A line that became no event: refused for a reason, or another processor's. */
export const noEvent = (reason: string | null): ParsedLine => ({
  event_type: FALLBACK,
  framework: null,
  parsed: false,
  rule: null,
  continues: false,
  session_id: null,
  trace_id: null,
  agent_id: null,
  properties: reason === null ? {} : { refused: reason },
});
