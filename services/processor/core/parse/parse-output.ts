import type { Adoption } from '../../../../lib/model/events.js';
import type { Masker } from '../../../../lib/model/masking/masker.js';
import type { InputRecord, ProcessorContext } from '../../../../lib/topology/topology.js';
import { PARSED_EVENTS } from '../parsed-entries.js';
import type { Assigned, Assignment } from './assign-group.js';
import { bindOf, buildEvent, type EventContent } from './build-event.js';
import type { GroupIds } from './group-ids.js';
import type { EventHead, ParseState } from './parse-state.js';
import type { RawInput } from './raw-input.js';

export const REPLY_TO_HEADER = 'reply-to';
const MAX_REPLY_TO_BYTES = 256;

/** What the opening line decides of an event. */
export function headOf(
  record: InputRecord<RawInput>,
  id: string,
  traceId: string | null,
  assignment: Assignment,
  timestampMs: number,
  flags: string[],
  index = 0,
): EventHead {
  const { value, headers } = record;
  const replyTo = headers[REPLY_TO_HEADER];
  return {
    event_id: id,
    group_key: assignment.group_key,
    home_key: assignment.home_key,
    trace_id: traceId,
    session_id: assignment.session_id,
    agent_id: assignment.agent_id,
    timestamp_ms: timestampMs,
    source: value.source,
    raw: { topic: record.topic, partition: record.partition, offset: record.offset, index },
    created_ms: record.timestampMs,
    strategy: assignment.strategy,
    inherited: assignment.inherited,
    confidence: assignment.confidence,
    evidence: assignment.evidence,
    flags,
    options: value.options,
    reply_to: replyTo !== undefined && replyTo.length <= MAX_REPLY_TO_BYTES ? replyTo.toString('utf8') : null,
  };
}

/** What parse sends: events, and facts about where groups go. */
export class ParseOutput {
  constructor(
    private readonly groups: GroupIds,
    private readonly masker: Masker,
  ) {}

  /** Sends an event as it is now, and once the fact that its session belongs to its trace. */
  forward(
    head: EventHead,
    content: EventContent,
    message: string | null,
    updatedMs: number,
    amends: boolean,
    context: ProcessorContext<ParseState>,
  ): void {
    if (message !== null) content.properties.message = message;
    const event = buildEvent(head, content, updatedMs, amends, this.groups, this.masker);
    context.forward({ topic: PARSED_EVENTS, key: event.home_key, value: event });
    const bind = amends ? null : bindOf(head);
    if (bind !== null) context.forward({ topic: PARSED_EVENTS, key: bind.home_key, value: bind });
  }

  /** A run whose lines carried no id has shown one: where its group goes is that one's to say. */
  adopt(run: Assigned['adopts'], head: EventHead, context: ProcessorContext<ParseState>): void {
    if (run === null) return;
    const { home_key, session_id, timestamp_ms, event_id, created_ms } = head;
    const adoption: Adoption = {
      home_key,
      run_home_key: run,
      session_id,
      timestamp_ms,
      event_id,
      appended_ms: created_ms,
    };
    context.forward({ topic: PARSED_EVENTS, key: home_key, value: adoption });
  }
}
