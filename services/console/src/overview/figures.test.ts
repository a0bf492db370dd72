import { describe, expect, it } from 'vitest';
import type { TraceOut } from '../api/types.js';
import { bucketsOf, figuresOf, percentilesOf } from './figures.js';

const trace = (more: Partial<TraceOut>): TraceOut => ({
  trace_id: 't',
  session_id: null,
  agent_id: null,
  status: 'completed',
  merged_into: null,
  continues: null,
  group_ids: [],
  agents: [],
  frameworks: [],
  total_events: 0,
  error_count: 0,
  event_counts: {},
  tools: {},
  models: {},
  cost: { usd: null, complete: true, unknown: [], models: {} },
  start_time: '2026-01-07T19:00:00.000Z',
  end_time: null,
  duration_ms: 0,
  revision: 1,
  generation: 1,
  state_lost: false,
  created_at: '2026-01-07T19:00:00.000Z',
  updated_at: '2026-01-07T19:00:00.000Z',
  ...more,
});

describe('the figures of the overview', () => {
  it('are those of the traces', () => {
    const figures = figuresOf([
      trace({ status: 'failed', duration_ms: 300 }),
      trace({ duration_ms: 100 }),
      trace({ status: 'running', duration_ms: 9_999 }),
    ]);
    expect(figures).toMatchObject({ runs: 3, failed: 1, running: 1 });
    expect(figures.duration).toEqual({ p50: 100, p95: 300, p99: 300 });
  });

  it('say nothing of what is not there', () => {
    expect(figuresOf([])).toEqual({ runs: 0, failed: 0, running: 0, duration: null, buckets: [] });
  });

  it('have percentiles that were measured', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentilesOf(values)).toEqual({ p50: 50, p95: 95, p99: 99 });
    expect(percentilesOf([7])).toEqual({ p50: 7, p95: 7, p99: 7 });
  });

  it('count every run once over time, however close or far apart they began', () => {
    for (const stepMs of [0, 1, 60_000, 86_400_000]) {
      const traces = Array.from({ length: 200 }, (_, index) =>
        trace({
          start_time: new Date(index * stepMs).toISOString(),
          status: index % 2 ? 'failed' : 'truncated',
        }),
      );
      const buckets = bucketsOf(traces);
      expect(buckets.length).toBeLessThanOrEqual(30);
      expect(buckets.reduce((sum, { completed, failed }) => sum + completed + failed, 0)).toBe(200);
    }
  });
});
