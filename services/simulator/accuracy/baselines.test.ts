import { describe, expect, it } from 'vitest';
import type { LabelledLine } from '../labelled/record.js';
import { baselines } from './baselines.js';
import { lineOf } from './testing.js';

/** Clusters by the order of their first line: equal partitions are equal texts. */
function partition(clusters: string[]): string {
  const names = [...new Set(clusters)];
  return clusters.map((cluster) => String.fromCharCode(97 + names.indexOf(cluster))).join('');
}
const partitions = (lines: LabelledLine[]) =>
  Object.fromEntries(Object.entries(baselines(lines)).map(([name, clusters]) => [name, partition(clusters)]));

describe('the naive ways', () => {
  it('differ in where a line without an id goes', () => {
    const lines = [
      lineOf(0, { run: 'A', ids: ['1'], agent: 'x' }),
      lineOf(1, { run: 'B', ids: ['2'], agent: 'y' }),
      lineOf(2, { run: 'A', agent: 'x' }),
      lineOf(3, { run: 'B' }),
      lineOf(4, { run: 'B', ids: ['2'] }),
      lineOf(5, { run: 'B' }),
    ];
    expect(partitions(lines)).toEqual({
      'ids only': 'abcdbe',
      'agent window': 'abacbb',
      'last id': 'abbbbb',
    });
  });

  it('a window ends after five minutes; the last id never does', () => {
    const lines = [lineOf(0, { run: 'A', ids: ['1'] }), lineOf(300, { run: 'A' }), lineOf(601, { run: 'B' })];
    expect(partitions(lines)).toEqual({ 'ids only': 'abc', 'agent window': 'aab', 'last id': 'aaa' });
  });

  it('ids shown together are one, in whatever order they come, and streams are apart', () => {
    const lines = [
      lineOf(0, { run: 'A', ids: ['trace'] }),
      lineOf(1, { run: 'A', ids: ['session'] }),
      lineOf(2, { run: 'A', ids: ['session', 'trace'] }),
      lineOf(3, { run: 'B', stream: 't' }),
    ];
    for (const found of Object.values(partitions(lines))) expect(found).toBe('aaab');
  });

  it('the lines of a record and second copies follow its first line', () => {
    const lines = [
      lineOf(0, { run: 'A', record: -1 }),
      lineOf(0, { run: 'A', record: -1, isHead: false }),
      lineOf(1, { run: 'B', ids: ['2'] }),
      lineOf(0, { run: 'A', record: -1 }),
    ];
    expect(partitions(lines)['ids only']).toBe('aaba');
    expect(partitions(lines)['last id']).toBe('aaba');
  });
});
