import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../api/types.js';
import { kindOf } from '../parts/event-kind.js';
import { isFiltering, pathOf, type RowFilter, rowsOf, shownRows, tallyOf, timeFrameOf } from './rows.js';

const START = '2026-01-07T19:00:00.000Z';
const ALL: RowFilter = { text: '', kinds: [], failuresOnly: false, between: null };

const event = (id: string, atMs: number, more: Partial<TraceEvent> = {}): TraceEvent => ({
  event_id: id,
  trace_id: 't',
  group_id: 'g',
  session_id: null,
  agent_id: null,
  timestamp: new Date(Date.parse(START) + atMs).toISOString(),
  event_type: 'log',
  framework: null,
  properties: { message: id },
  source: null,
  flags: [],
  revision: 1,
  generation: 1,
  created_at: START,
  updated_at: START,
  parent_id: null,
  relation: null,
  latency_ms: null,
  ...more,
});

const EVENTS = [
  event('chain', 0, { event_type: 'chain_start', latency_ms: 900 }),
  event('thought', 10, {
    event_type: 'agent_thought',
    parent_id: 'chain',
    properties: { reasoning: 'look it up' },
  }),
  event('call', 100, {
    event_type: 'tool_call',
    parent_id: 'chain',
    latency_ms: 200,
    properties: { tool_name: 'lookup', tool_input: { city: 'Lisbon' } },
  }),
  event('other', 150),
  event('failed', 300, {
    event_type: 'tool_error',
    parent_id: 'call',
    properties: { tool_name: 'lookup', error_message: 'refused', duration_ms: 200 },
  }),
];

const ids = (rows: { event: TraceEvent }[]) => rows.map((row) => row.event.event_id);
const shown = (filter: Partial<RowFilter>, collapsed: string[] = []) =>
  ids(shownRows(rowsOf(EVENTS, START), new Set(collapsed), { ...ALL, ...filter }, kindOf));

describe('the lines of a trace', () => {
  it('stand in the order of the tree, each with its depth', () => {
    const { byTree } = rowsOf(EVENTS, START);
    expect(byTree.map((row) => [row.event.event_id, row.depth])).toEqual([
      ['chain', 0],
      ['thought', 1],
      ['call', 1],
      ['failed', 2],
      ['other', 0],
    ]);
  });

  it('cover the time that a step took: from its start, or before its end', () => {
    const { byId, spanMs } = rowsOf(EVENTS, START);
    const bar = (id: string) => [byId.get(id)!.startMs, byId.get(id)!.endMs, byId.get(id)!.tookMs];
    expect(bar('call')).toEqual([100, 300, 200]);
    expect(bar('failed')).toEqual([100, 300, 200]);
    expect(bar('thought')).toEqual([10, 10, null]);
    expect(spanMs).toBe(900);
  });

  it('say where something below failed', () => {
    const { byId } = rowsOf(EVENTS, START);
    expect(['chain', 'call', 'failed', 'other'].map((id) => byId.get(id)!.failedBelow)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(ids(pathOf(byId.get('failed')!))).toEqual(['chain', 'call']);
  });

  it('leave out what is folded', () => {
    expect(shown({}, ['call'])).toEqual(['chain', 'thought', 'call', 'other']);
    expect(shown({}, ['chain', 'call'])).toEqual(['chain', 'other']);
  });

  it.each<[string, Partial<RowFilter>, string[]]>([
    ['words in any case, all of them', { text: 'LOOKUP lisbon' }, ['call']],
    ['kinds', { kinds: ['thought', 'tool'] }, ['thought', 'call']],
    ['errors', { failuresOnly: true }, ['failed']],
    [
      'two steps in any order, both included',
      { between: ['failed', 'thought'] },
      ['thought', 'call', 'other', 'failed'],
    ],
    [
      'a step that is not there does not hide the others',
      { between: ['gone', 'call'] },
      ids(EVENTS.map((one) => ({ event: one }))),
    ],
  ])('are filtered by %s', (_name, filter, expected) => {
    expect(isFiltering({ ...ALL, ...filter })).toBe(true);
    expect(shown(filter)).toEqual(expected);
  });

  it('are counted, and their bars fill the time between two steps', () => {
    const rows = rowsOf(EVENTS, START);
    const filter: RowFilter = { ...ALL, between: ['call', 'failed'] };
    const between = shownRows(rows, new Set(), filter, kindOf);
    expect(tallyOf(between)).toEqual({ events: 3, spanMs: 200, failures: 1, tools: ['lookup'], thoughts: 0 });
    expect(timeFrameOf(rows, between, filter)).toEqual({ fromMs: 100, spanMs: 200 });
    expect(timeFrameOf(rows, rows.byTree, ALL)).toEqual({ fromMs: 0, spanMs: 900 });
  });

  it('can be ten thousand, one below the other', () => {
    const deep = Array.from({ length: 10_000 }, (_, index) =>
      event(String(index), index, { parent_id: index === 0 ? null : String(index - 1) }),
    );
    expect(rowsOf(deep, START).byTree.at(-1)).toMatchObject({ depth: 9_999 });
  });
});
