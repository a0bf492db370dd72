import { describe, expect, it } from 'vitest';
import type { EventOut } from '../api/types.js';
import { facetOf, foundText, type Hit, runsOf } from './group-hits.js';

const hit = (traceId: string, type: string, score: number): Hit => ({
  score,
  found_by: [{ how: 'meaning', rank: 1, score }],
  event: {
    event_id: `${traceId}-${type}`,
    trace_id: traceId,
    group_id: 'g',
    session_id: null,
    agent_id: type === 'log' ? null : 'support-bot',
    timestamp: '2026-01-07T19:00:00.000Z',
    event_type: type,
    framework: null,
    properties: {},
    source: null,
    flags: [],
    revision: 1,
    generation: 1,
    created_at: '2026-01-07T19:00:00.000Z',
    updated_at: '2026-01-07T19:00:00.000Z',
  } satisfies EventOut,
});

describe('what was found', () => {
  it('stands by run, the run with the best hit first', () => {
    const runs = runsOf([
      hit('a', 'query', 0.5),
      hit('b', 'log', 0.9),
      hit('a', 'log', 0.4),
      hit('b', 'query', 0.1),
    ]);
    expect(runs.map(({ traceId, best, hits }) => [traceId, best, hits.length])).toEqual([
      ['b', 0.9, 2],
      ['a', 0.5, 2],
    ]);
  });

  it('says by what it was found', () => {
    const found_by = [
      { how: 'meaning', rank: 3, score: 0.512 },
      { how: 'text', rank: 1 },
    ];
    expect(foundText({ found_by })).toBe('meaning 3., 0.51; has the words (1.)');
  });

  it('is counted by value, the most first; what has none is not', () => {
    const hits = [hit('a', 'query', 1), hit('b', 'log', 1), hit('c', 'query', 1)];
    expect(facetOf(hits, ({ event_type }) => event_type)).toEqual([
      ['query', 2],
      ['log', 1],
    ]);
    expect(facetOf(hits, ({ agent_id }) => agent_id)).toEqual([['support-bot', 2]]);
  });
});
