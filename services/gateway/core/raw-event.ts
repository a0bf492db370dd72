import { canonicalEventBody, eventIdentityOf, logSourceOf } from '../../../lib/model/event-body.js';
import type { EventBody, IngestionOptions, RawLog } from '../../../lib/model/events.js';
import { eventId, streamKey } from '../../../lib/model/ids.js';
import type { Masker } from '../../../lib/model/masking/masker.js';

/** An event on its way to raw-logs. */
export interface RawEvent {
  /** The id that the processor will give it too. */
  eventId: string;
  /** Key on raw-logs; null: no order is asked for. */
  key: string | null;
  log: RawLog;
}

/**
 * The record of a valid event, its secrets masked: they get no further than here. An id that is made of the body is made of the masked
 * one, or whoever may read ids could try passwords against it.
 */
export function rawEventOf(
  given: EventBody,
  timeMs: number,
  options: IngestionOptions | null,
  masker: Masker,
): RawEvent {
  let body = given;
  let canonical = canonicalEventBody(body);
  if (masker.suspects(canonical)) {
    body = { ...given, properties: masker.value(given.properties) };
    canonical = canonicalEventBody(body);
  }
  return {
    eventId: eventId(eventIdentityOf(body, canonical)),
    key: keyOf(body),
    log: { message: '', timestamp_ms: timeMs, source: logSourceOf(body.source), event: canonical, options },
  };
}

/** The log stream; without one the agent, else the session, whose events are to stay in order. */
function keyOf(body: EventBody): string | null {
  const source = logSourceOf(body.source);
  if (source) return streamKey(source);
  if (body.agent_id) return `http/agent:${body.agent_id}`;
  return body.session_id ? `http/session:${body.session_id}` : null;
}
