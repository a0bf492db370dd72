import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WrapperCandidates } from './wrapper-candidates.js';
import { WRAPPERS } from './wrapper-table.js';

const PARTS = [
  '2026-03-04T05:06:07.891Z',
  '2026-03-04 05:06:07,891',
  '[2026-03-04 05:06:07]',
  '05:06:07',
  'Mar  4 05:06:07 host quay[12]:',
  'INFO',
  'WARNING:',
  'info:',
  '[ERROR]',
  '[main]',
  '(pid: 12)',
  'quay-1  |',
  'app.tides',
  'app:run:12',
  '-',
  '|',
  ' ',
  '\t',
  '<34>1',
  'I0304 05:06:07.891234',
  'Thought: rest',
  '{"a":1}',
  'é',
];

it('leaves out no format that matches', () => {
  const candidates = new WrapperCandidates(WRAPPERS);
  const line = fc.array(fc.constantFrom(...PARTS), { maxLength: 7 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(line, fc.nat(30), (text, at) => {
      candidates.turnTo(text, at);
      const offered: string[] = [];
      for (let next = candidates.next(); next !== null; next = candidates.next()) offered.push(next.name);
      for (const { name, pattern } of WRAPPERS) {
        pattern.lastIndex = at;
        // one that does not begin as the table says is not meant
        if (at >= text.length || !pattern.test(text) || !beginsAsSaid(name, text[at]!)) continue;
        expect(offered).toContain(name);
      }
    }),
    { numRuns: 500 },
  );
});

function beginsAsSaid(name: string, character: string): boolean {
  const { first } = WRAPPERS.find((format) => format.name === name)!;
  const kind = /\d/.test(character)
    ? 'd'
    : /[A-Z]/.test(character)
      ? 'u'
      : /[a-z]/.test(character)
        ? 'l'
        : '';
  return first.includes(character) || (kind !== '' && first.includes(kind));
}

it('has next to nothing to offer where a line is prose', () => {
  const candidates = new WrapperCandidates(WRAPPERS);
  candidates.turnTo('Thought: the tide is high at noon', 0);
  const offered: string[] = [];
  for (let next = candidates.next(); next !== null; next = candidates.next())
    if (next.after === null) offered.push(next.name);
  expect(offered).toEqual(['compose']);
});
