import { embeddingText } from '../../../lib/embedding/text.js';
import type { AgentEvent } from '../../../lib/model/events.js';
import { ok, type Result, refuse } from '../../../lib/model/result.js';
import type { EventPayload } from '../../../lib/stores/qdrant/points.js';

/** An event without its vector: what is stored beside it, and the text that the vector is made of. */
export interface EncodedEvent {
  payload: EventPayload;
  text: string;
  /** When the last line of the event was appended to raw-logs, Unix milliseconds. */
  appendedMs: number;
}

/** Whether the event is to have a vector at all. */
export const wantsVector = (event: AgentEvent): boolean => event.options?.generate_embeddings ?? true;

/** Refuses what no retry would mend. */
export function encodeEvent(event: AgentEvent): Result<EncodedEvent> {
  let text: string;
  try {
    text = embeddingText(event);
  } catch (error) {
    return refuse('PROCESSING', `properties of ${event.event_id} are no JSON: ${String(error)}`);
  }
  const {
    event_id,
    trace_id,
    group_id,
    event_type,
    agent_id,
    session_id,
    timestamp_ms,
    updated_ms,
    generation,
    revision,
  } = event;
  return ok({
    payload: {
      event_id,
      trace_id,
      group_id,
      event_type,
      agent_id,
      session_id,
      timestamp: timestamp_ms,
      appended_ms: updated_ms,
      generation,
      revision,
    },
    text,
    appendedMs: updated_ms,
  });
}
