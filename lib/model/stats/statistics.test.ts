import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { priceTable } from '../cost/price-table.js';
import type { AgentEvent } from '../events.js';
import { unexplained } from '../events.js';
import { factOf, type Measures, readMeasures } from '../facts/event-fact.js';
import { percentiles } from './percentiles.js';
import { errorsByType, latencies, sequences, usage } from './statistics.js';

let offset = 0;
const event = (
  event_type: string,
  ms: number,
  properties: object = {},
  more: Partial<AgentEvent> = {},
): AgentEvent => ({
  event_id: `e${++offset}`,
  group_id: 'g1',
  group_key: 'session:s1',
  trace_id: 't1',
  session_id: 's1',
  agent_id: 'a1',
  timestamp_ms: ms,
  event_type,
  framework: null,
  properties: JSON.stringify(properties),
  source: null,
  raw: { topic: 'raw-logs', partition: 0, offset, index: 0 },
  created_ms: ms,
  updated_ms: ms,
  why: unexplained(2),
  flags: [],
  options: null,
  revision: 1,
  generation: 1,
  ...more,
});
const measured = (...events: AgentEvent[]): Measures[] =>
  readMeasures(events.map((one) => factOf(one).measures)).reverse();

describe('percentiles', () => {
  it('are the values that at least so many of all do not exceed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 300 }),
        (values) => {
          const found = percentiles([...values]);
          for (const [share, value] of [
            [0.5, found.p50],
            [0.95, found.p95],
            [0.99, found.p99],
          ] as const) {
            const atMost = (limit: number) => values.filter((one) => one <= limit).length / values.length;
            const least = [...new Set(values)].filter((one) => atMost(one) >= share).sort((a, b) => a - b)[0];
            expect(value).toBe(least);
          }
          expect(found.max).toBe(Math.max(...values));
        },
      ),
    );
  });

  it('of nothing are not known', () => {
    expect(percentiles([])).toEqual({ p50: null, p95: null, p99: null, max: null });
  });
});

describe('statistics', () => {
  it('pair calls with their results, whatever order they are read in', () => {
    const { tools, models } = latencies(
      measured(
        event('tool_call', 1_000, { tool_name: 'web' }),
        event('tool_result', 1_250, {}),
        event('tool_call', 2_000, { tool_name: 'web' }),
        event('tool_error', 2_100, { tool_name: 'web' }),
        event('tool_call', 3_000, { tool_name: 'other', duration_ms: 7 }),
        event('llm_start', 4_000, { model: 'swift' }),
        event('llm_end', 9_000, { model: 'swift', duration_ms: 4_800 }),
        event('tool_result', 5_000, { tool_name: 'web', duration_ms: 40 }, { group_id: 'g2' }),
      ),
    );
    expect(tools).toEqual([
      { name: 'web', calls: 3, errors: 1, timed: 3, p50: 100, p95: 250, p99: 250, max: 250 },
      { name: 'other', calls: 1, errors: 0, timed: 1, p50: 7, p95: 7, p99: 7, max: 7 },
    ]);
    expect(models).toEqual([
      { name: 'swift', calls: 1, errors: 0, timed: 1, p50: 4_800, p95: 4_800, p99: 4_800, max: 4_800 },
    ]);
  });

  it('count errors by type', () => {
    const counts = errorsByType(
      measured(
        event('tool_error', 1),
        event('log', 2),
        event('log', 3),
        event('platform', 4, { platform_event: 'timeout' }),
      ),
    );
    expect(counts).toEqual([
      { event_type: 'log', events: 2, errors: 0, rate: 0 },
      { event_type: 'platform', events: 1, errors: 1, rate: 1 },
      { event_type: 'tool_error', events: 1, errors: 1, rate: 1 },
    ]);
  });

  it('add tokens up by model and agent, and price what has a price', () => {
    const prices = priceTable([{ name: 'swift', input: 2, output: 8 }]);
    const tokens = { model: 'swift', prompt_tokens: 1_000_000, completion_tokens: 500_000 };
    const rows = usage(
      measured(
        event('llm_end', 1, tokens),
        event('llm_end', 86_400_001, tokens),
        event('llm_end', 2, tokens, { agent_id: null }),
        event('llm_end', 3, { model: 'unheard-of', total_tokens: 7 }),
      ),
      prices,
    );
    expect(
      rows.map(({ model, agent_id, reports, total_tokens, usd, at_least }) => [
        model,
        agent_id,
        reports,
        total_tokens,
        usd,
        at_least,
      ]),
    ).toEqual([
      ['swift', 'a1', 2, 3_000_000, 12, false],
      ['swift', null, 1, 1_500_000, 6, false],
      ['unheard-of', 'a1', 1, 7, null, true],
    ]);
  });

  it('find sequences within groups, in the order of the log, without unparsed lines', () => {
    const run = (group_id: string, ms: number) => [
      event('agent_thought', ms, {}, { group_id }),
      event('log', ms, {}, { group_id }),
      event('tool_call', ms, { tool_name: 'web' }, { group_id }),
      event('tool_result', ms + 1, { tool_name: 'web' }, { group_id }),
    ];
    expect(sequences(measured(...run('g1', 1_000), ...run('g2', 5)), 3, 5)).toEqual([
      { steps: ['agent_thought', 'tool_call web', 'tool_result web'], times: 2, groups: 2 },
    ]);
    expect(sequences(measured(...run('g1', 1), ...run('g1', 9)), 2, 2)).toEqual([
      { steps: ['agent_thought', 'tool_call web'], times: 2, groups: 1 },
      { steps: ['tool_call web', 'tool_result web'], times: 2, groups: 1 },
    ]);
  });
});
