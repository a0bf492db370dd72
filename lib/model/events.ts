/**
 * What travels: the TypeScript side of schemas/*.avsc, field for field. Names are the wire's (snake_case), so that no
 * layer renames a field. Times are Unix milliseconds and end in `_ms`.
 */

export interface LogSource {
  system: string;
  account: string | null;
  region: string | null;
  log_group: string | null;
  log_stream: string | null;
  log_id: string | null;
}

export interface IngestionOptions {
  auto_create_traces: boolean;
  generate_embeddings: boolean;
  extract_relationships: boolean;
}

export const DEFAULT_OPTIONS: Readonly<IngestionOptions> = Object.freeze({
  auto_create_traces: true,
  generate_embeddings: true,
  extract_relationships: false,
});

/** A log line or a structured event as received; topic raw-logs. Exactly one of `message`, `event` says something. */
export interface RawLog {
  message: string;
  timestamp_ms: number | null;
  source: LogSource | null;
  /** Canonical JSON of an {@link EventBody}. */
  event: string | null;
  options: IngestionOptions | null;
}

/** An event as it comes over HTTP or as JSON on raw-logs. `event_id` is the client's own. */
export interface EventBody {
  event_id?: string;
  trace_id?: string;
  timestamp: string;
  event_type?: string;
  agent_id?: string;
  session_id?: string;
  framework?: string;
  properties: Record<string, unknown>;
  source?: {
    system: string;
    account?: string;
    region?: string;
    log_group?: string;
    log_stream?: string;
    log_id?: string;
  };
}

export interface RawPosition {
  topic: string;
  partition: number;
  offset: number;
  index: number;
}

export type Strategy = 1 | 2 | 3 | 4;

export interface Why {
  rule: string | null;
  rule_version: string | null;
  captures: Record<string, string>;
  strategy: Strategy;
  inherited: string | null;
  confidence: number | null;
  /** What spoke for an inherited context, strongest first. */
  evidence: string[];
}

/** Why of an event that no rule classified and that inherited nothing. */
export const unexplained = (strategy: Strategy): Why => ({
  rule: null,
  rule_version: null,
  captures: {},
  strategy,
  inherited: null,
  confidence: null,
  evidence: [],
});

interface EventFields {
  event_id: string;
  group_id: string;
  group_key: string;
  session_id: string | null;
  agent_id: string | null;
  timestamp_ms: number;
  event_type: string;
  framework: string | null;
  /** Canonical JSON object; `message` is the raw text. */
  properties: string;
  source: LogSource | null;
  raw: RawPosition;
  created_ms: number;
  updated_ms: number;
  why: Why;
  flags: string[];
  options: IngestionOptions | null;
}

/** An event with its group, between parse and trace. */
export interface ParsedEvent extends EventFields {
  home_key: string;
  /** Explicit trace id, as given. */
  trace_id: string | null;
  /** The event was sent before; this is its fuller form. */
  amends: boolean;
  /** `<gateway>/<correlation>` of whoever waits for the trace id. */
  reply_to: string | null;
}

/**
 * Where the root of a group lies. From parse: this session belongs to that trace, the only fact that crosses streams. From
 * trace: a run goes where the session or trace goes that adopted it.
 */
export interface Bind {
  home_key: string;
  session_id: string | null;
  trace_id: string;
  timestamp_ms: number;
  event_id: string;
  appended_ms: number;
}

/**
 * Event time of a bind whose time is not known, the latest that a Date holds: any that is known comes before it. Only for the order
 * of binds; a store need not know it.
 */
export const UNKNOWN_BIND_MS = 8_640_000_000_000_000;

/** A run whose lines carried no id has shown one: it is part of the session or trace at `home_key`. */
export interface Adoption {
  home_key: string;
  run_home_key: string;
  session_id: string | null;
  timestamp_ms: number;
  event_id: string;
  appended_ms: number;
}

/** What travels on parsed-events, in packs. */
export type ParsedEntry = ParsedEvent | Bind | Adoption;

export interface ParsedPack {
  entries: { event: ParsedEvent | null; bind: Bind | null; adoption: Adoption | null }[];
}

export const isParsedEvent = (entry: ParsedEntry): entry is ParsedEvent => 'group_id' in entry;

export const isAdoption = (entry: ParsedEntry): entry is Adoption => 'run_home_key' in entry;

/** An event in its trace; topic agent-events. `trace_id` is the group's root as known when written. */
export interface AgentEvent extends EventFields {
  trace_id: string;
  revision: number;
  generation: number;
}

/** Every row of `group_id` moves to `trace_id`; topic agent-events. */
export interface GroupLink {
  group_id: string;
  group_key: string;
  trace_id: string;
  previous_trace_id: string;
  session_id: string | null;
  updated_ms: number;
  revision: number;
  generation: number;
}

/** The event is no more: stores delete its row where that is older; topic agent-events. */
export interface EventRetraction {
  event_id: string;
  group_id: string;
  revision: number;
  generation: number;
}

/** Whether a link changes anything in the stores: one that does not only answers a duplicate, with the trace it is in. */
export const movesRows = (link: GroupLink): boolean => link.previous_trace_id !== link.trace_id;

export interface Mark {
  ms: number;
  event_id: string;
}

export interface SessionMark extends Mark {
  session_id: string;
}

export interface ToolStats {
  calls: number;
  errors: number;
  timed: number;
  total_ms: number;
}

export interface ModelStats extends ToolStats {
  /** Cached ones included. */
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  /** Of the prompt tokens: read from the provider's cache. */
  cached_tokens: number;
  /** Of the prompt tokens: written to the provider's cache. */
  cache_write_tokens: number;
}

/** What trace knows of one group; order-independent in its events. */
export interface GroupSummary {
  session: SessionMark | null;
  agents: string[];
  frameworks: string[];
  total_events: number;
  error_count: number;
  event_counts: Record<string, number>;
  tools: Record<string, ToolStats>;
  models: Record<string, ModelStats>;
  start_ms: number;
  end_ms: number;
  last_finish: Mark | null;
  last_failure: Mark | null;
  last_platform_end: Mark | null;
  last_step: Mark | null;
  truncated: boolean;
  /** Root trace id of the part before this one. */
  continues: string | null;
  created_ms: number;
  updated_ms: number;
}

/** The summary of one group for the trace `trace_id`; topic group-states, keyed by `trace_id`. Replaced, never added. */
export interface GroupState extends GroupSummary {
  group_id: string;
  group_key: string;
  trace_id: string;
  /** The group has left `trace_id` for this root. */
  merged_into: string | null;
  revision: number;
  generation: number;
  /** State was dropped by retention before the last event came: counts cover less than the rows do. */
  state_lost: boolean;
}

export type TraceStatus = 'running' | 'completed' | 'failed' | 'truncated';

/**
 * Latest state of a trace; topic agent-traces. With `state_lost` a store replaces the summary by that of its own rows
 * (lib/model/summary/recount.ts).
 */
export interface AgentTrace {
  trace_id: string;
  session_id: string | null;
  agent_id: string | null;
  status: TraceStatus;
  merged_into: string | null;
  group_ids: string[];
  continues: string | null;
  duration_ms: number;
  revision: number;
  generation: number;
  agents: string[];
  frameworks: string[];
  total_events: number;
  error_count: number;
  event_counts: Record<string, number>;
  tools: Record<string, ToolStats>;
  models: Record<string, ModelStats>;
  start_ms: number;
  end_ms: number;
  created_ms: number;
  updated_ms: number;
  state_lost: boolean;
}
