import type { RawPosition, Strategy, Why } from '../../../lib/model/events.js';

/** What {@link explain} needs of an event's row. */
export interface ExplainedEvent {
  event_id: string;
  trace_id: string;
  group_id: string;
  group_key: string;
  session_id: string | null;
  agent_id: string | null;
  event_type: string;
  why: Why;
  flags: string[];
  raw: RawPosition;
}

const STRATEGIES: Record<Strategy, string> = {
  1: 'it carries a trace id',
  2: 'it carries a session or request id',
  3: 'its agent or log stream was in that trace at the time',
  4: 'it carries no id and comes from no stream, so it is a trace of its own',
};

/** Why an event is what it is and where it is: the recorded reasons, and a sentence of them. */
export function explain(event: ExplainedEvent) {
  const { why, raw } = event;
  const type = why.rule
    ? `It is a ${event.event_type} by the rule ${why.rule}${why.rule_version ? ` (${why.rule_version})` : ''}.`
    : `It came as a ${event.event_type}; no rule was needed.`;
  const place = `It is in trace ${event.trace_id} because ${STRATEGIES[why.strategy]} (strategy ${why.strategy}).`;
  const inherited = why.inherited ? ` From its log stream it has ${why.inherited}.` : '';
  return {
    event_id: event.event_id,
    trace_id: event.trace_id,
    summary: `${type} ${place}${inherited} It was read from ${raw.topic}/${raw.partition} at offset ${raw.offset}.`,
    rule: why.rule,
    rule_version: why.rule_version,
    captures: why.captures,
    strategy: why.strategy,
    inherited: why.inherited,
    confidence: why.confidence,
    group_id: event.group_id,
    group_key: event.group_key,
    flags: event.flags,
    raw,
  };
}
