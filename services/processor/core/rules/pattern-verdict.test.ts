import { expect, test } from 'vitest';
import { isEvidentlyLinear, withoutBounds, withoutLookaround, withoutTail } from './pattern-verdict.js';

test.each([
  [String.raw`Thought:\s+(?<thought>.*)`, String.raw`Thought:\s`],
  [String.raw`^a (?:b (?<c>[\s\S]*))`, '^a (?:b )'],
  ['a+?', 'a'],
  ['(?:ab)+', '(?:ab)'],
  ['a{2,9}', 'a{2,9}'],
  ['a?', 'a?'],
  ['a*$', 'a*$'],
  ['a*|b*', 'a*|b*'],
  [String.raw`(a*)\1(b*)`, String.raw`(a*)\1(b*)`],
  ['(?:a|b*)', '(?:a|b*)'],
])('the tail of %s is dropped where nothing after it can fail', (source, expected) => {
  expect(withoutTail(source, '')).toBe(expected);
});

test.each([
  ['a{0,8192}b{3}', 'a{0,}b{3}'],
  ['a{2,4}', 'a{2,4}'],
  ['a{30}', 'a{12}'],
  [String.raw`a\{1,99}`, String.raw`a\{1,99}`],
])('the bounds of %s are taken away', (source, expected) => {
  expect(withoutBounds(source)).toBe(expected);
});

test.each([
  ['crane moved', true],
  ['(?:a|b)c?', true],
  ['^a+b', true],
  ['a+b', false],
  ['^a+b+c', false],
  ['^(?:a+)+b', false],
  ['^(?:ab?)+c', false],
  ['^a+b|c', false],
  [String.raw`^(a+)\1`, false],
])('whether %s is evidently linear: %s', (source, linear) => {
  expect(isEvidentlyLinear(source, '')).toBe(linear);
});

test.each([
  [String.raw`^a(?=\n|$)b`, String.raw`^a(?:\n|$)b`],
  ['a(?!b(?=c))(?<=a)(?<!d)e', 'a(?:)(?:)(?:)e'],
  ['(?=a(?=b))', '(?:a(?:b))'],
  ['ab', 'ab'],
])('the look-around of %s is taken out', (source, expected) => {
  expect(withoutLookaround(source, '')).toBe(expected);
});
