/** What of config.yaml the parser depends on; times in milliseconds, sizes in bytes. */
export interface ParseSettings {
  flushMs: number;
  maxRecordBytes: number;
  agentWindowMs: number;
  splitOnRunBoundaries: boolean;
  stateRetentionMs: number;
  /** How long an unfinished record may wait for its next line before it is sent as it is, processing time. */
  holdMs: number;
}

/** The part of AppConfig that {@link settingsOf} reads. */
export interface ParseConfig {
  parser: { flush_ms: number; max_record_bytes: number };
  trace_detection: {
    agent_window_minutes: number;
    split_on_run_boundaries: boolean;
    state_retention_hours: number;
  };
}

/** A hold shorter than the join gap keeps events queryable soon; what comes later amends. */
const HOLD_MS = 250;

export const settingsOf = ({ parser, trace_detection: trace }: ParseConfig): ParseSettings => ({
  flushMs: parser.flush_ms,
  maxRecordBytes: parser.max_record_bytes,
  agentWindowMs: trace.agent_window_minutes * 60_000,
  splitOnRunBoundaries: trace.split_on_run_boundaries,
  stateRetentionMs: trace.state_retention_hours * 3_600_000,
  holdMs: Math.min(HOLD_MS, parser.flush_ms),
});
