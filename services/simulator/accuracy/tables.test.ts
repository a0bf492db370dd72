import { describe, expect, it } from 'vitest';
import { betweenMarks } from './report.js';
import { markdown, median, verdict } from './tables.js';

describe('the tables of accuracy', () => {
  it.each([
    [[3], 3],
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[], Number.NaN],
  ])('the median of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it.each([
    [0.9, [0.9, 0.95], 'yes'],
    [0.9, [0.89, 0.93], 'in the median'],
    [0.9, [0.89, 0.9], 'no'],
    [undefined, [0.1], ''],
  ])('a goal of %s is reached by %j: %s', (goal, f1, expected) => {
    expect(verdict(goal, f1)).toBe(expected);
  });

  it('write Markdown whose cells hold no bar', () => {
    expect(markdown({ head: ['a', 'b'], rows: [['x|y', '1']] })).toBe(
      '| a | b |\n| --- | ---: |\n| x\\|y | 1 |',
    );
  });

  it('replace what stands between the marks, and refuse a page without', () => {
    const page =
      'above\n<!-- tables: written by `make accuracy ARGS=--write` -->\nold\n<!-- end of tables -->\nbelow\n';
    const once = betweenMarks(page, 'new');
    expect(once).toContain('-->\n\nnew\n\n<!-- end');
    expect(once).not.toContain('old');
    expect(betweenMarks(once, 'new')).toBe(once);
    expect(() => betweenMarks('no marks', 'new')).toThrow('has no part');
  });
});
