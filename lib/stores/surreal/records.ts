import { RecordId } from 'surrealdb';
import type { AgentEvent, AgentTrace } from '../../model/events.js';
import { canonicalJson } from '../../model/json.js';
import { encodeProperties, type StoredRecord, toEventRow, toTraceRow } from './rows.js';

/** Ids are bound values of SurrealDB's record id type, so any string is safe in them. */
export const eventRecord = (eventId: string) => new RecordId('agent_event', eventId);
export const traceRecord = (traceId: string) => new RecordId('agent_trace', traceId);
/** One edge per event, named by it: an event is in one trace at a time. */
export const containsRecord = (eventId: string) => new RecordId('contains', eventId);
/** One cause per event. */
export const causeRecord = (eventId: string) => new RecordId('causedBy', eventId);
export const recountRecord = (traceId: string) => new RecordId('trace_recount', traceId);

/** An `option<…>` field wants NONE, which is undefined here, where the wire has null. */
const none = <T>(value: T | null): T | undefined => value ?? undefined;

/**
 * What indexes of the newest first are built on: minus Unix milliseconds. The engine reads an index forward only when it
 * is to stop at a limit, so the newest must come first in it.
 */
export const rankOf = (timeMs: number): number => -timeMs;

/** An AgentEvent as its record of agent_event. @throws SyntaxError when properties are no JSON. */
export function toEventRecord(event: AgentEvent): Record<string, unknown> {
  return {
    id: eventRecord(event.event_id),
    trace_id: event.trace_id,
    group_id: event.group_id,
    group_key: event.group_key,
    session_id: none(event.session_id),
    agent_id: none(event.agent_id),
    timestamp: new Date(event.timestamp_ms),
    timestamp_ms: event.timestamp_ms,
    rank: rankOf(event.timestamp_ms),
    event_type: event.event_type,
    framework: none(event.framework),
    properties: encodeProperties(JSON.parse(event.properties)),
    source: event.source
      ? Object.fromEntries(Object.entries(event.source).filter(([, part]) => part !== null))
      : undefined,
    raw: { ...event.raw },
    why: { ...event.why, captures: encodeProperties({ ...event.why.captures }) },
    options: event.options ? { ...event.options } : undefined,
    flags: event.flags,
    revision: event.revision,
    generation: event.generation,
    created_at: new Date(event.created_ms),
    updated_at: new Date(event.updated_ms),
  };
}

/** An AgentTrace as its record of agent_trace. */
export function toTraceRecord(trace: AgentTrace): Record<string, unknown> {
  return {
    id: traceRecord(trace.trace_id),
    session_id: none(trace.session_id),
    agent_id: none(trace.agent_id),
    status: trace.status,
    merged_into: none(trace.merged_into),
    continues: none(trace.continues),
    group_ids: trace.group_ids,
    agents: trace.agents,
    frameworks: trace.frameworks,
    total_events: trace.total_events,
    error_count: trace.error_count,
    event_counts: encodeProperties({ ...trace.event_counts }),
    tools: encodeProperties(plain(trace.tools)),
    models: encodeProperties(plain(trace.models)),
    start_time: new Date(trace.start_ms),
    end_time: new Date(trace.end_ms),
    rank: rankOf(trace.start_ms),
    duration_ms: trace.duration_ms,
    state_lost: trace.state_lost,
    revision: trace.revision,
    generation: trace.generation,
    created_at: new Date(trace.created_ms),
    updated_at: new Date(trace.updated_ms),
    updated_ms: trace.updated_ms,
  };
}

/** A record of agent_event as the AgentEvent that it was. */
export function fromEventRecord(record: StoredRecord): AgentEvent {
  const { timestamp, created_at, updated_at, properties, ...rest } = toEventRow(record);
  return {
    ...rest,
    properties: canonicalJson(properties),
    timestamp_ms: Date.parse(timestamp),
    created_ms: Date.parse(created_at),
    updated_ms: Date.parse(updated_at),
  };
}

/** A record of agent_trace as an AgentTrace. */
export function fromTraceRecord(record: StoredRecord): AgentTrace {
  const { start_time, end_time, created_at, updated_at, ...rest } = toTraceRow(record);
  return {
    ...rest,
    start_ms: Date.parse(start_time),
    end_ms: Date.parse(end_time ?? start_time),
    created_ms: Date.parse(created_at),
    updated_ms: Date.parse(updated_at),
  };
}

/** avsc decodes records into classes of its own; the client encodes plain objects only. */
const plain = (map: Record<string, object>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(map).map(([key, stats]) => [key, { ...stats }]));
