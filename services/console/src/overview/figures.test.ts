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
      trace({
        status: 'failed',
        total_events: 8,
        error_count: 2,
        event_counts: { log: 2, error: 2, tool_call: 4 },
        duration_ms: 300,
        tools: { book: { calls: 2, errors: 1, timed: 2, total_ms: 300 } },
      }),
      trace({
        total_events: 2,
        event_counts: { llm_end: 2 },
        duration_ms: 100,
        tools: { find: { calls: 9, errors: 0, timed: 0, total_ms: 0 } },
        models: {
          swift: {
            calls: 2,
            errors: 0,
            timed: 0,
            total_ms: 0,
            prompt_tokens: 9,
            completion_tokens: 1,
            total_tokens: 10,
          },
        },
        cost: {
          usd: 0.5,
          complete: true,
          unknown: [],
          models: { swift: { usd: 0.5, why: 'priced', priced_as: 'swift', at_least: false } },
        },
      }),
      trace({ status: 'running', duration_ms: 9_999 }),
    ]);
    expect(figures).toMatchObject({ runs: 3, failed: 1, running: 1, events: 10, errors: 2, understood: 0.8 });
    expect(figures).toMatchObject({ tokens: 10, usd: 0.5, isLeast: false });
    expect(figures.duration).toEqual({ p50: 100, p95: 300, p99: 300 });
    expect(figures.tools).toEqual([
      { name: 'book', calls: 2, errors: 1, meanMs: 150 },
      { name: 'find', calls: 9, errors: 0, meanMs: null },
    ]);
    expect(figures.models).toEqual([{ name: 'swift', calls: 2, errors: 0, tokens: 10, usd: 0.5 }]);
  });

  it('say nothing of what is not there', () => {
    expect(figuresOf([])).toMatchObject({ runs: 0, understood: null, duration: null, buckets: [] });
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
