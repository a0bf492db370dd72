import type { LastRows } from '../../lib/stores/last-rows.js';

export interface Ignored {
  /** Positions in raw-logs differ with the partition count and with the interleaving of streams. */
  raw?: boolean;
}

/** Rows as plain sorted lists without what a replay may change: `revision` and `generation`. */
export function comparable(
  rows: LastRows,
  { raw = true }: Ignored = {},
): { events: object[]; traces: object[] } {
  const events = [...rows.events.values()].map(({ revision, generation, ...row }) => ({
    ...row,
    raw: raw ? null : row.raw,
  }));
  const traces = [...rows.traces.values()].map(({ revision, generation, ...row }) => row);
  return {
    events: events.sort((a, b) => (a.event_id < b.event_id ? -1 : 1)),
    traces: traces.sort((a, b) => (a.trace_id < b.trace_id ? -1 : 1)),
  };
}

/** Faults of rows against the rule that a trace's totals are those of its events. */
export function totalsThatDiffer(rows: LastRows): string[] {
  const faults: string[] = [];
  const counted = new Map<string, number>();
  for (const row of rows.events.values()) counted.set(row.trace_id, (counted.get(row.trace_id) ?? 0) + 1);
  for (const trace of rows.traces.values()) {
    const events = counted.get(trace.trace_id) ?? 0;
    if (trace.total_events !== events)
      faults.push(`${trace.trace_id}: total_events ${trace.total_events}, rows ${events}`);
    counted.delete(trace.trace_id);
  }
  for (const [traceId, events] of counted) faults.push(`${traceId}: ${events} rows and no trace`);
  return faults;
}
