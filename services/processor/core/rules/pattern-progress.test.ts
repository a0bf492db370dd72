import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { patternProgress } from './pattern-progress.js';

test.each([
  [
    'the words after which it goes no further',
    /Tool: (\w+) Input: (.+)/,
    'now Tool: tides | x',
    'Tool: tides ',
    16,
    'Input: ',
  ],
  ['a literal run from where it fails', /^Thought:/, 'Thoughts: hm', 'Thought', 7, ':'],
  ['a class', /^step (\d+)/, 'step four', 'step ', 5, '\\d+'],
  ['inside a group', /^(?:Action: (\w+))/, 'Action: !', 'Action: ', 8, '\\w+'],
  ['the whole of an alternation', /^level (?:low|high)/, 'level mid', 'level ', 6, '(?:low|high)'],
  [
    'of two alternatives the one that comes further',
    /^alpha 1|^alpha beta 2/,
    'alpha beta 3',
    'alpha beta ',
    11,
    '2',
  ],
  [
    'without regard to case where the pattern has none',
    /^DONE in (\d+)/i,
    'Done in time',
    'Done in ',
    8,
    '\\d+',
  ],
])('tells %s', (_name, pattern, text, matched, at, expected) => {
  expect(patternProgress(pattern, text)).toMatchObject({ matched, at, expected });
});

it('is nothing where not even the beginning is there', () => {
  expect(patternProgress(/^Thought:/, 'nothing')).toBeNull();
});

it('takes a pattern that refers back as it stands', () => {
  expect(patternProgress(/^<(\w+)>x<\/\1>/, '<b>x</i>')).toMatchObject({ matched: '<b>x</' });
});

it('counts the literals found, of those that the pattern has', () => {
  expect(patternProgress(/^abc(?:de|f)+ g/, 'abcf h')!.literals).toEqual({ found: 5, all: 6 });
});

it('finds a beginning that the text holds, and never throws, for patterns of any make', () => {
  const part = fc.constantFrom(
    'a',
    'b:',
    '\\d+',
    '\\s*',
    '(?:a|b)',
    '(?<n>\\w+)',
    '[^x]*',
    'c{1,2}',
    '(?:ab ?)',
    '.*?',
  );
  fc.assert(
    fc.property(fc.uniqueArray(part, { minLength: 1, maxLength: 6 }), fc.string(), (parts, text) => {
      const pattern = new RegExp(parts.join(''));
      const progress = patternProgress(pattern, text);
      if (progress === null) return;
      expect(text).toContain(progress.matched);
      expect(text.slice(0, progress.at).endsWith(progress.matched)).toBe(true);
      expect(progress.expected).not.toBe('');
    }),
  );
});
