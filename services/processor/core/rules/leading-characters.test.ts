import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BEYOND_ASCII } from './first-characters.js';
import { END_OF_TEXT, leadingCharacters } from './leading-characters.js';

const POSITIONS = 8;

function isAllowed(allowed: Uint8Array[], text: string): boolean {
  return allowed.every((characters, at) => {
    const code = text.charCodeAt(at);
    return characters[Number.isNaN(code) ? END_OF_TEXT : Math.min(code, BEYOND_ASCII)] === 1;
  });
}

const PATTERNS = [
  'abc',
  'a?b{2,3}c',
  '(?:x|yz)+-',
  '\\d{4}-\\d\\d',
  '[^\\n]{0,3}end',
  '(?:[A-Z]{3,5}|[a-z]{1,2}):\\s?',
  '(?:ab|a(?:c|d)?)e*',
  'é|—x',
];

it('allows every text that the pattern matches at its beginning', () => {
  for (const source of PATTERNS) {
    const allowed = leadingCharacters(source, POSITIONS);
    fc.assert(
      fc.property(fc.stringMatching(new RegExp(`^(?:${source})`)), (text) => isAllowed(allowed, text)),
    );
  }
});

it('leaves out what cannot match', () => {
  const time = leadingCharacters('\\d{4}-\\d\\d [a-z]', POSITIONS);
  expect(isAllowed(time, '2026-01 x')).toBe(true);
  for (const text of ['2026/01', '12:00:00', 'Action: ', '2026-01', '2026-01x'])
    expect(isAllowed(time, text)).toBe(false);
});

it('takes a look ahead for nothing, and a reference for anything', () => {
  expect(isAllowed(leadingCharacters('a(?=b)', POSITIONS), 'ac')).toBe(true);
  expect(isAllowed(leadingCharacters('(a|b)\\1c', POSITIONS), 'bbc')).toBe(true);
});
