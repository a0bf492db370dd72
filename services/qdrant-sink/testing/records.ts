import type { Codec } from '../../../lib/model/codec.js';
import {
  type AgentEvent,
  type EventRetraction,
  type GroupLink,
  unexplained,
} from '../../../lib/model/events.js';
import { uuidOf } from '../../../lib/model/ids.js';
import type { EncodedRecord } from '../../../lib/topology/topology.js';

/** An event as trace emits it, of which a test says what it cares for. */
export function agentEvent(over: Partial<AgentEvent> & { event_id: string }): AgentEvent {
  const group_key = 'session:s';
  return {
    group_id: uuidOf(group_key),
    group_key,
    trace_id: uuidOf(group_key),
    session_id: 's',
    agent_id: 'agent',
    timestamp_ms: 1_700_000_000_000,
    event_type: 'log',
    framework: null,
    properties: JSON.stringify({ message: `event ${over.event_id}` }),
    source: null,
    raw: { topic: 'raw-logs', partition: 0, offset: 0, index: 0 },
    created_ms: 0,
    updated_ms: 0,
    why: unexplained(2),
    flags: [],
    options: null,
    revision: 1,
    generation: 1,
    ...over,
  };
}

export function groupLink(over: Partial<GroupLink> & { group_id: string; trace_id: string }): GroupLink {
  return {
    group_key: 'session:s',
    previous_trace_id: '',
    session_id: null,
    updated_ms: 0,
    revision: 1,
    generation: 1,
    ...over,
  };
}

/** A record of agent-events, partition 0. */
export function record(
  codec: Codec,
  offset: number,
  value: AgentEvent | GroupLink | EventRetraction,
): EncodedRecord {
  return {
    topic: 'agent-events',
    partition: 0,
    offset,
    timestampMs: 0,
    key: Buffer.from(value.group_id),
    value: codec.encode(
      'event_type' in value ? 'agent-event' : 'trace_id' in value ? 'group-link' : 'event-retraction',
      value,
    ),
    headers: {},
  };
}
