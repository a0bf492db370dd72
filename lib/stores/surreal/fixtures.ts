import { type AgentEvent, type AgentTrace, type GroupLink, unexplained } from '../../model/events.js';
import { connectSurreal, type SurrealStore } from './connection.js';
import { applySchema } from './schema.js';

/** Values for tests and benchmarks; whatever matters is given as an override. */
export const sampleEvent = (given: Partial<AgentEvent> = {}): AgentEvent => ({
  event_id: 'e1',
  group_id: 'g1',
  group_key: 'session:s1',
  trace_id: 't1',
  session_id: 's1',
  agent_id: 'agent-1',
  timestamp_ms: 1_767_800_000_000,
  event_type: 'tool_call',
  framework: 'langchain',
  properties:
    '{"message":"Tool: web_search | Input: weather","tool_input":"weather","tool_name":"web_search"}',
  source: { system: 'http', account: null, region: null, log_group: null, log_stream: null, log_id: null },
  raw: { topic: 'raw-logs', partition: 0, offset: 0, index: 0 },
  created_ms: 1_767_800_000_500,
  updated_ms: 1_767_800_000_500,
  why: unexplained(2),
  flags: [],
  options: null,
  revision: 1,
  generation: 1,
  ...given,
});

export const sampleLink = (given: Partial<GroupLink> = {}): GroupLink => ({
  group_id: 'g1',
  group_key: 'session:s1',
  trace_id: 't2',
  previous_trace_id: 't1',
  session_id: 's1',
  updated_ms: 1_767_800_000_500,
  revision: 2,
  generation: 1,
  ...given,
});

export const sampleTrace = (given: Partial<AgentTrace> = {}): AgentTrace => ({
  trace_id: 't1',
  session_id: 's1',
  agent_id: 'agent-1',
  status: 'running',
  merged_into: null,
  group_ids: ['g1'],
  continues: null,
  duration_ms: 0,
  state_lost: false,
  revision: 1,
  generation: 1,
  agents: ['agent-1'],
  frameworks: ['langchain'],
  total_events: 1,
  error_count: 0,
  event_counts: { tool_call: 1 },
  tools: {},
  models: {},
  start_ms: 1_767_800_000_000,
  end_ms: 1_767_800_000_000,
  created_ms: 1_767_800_000_500,
  updated_ms: 1_767_800_000_500,
  ...given,
});

const NAMES = { namespace: 'vectadb', database: 'production' };

/** A store with its schema, as the services connect to it. `environment`: SURREAL_URL, SURREAL_USER, SURREAL_PASS. */
export const connectTestStore = (environment: Record<string, string | undefined>): Promise<SurrealStore> =>
  connectSurreal({
    url: environment.SURREAL_URL ?? 'ws://127.0.0.1:8000/rpc',
    user: environment.SURREAL_USER ?? 'root',
    password: environment.SURREAL_PASS ?? 'root',
    ...NAMES,
    prepare: (store) => applySchema(store, NAMES),
  });

/** Deletes every row of every table of ours. */
export const emptyStore = async (store: SurrealStore): Promise<void> => {
  await store.query(
    'DELETE contains; DELETE event_fact; DELETE causedBy; DELETE agent_event; DELETE agent_trace; DELETE trace_recount; ' +
      'DELETE flow_hour; DELETE flow_known; DELETE flow_refused; DELETE flow_uncounted; DELETE flow_retracted;',
    {},
    120_000,
  );
};
