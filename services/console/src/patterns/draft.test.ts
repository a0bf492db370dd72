import { describe, expect, it } from 'vitest';
import { rangeOfLine } from './draft.js';

describe('a line of the rules', () => {
  it.each([
    [1, 'ab'],
    [2, ''],
    [3, 'cde'],
    [9, ''],
  ])('%i is found', (line, text) => {
    const rules = 'ab\n\ncde';
    expect(rules.slice(...rangeOfLine(rules, line))).toBe(text);
  });
});
