import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentEvent } from '../events.js';
import { unexplained } from '../events.js';
import { contributionOf } from './contribution.js';
import { addContribution, LIMITS, type SummaryState, summarise, toGroupSummary } from './group-summary.js';
import { pack, unpack } from './packed.js';
import { keyName, plus, type Tally, tallied } from './tally.js';

const event = (over: Partial<AgentEvent>, properties: object = {}): AgentEvent => ({
  event_id: 'e',
  group_id: 'g',
  group_key: 'session:s',
  trace_id: 't',
  session_id: null,
  agent_id: null,
  timestamp_ms: 1_000,
  event_type: 'log',
  framework: null,
  source: null,
  raw: { topic: 'raw-logs', partition: 0, offset: 0, index: 0 },
  created_ms: 5,
  updated_ms: 5,
  why: unexplained(1),
  flags: [],
  options: null,
  revision: 1,
  generation: 1,
  ...over,
  properties: over.properties ?? JSON.stringify(properties),
});

const summaryOf = (events: AgentEvent[]) => {
  const state = summarise(null, events.map(contributionOf))!;
  return toGroupSummary(state, { truncated: false, continues: null });
};

const anyEvent = fc
  .record({
    id: fc.nat(10_000),
    type: fc.constantFrom(
      'agent_action',
      'tool_call',
      'tool_result',
      'tool_error',
      'llm_start',
      'llm_end',
      'log',
      'x',
    ),
    ms: fc.integer({ min: -100, max: 100 }),
    name: fc.constantFrom('a', 'b', '__proto__', 'constructor', 'ö'.repeat(100)),
    duration: fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constant(-1), fc.constant('3')),
    session: fc.option(fc.constantFrom('s1', 's2')),
  })
  .map(({ id, type, ms, name, duration, session }) =>
    event(
      { event_id: `e${id}`, event_type: type, timestamp_ms: ms, session_id: session, agent_id: name },
      { tool_name: name, model: name, duration_ms: duration, prompt_tokens: id, cached_tokens: id % 7 },
    ),
  );

describe('a summary', () => {
  it('is a function of the set of events: no order, no split between base and tail changes it', () => {
    const orders = fc
      .uniqueArray(anyEvent, { selector: ({ event_id }) => event_id, minLength: 1, maxLength: 60 })
      .chain((events) =>
        fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })),
      );
    fc.assert(
      fc.property(orders, fc.nat(60), ([events, shuffled], cut) => {
        let base: SummaryState | null = null;
        const contributions = shuffled.map(contributionOf);
        for (const one of contributions.slice(0, cut)) base = addContribution(base, one);
        const split = summarise(base, contributions.slice(cut))!;
        expect(toGroupSummary(split, { truncated: false, continues: null })).toEqual(summaryOf(events));
      }),
    );
  });

  it('is kept in short form without loss', () => {
    fc.assert(
      fc.property(anyEvent, (one) => {
        const contribution = contributionOf(one);
        expect(unpack(JSON.parse(JSON.stringify(pack(contribution))))).toEqual(contribution);
      }),
    );
  });

  it('counts one call that is announced, started and ended once, with the duration that its end tells', () => {
    const tool = { tool_name: 'search' };
    const { tools } = summaryOf([
      event({ event_id: 'a', event_type: 'agent_action' }, tool),
      event({ event_id: 'b', event_type: 'tool_call' }, { ...tool, duration_ms: 99 }),
      event({ event_id: 'c', event_type: 'tool_result' }, { ...tool, duration_ms: 20.25 }),
      event({ event_id: 'd', event_type: 'tool_call' }, tool),
    ]);
    expect(tools).toEqual({ search: { calls: 2, errors: 0, timed: 1, total_ms: 20.25 } });
  });

  it.each<[string, number[], number[], object]>([
    ['between calls and results', [1_000, 2_000], [1_500, 2_100], { calls: 2, timed: 2, total_ms: 600 }],
    [
      'of calls that ran at the same time',
      [1_000, 1_001],
      [1_900, 1_400],
      { calls: 2, timed: 2, total_ms: 1_299 },
    ],
    ['not where a call has no result', [1_000, 2_000], [1_500], { calls: 2, timed: 0, total_ms: 0 }],
    ['not where there is none', [1_000], [1_000], { calls: 1, timed: 0, total_ms: 0 }],
    ['not where results come before their calls', [1_000], [900], { calls: 1, timed: 0, total_ms: 0 }],
    ['in any century', [-6e13, 8e13], [-6e13 + 5, 8e13 + 6], { calls: 2, timed: 2, total_ms: 11 }],
  ])('takes the time %s', (_, calls, results, expected) => {
    const tool = { tool_name: 'search' };
    const at = (event_type: string) => (timestamp_ms: number, n: number) =>
      event({ event_id: `${event_type}${n}`, event_type, timestamp_ms }, tool);
    const events = [...results.map(at('tool_result')), ...calls.map(at('tool_call'))];
    expect(summaryOf(events).tools.search).toMatchObject(expected);
  });

  it('prefers what a result says of its duration to the time between', () => {
    const tool = { tool_name: 'search' };
    const { tools } = summaryOf([
      event({ event_id: 'a', event_type: 'tool_call', timestamp_ms: 0 }, tool),
      event({ event_id: 'b', event_type: 'tool_result', timestamp_ms: 500 }, { ...tool, duration_ms: 20 }),
    ]);
    expect(tools.search).toMatchObject({ timed: 1, total_ms: 20 });
  });

  const usage = { prompt_tokens: 10, completion_tokens: 4 };
  it.each<[string, [string, object][], object]>([
    ['under no model where none is named', [['llm_end', usage]], { unknown: { calls: 1, total_tokens: 14 } }],
    [
      'beside those of a model',
      [
        ['llm_end', { model: 'm', ...usage }],
        ['llm_end', { total_tokens: 9 }],
      ],
      { m: { total_tokens: 14 }, unknown: { total_tokens: 9 } },
    ],
    [
      'once where a line without a model repeats their sum',
      [
        ['llm_end', { model: 'm', ...usage }],
        ['llm_end', { model: 'n', ...usage }],
        ['llm_end', { total_tokens: 28 }],
      ],
      { m: { total_tokens: 14 }, n: { total_tokens: 14 } },
    ],
    [
      'once where the end of the run sums them up',
      [
        ['llm_end', { model: 'm', ...usage }],
        ['agent_finish', { total_tokens: 15 }],
        ['chain_end', { model: 'm', total_tokens: 14 }],
      ],
      { m: { total_tokens: 14 } },
    ],
    [
      'from the end of the run where no call tells them',
      [['agent_finish', usage]],
      { unknown: { total_tokens: 14 } },
    ],
    [
      'with what a cache held',
      [['llm_end', { model: 'm', usage: { input_tokens: 1, output_tokens: 2, cache_read_input_tokens: 7 } }]],
      { m: { prompt_tokens: 8, completion_tokens: 2, cached_tokens: 7, cache_write_tokens: 0 } },
    ],
  ])('counts tokens %s', (_, told, expected) => {
    const { models } = summaryOf(
      told.map(([event_type, properties], n) => event({ event_id: `e${n}`, event_type }, properties)),
    );
    expect(models).toMatchObject(expected);
    expect(Object.keys(models)).toEqual(Object.keys(expected));
  });

  it('adds tokens by model, and takes prompt and completion for the total where none is told', () => {
    const { models } = summaryOf([
      event({ event_id: 'a', event_type: 'llm_start' }, { model: 'm', prompt_tokens: 10 }),
      event(
        { event_id: 'b', event_type: 'llm_end' },
        { model: 'm', prompt_tokens: 10, completion_tokens: 4 },
      ),
      event({ event_id: 'c', event_type: 'llm_error' }, { model: 'm' }),
    ]);
    expect(models.m).toMatchObject({
      calls: 2,
      errors: 1,
      prompt_tokens: 10,
      completion_tokens: 4,
      total_tokens: 14,
    });
  });

  it('lets an event that lasts end later, but not one that is printed when it is over', () => {
    expect(summaryOf([event({ event_type: 'tool_call' }, { duration_ms: 500 })]).end_ms).toBe(1_500);
    expect(summaryOf([event({ event_type: 'tool_result' }, { duration_ms: 500 })]).end_ms).toBe(1_000);
    expect(summaryOf([event({ event_type: 'platform' }, { duration_ms: 500 })]).end_ms).toBe(1_000);
  });

  it.each([
    [{ platform_event: 'TIMEOUT' }, 1],
    [{ platform_event: 'EXIT', error_message: 'signal: killed' }, 1],
    [{ platform_event: 'REPORT', status: 'timeout' }, 1],
    [{ platform_event: 'REPORT', status: 'success' }, 0],
    [{ platform_event: 'platform.report' }, 0],
    [{ platform_event: 'INIT_START' }, 0],
  ])('takes the platform at its word: %j is %i failure', (properties, errors) => {
    expect(summaryOf([event({ event_type: 'platform' }, properties)]).error_count).toBe(errors);
  });

  it.each(['', 'null', '[1]', '{"tool_name":7,"model":{},"duration_ms":"x"}', 'not json'])(
    'counts an event whose properties are %j as one without any',
    (properties) => {
      expect(summaryOf([event({ properties })])).toMatchObject({ total_events: 1, tools: {}, models: {} });
    },
  );

  it('keeps its state below 64 KiB whatever agents print', () => {
    let state: SummaryState | null = null;
    for (let i = 0; i < 3_000; i++) {
      const name = `\u0000"ж${i}`.padEnd(300, '\u0001');
      const one = event(
        { event_id: name, event_type: name, agent_id: name, framework: name, session_id: name },
        {
          tool_name: name,
          model: name,
          duration_ms: 1e9,
          prompt_tokens: 1e9,
          completion_tokens: 1e9,
          total_tokens: 1e9,
        },
      );
      state = addContribution(state, contributionOf(one));
    }
    expect(state!.tools).toHaveLength(LIMITS.tools);
    expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(64 * 1024);
  });
});

describe('a tally', () => {
  it('keeps the least names, and all of their statistics, in any order of arrival', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...'abcdefgh'), { maxLength: 60 }), (names) => {
        const tally: Tally<{ n: number }> = [];
        for (const name of names) {
          const stats = tallied(tally, name, 3, () => ({ n: 0 }));
          if (stats) stats.n++;
        }
        const least = [...new Set(names)].sort().slice(0, 3);
        const expected = least.map((name) => [name, { n: names.filter((other) => other === name).length }]);
        expect(tally).toEqual(expected);
      }),
    );
  });

  it('cuts names by their size as JSON and leaves none that an object cannot hold', () => {
    expect(keyName('search', 64)).toBe('search');
    expect(keyName('__proto__', 64)).toBe('[__proto__]');
    expect(keyName('x'.repeat(500), 64)).toBe('x'.repeat(64));
    expect(Buffer.byteLength(JSON.stringify(keyName('\u0000'.repeat(500), 64)))).toBeLessThanOrEqual(66);
    expect(keyName(`${'x'.repeat(63)}😀`, 64).isWellFormed()).toBe(true);
  });

  it('adds up to the greatest safe integer and no further', () => {
    expect(plus(Number.MAX_SAFE_INTEGER, 5)).toBe(Number.MAX_SAFE_INTEGER);
  });
});
