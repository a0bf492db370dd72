import { describe, expect, it } from 'vitest';
import type { AgentEvent } from '../../../lib/model/events.js';
import { sampleEvent, sampleTrace } from '../../../lib/stores/surreal/fixtures.js';
import { DifferenceCounter, isNothing } from './difference.js';
import { renderDifference } from './difference-view.js';

const difference = (pairs: [Partial<AgentEvent> | null, Partial<AgentEvent> | null][]) => {
  const counter = new DifferenceCounter();
  pairs.forEach(([stored, replayed], n) => {
    const event = (given: Partial<AgentEvent> | null) =>
      given && sampleEvent({ event_id: `e${n}`, ...given });
    counter.event(event(stored), event(replayed));
  });
  return counter.result();
};

describe('the difference between what is stored and what was replayed', () => {
  it('is nothing where only revision and generation differ', () => {
    const found = difference([[{}, { revision: 0, generation: 2 }]]);
    expect(found.events).toMatchObject({ same: 1, changed: 0 });
    expect(isNothing(found)).toBe(true);
  });

  it('names the fields of events', () => {
    const found = difference([
      [{}, { event_type: 'decision', properties: '{}' }],
      [{}, { event_type: 'decision' }],
      [{}, null],
      [null, {}],
    ]);
    expect(found.events).toEqual({
      same: 0,
      changed: 2,
      new: 1,
      gone: 1,
      fields: { event_type: 2, properties: 1 },
    });
  });

  it('counts lines that are understood now or no more, by the rule that does or did', () => {
    const why = { ...sampleEvent().why, rule: 'a_rule' };
    const found = difference([
      [{ event_type: 'log' }, { event_type: 'decision', why }],
      [{ event_type: 'decision', why }, { event_type: 'log' }],
      [{ event_type: 'decision', why }, { event_type: 'error' }],
    ]);
    expect(found.understood).toEqual({ lines: 1, rules: { a_rule: 1 } });
    expect(found.lost).toEqual({ lines: 1, rules: { a_rule: 1 } });
  });

  it.each([
    [
      'split',
      [
        ['t', 'a'],
        ['t', 'b'],
      ],
      { split: 1, merged: 0, renamed: 0 },
    ],
    [
      'merged',
      [
        ['t', 'a'],
        ['u', 'a'],
      ],
      { split: 0, merged: 1, renamed: 0 },
    ],
    [
      'renamed',
      [
        ['t', 'a'],
        ['t', 'a'],
      ],
      { split: 0, merged: 0, renamed: 1 },
    ],
    ['the same', [['t', 't']], { split: 0, merged: 0, renamed: 0 }],
    [
      'split, one half into another',
      [
        ['t', 't'],
        ['t', 'u'],
        ['u', 'u'],
      ],
      { split: 1, merged: 1, renamed: 0 },
    ],
  ])('tells a trace that is %s', (_, moves, expected) => {
    const pairs = moves.map(([from, to]): [Partial<AgentEvent>, Partial<AgentEvent>] => [
      { trace_id: from },
      { trace_id: to },
    ]);
    expect(difference(pairs).traces).toMatchObject(expected);
  });

  it('compares traces by what is said of them, prototypes aside', () => {
    const counter = new DifferenceCounter();
    const tools = { a: { calls: 1, errors: 0, timed: 0, total_ms: 0 } };
    counter.trace(
      sampleTrace({ tools }),
      sampleTrace({ tools: { a: Object.assign(Object.create(null), tools.a) } }),
    );
    counter.trace(sampleTrace(), sampleTrace({ total_events: 2 }));
    expect(counter.result().traces).toMatchObject({ same: 1, changed: 1, fields: { total_events: 1 } });
  });

  it('shows a few examples of each kind, on short lines', () => {
    const long = JSON.stringify({ message: 'a\nb '.repeat(200) });
    const found = difference(Array.from({ length: 9 }, () => [null, { properties: long }]));
    expect(found.examples).toHaveLength(5);
    const text = renderDifference(2, { state: 'ready', from_ms: 0, to_ms: 1 }, found);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(180);
    expect(text).toContain('generation 2 · ready');
  });
});
