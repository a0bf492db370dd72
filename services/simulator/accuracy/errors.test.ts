import { describe, expect, it } from 'vitest';
import type { Truth } from '../labelled/record.js';
import { addErrors, noErrors, shapeOf } from './errors.js';
import type { Outcome } from './measure.js';
import { lineOf } from './testing.js';

const outcome = (
  run: string | null,
  traceId: string | null,
  message: string,
  truth: Partial<Truth> = {},
): Outcome => ({
  line: lineOf(0, { run, ...truth }, message),
  traceId,
  eventType: 'log',
  strategy: '3',
});

describe('the breakdown of errors', () => {
  const outcomes = [
    outcome('A', 'a', 'go', { position: 'first' }),
    outcome('A', 'a', 'step 1'),
    outcome(null, 'a', 'noise'),
    outcome('B', 'a', 'go on 77', { position: 'first' }),
    outcome('B', 'b', 'step 2'),
    outcome('B', 'b', 'step 3'),
    outcome('A', 'c', 'odd 12'),
    outcome('A', 'c', 'odd 13', { isHead: false }),
    outcome('A', 'a', 'end', { position: 'last' }),
    outcome('B', null, 'refused', { ids: ['7'] }),
  ];

  it('tells lines merged into another run from lines split off their own, by class', () => {
    const breakdown = noErrors();
    addErrors(breakdown, 4, outcomes);
    expect(breakdown.scored).toBe(9);
    expect(breakdown.wrong).toBe(4);
    expect(Object.fromEntries(breakdown.classes)).toEqual({
      'first of a run': { scored: 2, merged: 1, split: 0 },
      'without an id': { scored: 4, merged: 0, split: 1 },
      'joined line': { scored: 1, merged: 0, split: 1 },
      'last of a run': { scored: 1, merged: 0, split: 0 },
      'with an id': { scored: 1, merged: 0, split: 1 },
    });
  });

  it('names the line that began each wrong piece, with what it cost, over several seeds', () => {
    const breakdown = noErrors();
    addErrors(breakdown, 4, outcomes);
    addErrors(breakdown, 5, outcomes);
    expect(
      breakdown.groups.map(({ fault, shape, culprits, lines, example }) => [
        fault,
        shape,
        culprits,
        lines,
        example.seed,
        example.line,
      ]),
    ).toEqual([
      ['merged', 'go on 0', 2, 2, 4, 4],
      ['split', 'odd 0', 2, 4, 4, 7],
      ['split', 'refused', 2, 2, 4, 10],
    ]);
  });

  it.each([
    ['2026-03-02 08:00:29,481 INFO call_41ab7c took 12.5 ms', 'INFO # took 0 ms'],
    ['\x1b[32;1m\x1b[1;3mThought: order ORD-216213\x1b[0m', 'Thought: order ORD-#'],
    ['{"asctime":"2026-03-02 08:00:02,364","levelname":"INFO"}', '{"levelname":"INFO"}'],
  ])('takes out of %j what varies', (message, shape) => {
    expect(shapeOf(message)).toBe(shape);
  });
});
