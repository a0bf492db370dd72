import { describe, expect, test } from 'vitest';
import { sampleEvent, sampleLink } from '../../../lib/stores/surreal/fixtures.js';
import { type Entry, fold } from './fold.js';

const event = (given: Parameters<typeof sampleEvent>[0]): Entry<null> => ({
  kind: 'event',
  event: sampleEvent(given),
  origin: null,
  counted: true,
});
const link = (given: Parameters<typeof sampleLink>[0]): Entry<null> => ({
  kind: 'link',
  link: sampleLink(given),
  origin: null,
});
const rows = (entries: Entry<null>[]) =>
  fold(entries).events.map(({ event: row }) => [row.event_id, row.trace_id, row.revision]);

describe('fold', () => {
  test('an event before a link is written where the link says, under its revision', () => {
    expect(rows([event({ revision: 1 }), link({ revision: 2, trace_id: 'B' })])).toEqual([['e1', 'B', 2]]);
  });

  test('an event after a link keeps its own trace', () => {
    expect(rows([link({ revision: 2, trace_id: 'B' }), event({ revision: 3, trace_id: 'B' })])).toEqual([
      ['e1', 'B', 3],
    ]);
  });

  test('an event that is newer than a link which comes late is left alone', () => {
    expect(rows([event({ revision: 5, trace_id: 'C' }), link({ revision: 2, trace_id: 'B' })])).toEqual([
      ['e1', 'C', 5],
    ]);
  });

  test('a link of another group moves nothing', () => {
    expect(rows([event({ revision: 1 }), link({ group_id: 'g2', revision: 9 })])).toEqual([['e1', 't1', 1]]);
  });

  test('of two forms of an event the newer stands, whichever comes first', () => {
    expect(rows([event({ revision: 4 }), event({ revision: 3 })])).toEqual([['e1', 't1', 4]]);
    expect(rows([event({ revision: 3 }), event({ revision: 4 })])).toEqual([['e1', 't1', 4]]);
  });

  test('a higher generation stands over any revision', () => {
    expect(rows([event({ revision: 1, generation: 2 }), event({ revision: 9, generation: 1 })])).toEqual([
      ['e1', 't1', 1],
    ]);
    const [row] = fold([event({ generation: 2 }), link({ generation: 1, revision: 9 })]).events;
    expect(row?.event.trace_id).toBe('t1');
  });

  test('the last link of a group is the one to apply, and remembers every trace the rows may be in', () => {
    const { moves } = fold([
      link({ revision: 2, previous_trace_id: 'A', trace_id: 'B' }),
      link({ revision: 3, previous_trace_id: 'B', trace_id: 'C' }),
    ]);
    expect(moves.map((move) => [move.link.trace_id, move.previous])).toEqual([['C', ['A', 'B']]]);
  });

  test('an event id in two groups is one row, and both traces are told', () => {
    const folded = fold([
      event({ group_id: 'g1', trace_id: 'A', updated_ms: 5 }),
      event({ group_id: 'g2', trace_id: 'B', updated_ms: 4 }),
    ]);
    expect(folded.events.map(({ event: row }) => row.group_id)).toEqual(['g1']);
    expect(folded.shared.sort()).toEqual(['A', 'B']);
  });

  test('a retraction takes an older event away and leaves a newer one', () => {
    const retraction: Entry<null> = {
      kind: 'retraction',
      retraction: { event_id: 'e1', group_id: 'g1', generation: 2, revision: 0 },
      origin: null,
    };
    expect(rows([event({ revision: 9 }), retraction])).toEqual([]);
    expect(rows([retraction, event({ revision: 9 })])).toEqual([]);
    expect(rows([event({ revision: 9 }), retraction, link({ revision: 10 })])).toEqual([]);
    expect(rows([event({ revision: 1, generation: 2 }), retraction])).toEqual([['e1', 't1', 1]]);
    expect(fold([event({ revision: 9 }), retraction]).retractions).toHaveLength(1);
  });
});
