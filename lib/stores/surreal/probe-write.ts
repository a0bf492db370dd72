import { randomUUID } from 'node:crypto';
import { type AgentEvent, type AgentTrace, unexplained } from '../../model/events.js';
import type { SurrealStore } from './connection.js';
import { eventRecord, toEventRecord, toTraceRecord, traceRecord } from './records.js';

/**
 * Writes rows that are beyond doubt and takes them back in the same transaction: tells a store that refuses one row
 * from a store that refuses everything. @throws what the store says.
 */
export async function probeWrite(store: SurrealStore): Promise<void> {
  const id = `probe:${randomUUID()}`;
  await store.query(
    `BEGIN;
     UPSERT $event CONTENT $event_row RETURN NONE;
     UPSERT $trace CONTENT $trace_row RETURN NONE;
     DELETE $event RETURN NONE;
     DELETE $trace RETURN NONE;
     COMMIT;`,
    {
      event: eventRecord(id),
      trace: traceRecord(id),
      event_row: { ...toEventRecord(PROBE_EVENT), id: undefined },
      trace_row: { ...toTraceRecord(PROBE_TRACE), id: undefined },
    },
  );
}

const PROBE_EVENT: AgentEvent = {
  event_id: 'probe',
  group_id: 'probe',
  group_key: 'event:probe',
  trace_id: 'probe',
  session_id: null,
  agent_id: null,
  timestamp_ms: 0,
  event_type: 'log',
  framework: null,
  properties: '{}',
  source: null,
  raw: { topic: 'probe', partition: 0, offset: 0, index: 0 },
  created_ms: 0,
  updated_ms: 0,
  why: unexplained(4),
  flags: [],
  options: null,
  revision: 0,
  generation: 0,
};

const PROBE_TRACE: AgentTrace = {
  trace_id: 'probe',
  session_id: null,
  agent_id: null,
  status: 'running',
  merged_into: null,
  group_ids: [],
  continues: null,
  duration_ms: 0,
  state_lost: false,
  revision: 0,
  generation: 0,
  agents: [],
  frameworks: [],
  total_events: 0,
  error_count: 0,
  event_counts: {},
  tools: {},
  models: {},
  start_ms: 0,
  end_ms: 0,
  created_ms: 0,
  updated_ms: 0,
};
