import type { AgentEvent, ModelStats, RawPosition, ToolStats, TraceStatus, Why } from '../../model/events.js';

/** An event as the API shows it. Times are ISO 8601 in UTC with milliseconds. */
export interface EventRow {
  event_id: string;
  trace_id: string;
  group_id: string;
  group_key: string;
  session_id: string | null;
  agent_id: string | null;
  timestamp: string;
  event_type: string;
  framework: string | null;
  properties: Record<string, unknown>;
  source: AgentEvent['source'];
  raw: RawPosition;
  why: Why;
  flags: string[];
  options: AgentEvent['options'];
  revision: number;
  generation: number;
  created_at: string;
  updated_at: string;
}

/** An event as its trace shows it: what explains it is asked for one by one. */
export type TracedRow = Omit<EventRow, 'group_key' | 'why'>;

/** A trace as the API shows it. Times are ISO 8601 in UTC with milliseconds. */
export interface TraceRow {
  trace_id: string;
  session_id: string | null;
  agent_id: string | null;
  status: TraceStatus;
  merged_into: string | null;
  continues: string | null;
  group_ids: string[];
  agents: string[];
  frameworks: string[];
  total_events: number;
  error_count: number;
  event_counts: Record<string, number>;
  tools: Record<string, ToolStats>;
  models: Record<string, ModelStats>;
  start_time: string;
  end_time: string | null;
  duration_ms: number;
  /** The tracer had lost part of its state: the counts are those of the stored rows. */
  state_lost: boolean;
  revision: number;
  generation: number;
  created_at: string;
  updated_at: string;
}

/** `causedBy`: `event_id` came about because of `cause_id`. */
export interface CauseRow {
  event_id: string;
  cause_id: string;
  reason: string;
}

/** A record as the client decodes it. */
export interface StoredRecord {
  id: { id: unknown };
  [field: string]: unknown;
}

const iso = (time: Date | number): string => new Date(time).toISOString();
const orNull = <T>(value: unknown): T | null => (value === undefined ? null : (value as T));

/** A record of agent_event as the client decodes it → an API row. */
export const toEventRow = (record: StoredRecord): EventRow => ({
  ...toTracedRow([
    String(record.id.id),
    record.trace_id as string,
    record.group_id as string,
    record.session_id as string | undefined,
    record.agent_id as string | undefined,
    record.timestamp_ms as number,
    record.event_type as string,
    record.framework as string | undefined,
    record.properties as Record<string, unknown>,
    record.source as Record<string, string> | undefined,
    record.raw as RawPosition,
    record.flags as string[],
    record.options as AgentEvent['options'] | undefined,
    record.revision as number,
    record.generation as number,
    (record.created_at as Date).getTime(),
    (record.updated_at as Date).getTime(),
  ]),
  group_key: record.group_key as string,
  why: record.why as Why,
});

/**
 * What {@link toTracedRow} takes, as SurrealQL: values without their names, and times as numbers, in half the client's and four
 * fifths of the engine's time.
 */
export const TRACED_VALUES = `[record::id(id), trace_id, group_id, session_id, agent_id, timestamp_ms, event_type, framework,
  properties, source, raw, flags, options, revision, generation, time::millis(created_at), time::millis(updated_at)]`;

export type TracedValues = [
  event_id: string,
  trace_id: string,
  group_id: string,
  session_id: string | undefined,
  agent_id: string | undefined,
  timestamp_ms: number,
  event_type: string,
  framework: string | undefined,
  properties: Record<string, unknown>,
  source: Record<string, string> | undefined,
  raw: RawPosition,
  flags: string[],
  options: AgentEvent['options'] | undefined,
  revision: number,
  generation: number,
  created_ms: number,
  updated_ms: number,
];

export function toTracedRow(values: TracedValues): TracedRow {
  const [
    event_id,
    trace_id,
    group_id,
    session_id,
    agent_id,
    timestamp_ms,
    event_type,
    framework,
    properties,
    source,
    raw,
    flags,
    options,
    revision,
    generation,
    created_ms,
    updated_ms,
  ] = values;
  return {
    event_id,
    trace_id,
    group_id,
    session_id: session_id ?? null,
    agent_id: agent_id ?? null,
    timestamp: iso(timestamp_ms),
    event_type,
    framework: framework ?? null,
    properties: decodeProperties(properties),
    source: source
      ? {
          system: source.system!,
          account: source.account ?? null,
          region: source.region ?? null,
          log_group: source.log_group ?? null,
          log_stream: source.log_stream ?? null,
          log_id: source.log_id ?? null,
        }
      : null,
    raw,
    flags,
    options: options ?? null,
    revision,
    generation,
    created_at: iso(created_ms),
    updated_at: iso(updated_ms),
  };
}

/** A record of agent_trace as the client decodes it → an API row. */
export function toTraceRow(record: StoredRecord): TraceRow {
  return {
    trace_id: String(record.id.id),
    session_id: orNull(record.session_id),
    agent_id: orNull(record.agent_id),
    status: record.status as TraceStatus,
    merged_into: orNull(record.merged_into),
    continues: orNull(record.continues),
    group_ids: record.group_ids as string[],
    agents: record.agents as string[],
    frameworks: record.frameworks as string[],
    total_events: record.total_events as number,
    error_count: record.error_count as number,
    event_counts: decodeProperties(record.event_counts as Record<string, unknown>) as Record<string, number>,
    tools: decodeProperties(record.tools as Record<string, unknown>) as Record<string, ToolStats>,
    models: decodeProperties(record.models as Record<string, unknown>) as Record<string, ModelStats>,
    start_time: iso(record.start_time as Date),
    end_time: record.end_time === undefined ? null : iso(record.end_time as Date),
    duration_ms: record.duration_ms as number,
    state_lost: record.state_lost === true,
    revision: record.revision as number,
    generation: record.generation as number,
    created_at: iso(record.created_at as Date),
    updated_at: iso(record.updated_at as Date),
  };
}

// the client builds plain objects by assignment, which would lose a key of this name or worse
const PROTO = /^(%*)__proto__$/;
const ESCAPED_PROTO = /^%+__proto__$/;

/** Objects of users' data before they travel: a key `__proto__` gets a `%` before it. Shares what needs no change. */
export function encodeProperties(value: Record<string, unknown>): Record<string, unknown> {
  return rename(value, PROTO, (key) => `%${key}`) as Record<string, unknown>;
}

export function decodeProperties(value: Record<string, unknown>): Record<string, unknown> {
  return rename(value, ESCAPED_PROTO, (key) => key.slice(1)) as Record<string, unknown>;
}

function rename(value: unknown, pattern: RegExp, name: (key: string) => string): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => rename(item, pattern, name));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const entries = Object.entries(value);
  let changed = false;
  const renamed = entries.map(([key, inner]): [string, unknown] => {
    const item = rename(inner, pattern, name);
    const fits = key.endsWith('__proto__') && pattern.test(key);
    if (fits || item !== inner) changed = true;
    return [fits ? name(key) : key, item];
  });
  return changed ? Object.fromEntries(renamed) : value;
}
