import type { EventBody, LogSource } from './events.js';
import type { EventIdentity } from './ids.js';
import { canonicalJson } from './json.js';
import { readTimestamp } from './timestamp.js';

/** Longest id, type or source part that an event may carry, UTF-16 code units; gateway and processor hold the same. */
export const MAX_ID_LENGTH = 512;

const NO_TRACE = /^0{32}$|^00000000-0000-0000-0000-000000000000$/;

/** An id as sent, or undefined where it says nothing: missing, null, empty. */
const idOf = (value: string | null | undefined): string | undefined => (value ? value : undefined);

/** Like {@link idOf}; an all-zero trace id means none (W3C Trace Context). */
export const traceIdOf = (value: string | null | undefined): string | undefined =>
  value && !NO_TRACE.test(value) ? value : undefined;

/** The source with every part, null where it is missing; null where there is no source. */
export function logSourceOf(source: EventBody['source'] | null): LogSource | null {
  if (!source) return null;
  return {
    system: source.system,
    account: idOf(source.account) ?? null,
    region: idOf(source.region) ?? null,
    log_group: idOf(source.log_group) ?? null,
    log_stream: idOf(source.log_stream) ?? null,
    log_id: idOf(source.log_id) ?? null,
  };
}

/**
 * The one spelling of an event body: known fields only, empty and null ones left out, the timestamp in UTC, keys sorted.
 * It is what travels in {@link RawLog.event} and what is hashed, so the gateway and the processor agree on ids. Applied
 * to its own parsed result it changes nothing.
 */
export function canonicalEventBody(body: EventBody): string {
  const time = readTimestamp(body.timestamp);
  return canonicalJson({
    event_id: idOf(body.event_id),
    trace_id: traceIdOf(body.trace_id),
    timestamp: time.ok ? time.text : body.timestamp,
    event_type: idOf(body.event_type),
    agent_id: idOf(body.agent_id),
    session_id: idOf(body.session_id),
    framework: idOf(body.framework),
    properties: body.properties,
    source: canonicalSource(body.source),
  });
}

function canonicalSource(source: EventBody['source'] | null): Record<string, string | undefined> | undefined {
  if (!source) return undefined;
  return {
    system: source.system,
    account: idOf(source.account),
    region: idOf(source.region),
    log_group: idOf(source.log_group),
    log_stream: idOf(source.log_stream),
    log_id: idOf(source.log_id),
  };
}

/**
 * What makes this event itself and no other: the client's id, else the source's own identity of the line, else the
 * canonical body. Pass `canonical` where {@link canonicalEventBody} is at hand already. For HTTP events; a body piped
 * into the topic without ids of its own has the identity of its position.
 */
export function eventIdentityOf(body: EventBody, canonical?: string): EventIdentity {
  if (body.event_id) return { kind: 'client', eventId: body.event_id };
  const source = logSourceOf(body.source);
  if (source?.log_id) return { kind: 'source', source };
  return { kind: 'body', canonicalBody: canonical ?? canonicalEventBody(body) };
}

/** Unix milliseconds of a body's timestamp. @throws where it is none: validate first. */
export function eventTimeMs(body: EventBody): number {
  const time = readTimestamp(body.timestamp);
  if (!time.ok) throw new Error(`timestamp ${time.reason}`);
  return time.ms;
}
