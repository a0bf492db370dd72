import type { EventContext } from '../../../lib/stores/surreal/index.js';
import { howLinked, howRead, whyThere } from './explain-words.js';

/**
 * Why an event is what it is and where it is: what was recorded when it was read and traced, what the stores know of its
 * group, and the same in words. There is an answer for every event that is stored.
 */
export function explain(context: EventContext) {
  const { event, trace, bound_by, continued_by, before, after } = context;
  const { why, raw } = event;
  const place = whyThere(context);
  const links = howLinked(context);
  const moved = event.group_id !== event.trace_id && !event.group_key.startsWith('trace:');
  return {
    event_id: event.event_id,
    trace_id: event.trace_id,
    summary: [
      howRead(context),
      place,
      ...links,
      `It was read from ${raw.topic}/${raw.partition} at offset ${raw.offset}.`,
    ].join(' '),
    rule: why.rule,
    rule_version: why.rule_version,
    captures: why.captures,
    strategy: why.strategy,
    strategy_in_words: place,
    inherited: why.inherited,
    confidence: why.confidence,
    evidence: why.evidence ?? [],
    group_id: event.group_id,
    group_key: event.group_key,
    links: {
      previous_trace_ids: moved ? [event.group_id] : [],
      bound_by,
      continues: trace?.continues ?? null,
      continued_by,
    },
    siblings: { before, after },
    source: event.source,
    flags: event.flags,
    raw,
  };
}
