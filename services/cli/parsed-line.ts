import type { ParsedEvent } from '../../lib/model/events.js';
import type { Fate } from '../processor/core/parse/coverage.js';
import { FALLBACK_TYPE } from '../processor/core/parse/reading.js';
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

/** A line's event as printed. */
export function parsedLine(event: ShownEvent, continues: boolean): ParsedLine {
  return {
    event_type: event.event_type,
    framework: event.framework,
    parsed: event.event_type !== FALLBACK_TYPE,
    rule: event.why.rule,
    continues,
    session_id: event.session_id,
    trace_id: event.trace_id,
    agent_id: event.agent_id,
    properties: JSON.parse(event.properties) as Record<string, unknown>,
  };
}

/** Texts of those lines that no rule has read. */
export const unreadTexts = (lines: readonly ParsedLine[]): string[] =>
  lines.flatMap(({ parsed, continues, properties: { message } }) =>
    !parsed && !continues && typeof message === 'string' ? [message] : [],
  );

/** A line that became no event: refused for a reason, or another processor's. */
export const noEvent = (reason: string | null): ParsedLine => ({
  event_type: FALLBACK_TYPE,
  framework: null,
  parsed: false,
  rule: null,
  continues: false,
  session_id: null,
  trace_id: null,
  agent_id: null,
  properties: reason === null ? {} : { refused: reason },
});

/** Whether a line of that fate prints the values of an event that another line opened. */
export const continuesEvent = (fate: Fate): boolean => fate === 'joined' || fate === 'duplicate';
