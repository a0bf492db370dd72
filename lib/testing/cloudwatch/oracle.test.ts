import { describe, expect, it } from 'vitest';
import { compareEvents, type OracleEvent, summarize } from './oracle.js';

const put: OracleEvent[] = [1, 2, 3].map((n) => ({
  eventId: `e${n}`,
  group: '/g',
  stream: 's',
  timestampMs: 1_000 + n,
  message: `line ${n}`,
}));
const [a, b, c] = put as [OracleEvent, OracleEvent, OracleEvent];
const kinds = (delivered: OracleEvent[]) =>
  compareEvents(put, delivered).map(({ kind, eventId }) => [kind, eventId]);

describe('the oracle', () => {
  it('finds nothing wrong where every event is there once, in any order', () => {
    expect(kinds([c, a, b])).toEqual([]);
    expect(compareEvents([], [])).toEqual([]);
  });

  it.each([
    ['lost', [a, c], [['lost', 'e2']]],
    ['doubled', [a, b, b, c], [['doubled', 'e2']]],
    [
      'doubled twice',
      [a, b, b, b, c],
      [
        ['doubled', 'e2'],
        ['doubled', 'e2'],
      ],
    ],
    ['invented', [a, b, c, { ...a, eventId: 'e9' }], [['invented', 'e9']]],
    ['altered in its text', [a, { ...b, message: 'line 9' }, c], [['altered', 'e2']]],
    ['altered in its time', [a, { ...b, timestampMs: 1 }, c], [['altered', 'e2']]],
    ['moved to another stream', [a, { ...b, stream: 't' }, c], [['altered', 'e2']]],
    ['moved to another group', [a, { ...b, group: '/h' }, c], [['altered', 'e2']]],
    [
      'lost, another doubled',
      [a, a, c],
      [
        ['doubled', 'e1'],
        ['lost', 'e2'],
      ],
    ],
  ])('sees an event that is %s', (_what, delivered, expected) => {
    expect(kinds(delivered as OracleEvent[])).toEqual(expected);
  });

  it('counts and names what it found', () => {
    expect(summarize(compareEvents(put, [a]), 1)).toEqual([
      '2 lost',
      'lost e2: /g s 1970-01-01T00:00:01.002Z "line 2"',
    ]);
  });
});
