import { expect, it } from 'vitest';
import { builtInMasking } from '../../../../lib/config/masking-file.js';
import { fieldRule } from '../../../../lib/config/masking-rules.js';
import { checkPattern } from '../../adapters/pattern-check.js';
import { ParseRun } from '../../testing/parse-run.js';

const KEY = `AKIA${'IOSFODNN7EXAMPL2'}`;

it('masks what parse sends, says so in the flags, and leaves groups as they are', () => {
  const rows = new ParseRun()
    .lines('app', `session_id=s-1 Action: fetch`, `Action Input: {"key": "${KEY}"}`)
    .lines('app', 'session_id=s-2 connecting to postgres://app:hunter22@db/x', 'session_id=s-3 plain')
    .raw({
      event: JSON.stringify({
        timestamp: '2026-01-07T19:00:00Z',
        event_type: 'x',
        properties: { pwd: 'qwert' },
      }),
    })
    .finish();
  const kept = JSON.stringify(rows.map(({ properties, why }) => ({ properties, why })));
  for (const secret of [KEY, 'hunter22', 'qwert']) expect(kept).not.toContain(secret);
  expect(rows.map(({ flags }) => flags.filter((flag) => flag.startsWith('masked:')))).toEqual([
    ['masked:aws-access-key'],
    ['masked:url-password'],
    [],
    ['masked:secret-field'],
  ]);
});

it('keeps sessions apart whose ids would look alike when masked', () => {
  const other = KEY.replace('2', '3');
  const rows = new ParseRun().lines('app', `session_id=${KEY} one`, `session_id=${other} two`).finish();
  expect(new Set(rows.map(({ group_id }) => group_id)).size).toBe(2);
});

/** Patterns that the checker does not decide in this time are measured with hostile texts, beside the others, in masking-file.test.ts. */
const CHECK_MS = 300;
const { rules, keys } = builtInMasking();

it.each([...rules, fieldRule(keys)].map((rule) => [rule.name, rule] as const))(
  'the rule %s is not known to need more than linear time',
  (_name, { pattern, hint, ignore_case }) => {
    for (const source of [pattern, hint]) {
      const { linearity, reason } = checkPattern(source, ignore_case ? 'i' : '', CHECK_MS);
      expect([source, linearity, reason]).not.toEqual([source, 'superlinear', reason]);
    }
  },
  60_000,
);
