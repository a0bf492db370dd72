import { afterEach, describe, expect, it } from 'vitest';
import { defaultAppConfig } from '../../lib/config/app-config.js';
import { priceTable } from '../../lib/model/cost/price-table.js';
import { localCodec } from '../../lib/testing/topology-driver.js';
import { loadRules } from '../processor/adapters/rule-files.js';
import { settingsOf } from '../processor/core/parse/settings.js';
import { Analysis } from './analysis.js';
import { renderSummary, summarise } from './analysis-summary.js';
import { renderTraces } from './analysis-view.js';
import { LineParser } from './parse-lines.js';

const config = defaultAppConfig();
const rules = loadRules(config);
const codec = localCodec();
const PRICES = priceTable([{ name: 'swift', input: 2, output: 8 }]);
const NOW = Date.UTC(2026, 5, 1);
const ALL = { traces: Number.POSITIVE_INFINITY, events: Number.POSITIVE_INFINITY };

const open: Analysis[] = [];
afterEach(() => {
  for (const analysis of open.splice(0)) analysis.close();
});

function analyze(...lines: (string | Buffer)[]): Analysis {
  const analysis = new Analysis({ codec, rules, config, nowMs: NOW });
  open.push(analysis);
  for (const line of lines) analysis.take(Buffer.from(line as string));
  analysis.end();
  return analysis;
}

const source = (log_stream: string) => ({ system: 'file', log_group: '/desk', log_stream });
const object = (stream: string, message: string, timestamp: string) =>
  JSON.stringify({ message, source: source(stream), timestamp });

/** One run of an agent, as verbose output prints it. */
const RUN = [
  '> Entering new AgentExecutor chain...',
  'Thought: the ledger is missing a page',
  'Action: find_page',
  'Action Input: {"page": 12}',
  'Observation: on the shelf',
  'Final Answer: page 12 is on the shelf',
  '> Finished chain.',
];

describe('an analysis', () => {
  it('nests the events of a run below its start', () => {
    const trees = [...renderTraces(analyze(...RUN), ALL, PRICES)];
    expect(trees).toHaveLength(1);
    const [head, tools, ...events] = trees[0]!.split('\n');
    expect(head).toContain('completed · 6 events · 0.00 s');
    expect(tools).toBe('  tools find_page 1×');
    expect(events.map((line) => line.slice(12))).toEqual([
      '└─ chain_start  AgentExecutor',
      '   ├─ agent_thought  the ledger is missing a page',
      '   ├─ agent_action  find_page ← {"page": 12}',
      '   │  └─ tool_result  on the shelf',
      '   ├─ agent_finish  page 12 is on the shelf',
      '   └─ chain_end  > Finished chain.',
    ]);
  });

  it('says how often tools and models were called, how long that took and what it cost', () => {
    const at = (ms: number, message: string) => object('a', message, new Date(NOW + ms).toISOString());
    const lines = [
      at(0, '{"event":"tool_call","tool_name":"tides","session_id":"s-1"}'),
      at(850, '{"event":"tool_result","tool_name":"tides","session_id":"s-1"}'),
      at(
        900,
        '{"event":"llm_end","model":"swift-2026-01-01","input_tokens":1000,"output_tokens":250,"session_id":"s-1"}',
      ),
      at(950, '{"event":"llm_end","model":"slow","input_tokens":10,"output_tokens":2,"session_id":"s-1"}'),
    ];
    const [tree] = renderTraces(analyze(...lines), ALL, PRICES);
    const [head, ...rest] = tree!.split('\n');
    expect(head).toContain(' · 1262 tokens · ≥ $0.0040');
    expect(rest).toContain('  tools tides 1×, 850 ms');
    expect(rest).toContain(
      '  models slow 1×, 12 tokens, no price · swift-2026-01-01 1×, 1250 tokens, $0.0040',
    );
    expect(rest.find((line) => line.includes('tool_call'))).toMatch(/tides \(850 ms\)$/);
  });

  it('moves the lines of a session to the trace that its last line names', () => {
    const lines = [
      ['a', 'session_id=tide-4 level=info msg=begun'],
      ['a', 'session_id=tide-4 level=info msg=goes on'],
      ['b', 'session_id=tide-4 trace_id=ebb-9 level=info msg=bound'],
    ].map(([stream, text], n) => object(stream!, text!, `2026-02-03T04:05:0${n}Z`));
    const analysis = analyze(...lines);
    expect([...analysis.lines()].map(({ event }) => [event?.trace_id, event?.strategy])).toEqual([
      ['ebb-9', 2],
      ['ebb-9', 2],
      ['ebb-9', 1],
    ]);
    expect(analysis.traces.map(({ trace_id, total_events }) => [trace_id, total_events])).toEqual([
      ['ebb-9', 3],
    ]);
  });

  it('takes lines before the first time as printed then, so that they stay in its run', () => {
    const analysis = analyze('Thought: where is the key', '2025-11-04T10:00:00Z Thought: on its hook');
    expect(analysis.traces).toHaveLength(1);
    expect(analysis.traces[0]).toMatchObject({ total_events: 2, duration_ms: 0 });
  });

  it('parts runs of a stream by the times of its lines', () => {
    const at = (time: string, text: string) => `2025-11-04T${time}Z ${text}`;
    const run = [at('10:00:00', 'Thought: find the page'), at('10:00:01', 'Action: find_page')];
    expect(analyze(...run, at('10:00:03', 'Observation: on the shelf')).traces).toHaveLength(1);
    expect(analyze(...run, at('10:40:03', 'Observation: on the shelf')).traces).toHaveLength(2);
  });

  it('joins across the gap that the lines tell, and no further', () => {
    const traceback = (second: string) => [
      '2025-11-04T10:00:00Z ERROR could not moor',
      object('a', 'Traceback (most recent call last):', '2025-11-04T10:00:00Z'),
      object('a', '  File "quay.py", line 4, in moor', `2025-11-04T10:00:${second}Z`),
    ];
    const joined = (lines: string[]) => [...analyze(...lines).lines()].map(({ fate }) => fate === 'joined');
    expect(joined(traceback('01'))).toEqual([false, false, true]);
    expect(joined(traceback('09'))).toEqual([false, false, false]);
  });

  it('says that a run which ended without a word is completed, and one that failed is not', () => {
    expect(analyze('Thought: hm').traces[0]!.status).toBe('completed');
    expect(analyze('Thought: hm', 'ERROR:quay:no rope').traces[0]!.status).toBe('failed');
  });

  it('keeps refused lines in their place, with the reason', () => {
    const analysis = analyze(
      'Thought: a',
      Buffer.from([0xff, 0xfe]),
      '{"timestamp":"soon","properties":{}}',
      'INFO:quay:moored',
    );
    expect([...analysis.lines()].map(({ event, refused }) => event?.event_type ?? refused)).toEqual([
      'agent_thought',
      'INVALID_UTF8: 2 bytes that are neither Avro nor UTF-8',
      'INVALID_EVENT: timestamp: neither ISO 8601 nor a Unix time',
      'log',
    ]);
    expect(summarise(analysis)).toMatchObject({
      lines: 4,
      events: 2,
      coverage: { fates: { parsed: 1, fallback: 1, dead: 2 } },
    });
  });

  it('shows an event that is sent twice in both places, and counts it once', () => {
    const event = JSON.stringify({
      event_id: 'own-1',
      timestamp: '2026-02-03T04:05:06Z',
      event_type: 'decision',
      properties: {},
      source: { system: 'file', log_stream: 's' },
    });
    const analysis = analyze(event, event);
    expect([...analysis.lines()].map(({ event: row }) => row?.event_id)).toEqual(['own-1', 'own-1']);
    expect(summarise(analysis)).toMatchObject({
      lines: 2,
      events: 1,
      traces: 1,
      coverage: { fates: { parsed: 1, duplicate: 1 } },
    });
  });

  it('tells how much is understood, by rule and by source', () => {
    const line = (group: string, message: string) =>
      JSON.stringify({ message, source: { system: 'file', log_group: group, log_stream: 's' } });
    const analysis = analyze(
      line('/desk', 'Thought: a'),
      line('/desk', 'Thought: b'),
      line('/quay', 'Thought: c'),
      line('/quay', 'INFO: moored'),
      line('/db', 'moored').replace('file', 'postgresql'),
    );
    expect(renderSummary(summarise(analysis)).split('\n').slice(1)).toEqual([
      'understood  75.0 % (lines 1 kept as they are, 1 foreign)',
      'by rule     langchain_thought 3',
      'by source   /quay 50.0 %',
      'traced by   stream or agent 4',
    ]);
  });

  it('says so of an input without lines', () => {
    const analysis = analyze();
    expect([...renderTraces(analysis, ALL, PRICES)]).toEqual([]);
    expect(renderSummary(summarise(analysis))).toContain('0 lines · 0 events · 0 traces');
  });

  it('takes a line of a megabyte, and lines of nothing', () => {
    const analysis = analyze('x'.repeat(1_100_000), '', '');
    expect([...analysis.events.values()].map(({ flags }) => flags)).toEqual([
      ['no_timestamp', 'truncated'],
      ['no_timestamp'],
    ]);
  });

  it('shows as many traces and events as asked for', () => {
    const hours = ['10', '11', '12'].flatMap((hour) =>
      [1, 2, 3].map((s) => `2025-11-04T${hour}:00:0${s}Z Thought: ${s}`),
    );
    const shown = [...renderTraces(analyze(...hours), { traces: 2, events: 1 }, PRICES)];
    expect(shown).toHaveLength(3);
    expect(shown[0]).toContain('only the first 1 events are shown');
    expect(shown[2]).toBe('… and 1 more trace: --traces 0 shows all');
  });
});

it('reads each line as parse does', () => {
  const lines = [
    ...RUN,
    '2025-11-04T10:00:00Z ERROR quay: could not moor',
    'Traceback (most recent call last):',
    '  File "quay.py", line 4, in moor',
    'RuntimeError: no rope',
    '',
    object('a', 'START RequestId: 11111111-0000-4000-8000-000000000001 Version: 1', '2025-11-04T10:00:01Z'),
    object('a', 'Thought: within', '2025-11-04T10:00:02Z'),
    '{"timestamp":"2025-11-04T10:00:02Z","event_type":"decision","session_id":"s-1","properties":{"n":1}}',
    '{"event_type":"tool_call","tool_name":"tides"}',
  ];
  const parser = new LineParser({ codec, rules, settings: settingsOf(config), nowMs: NOW });
  const parsed = [...lines.flatMap((line) => parser.take(Buffer.from(line))), ...parser.end()];
  const analysis = analyze(...lines);
  const analyzed = [...analysis.lines()].map(({ event, fate }) => {
    const whole = analysis.eventOf(event!);
    return [whole.event_type, whole.session_id, fate === 'joined', JSON.parse(whole.properties)];
  });
  expect(analyzed).toEqual(
    parsed.map((line) => [line.event_type, line.session_id, line.continues, line.properties]),
  );
});
