import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentEvent } from '../events.js';
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
  why: {
    rule: null,
    rule_version: null,
    captures: {},
    strategy: 1,
    inherited: null,
    confidence: null,
    evidence: [],
  },
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
      { tool_name: name, model: name, duration_ms: duration, prompt_tokens: id },
    ),
  );

describe('a summary', () => {
  it('is a function of the set of events: no order, no split between base and tail changes it', () => {
    const orders = fc
      .array(anyEvent, { minLength: 1, maxLength: 60 })
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
