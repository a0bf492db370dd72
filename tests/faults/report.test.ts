import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from '../../lib/config/root.js';
import { reportOf } from './report.js';
import { RESULTS, type Result, readResults } from './results.js';
import type { Row } from './row.js';
import { ROWS } from './rows/index.js';

const row = (name: string, seeds: number): Row => ({ name, doc: '', seeds, faults: async () => {} });
const result = (of: Partial<Result>): Result => ({
  row: 'a',
  seed: 1,
  events: 20_000,
  verdict: 'passed',
  thrown: { kill: 12 },
  faults: [],
  figures: { fresh_seconds: 1.5 },
  seconds: 3_600,
  commit: 'c1',
  product: 'p',
  date: '2026-01-07T00:00:00Z',
  ...of,
});

it('says of each row what was sent, thrown and found, and which are not done', () => {
  const report = reportOf(
    [row('a', 2), row('b', 1)],
    [
      result({}),
      result({ seed: 2, events: 100_000, verdict: 'failed', faults: ['SurrealDB: 1 lost'], commit: 'c2' }),
    ],
  );
  expect(report).toContain('**2 of 3 runs, 120,000 events, 1 red**, 2.0 hours.');
  expect(report).toContain('| `a` | 2 of 2 | 1 (seed 2) | 120,000 | 100,000 | 24 kill | 1.5 | c1, c2 |');
  expect(report).toContain('Not yet run over all their seeds: `b`.');
  expect(report).not.toContain('Mutants');
});

it('names what caught a mutant', () => {
  const fault = 'SurrealDB: 3 doubled (a|b)';
  const report = reportOf([row('a', 1)], [result({ mutant: 'no-x', verdict: 'failed', faults: [fault] })]);
  expect(report).toContain('| `no-x` | `a` | 1 | 20,000 | SurrealDB: 3 doubled (a\\|b) | c1 |');
  expect(report).toContain('0 of 1 runs');
});

it('is what docs/fault-matrix.md says: npm run docs:faults', () => {
  const page = readFileSync(join(projectRoot(), 'docs/fault-matrix.md'), 'utf8');
  expect(page).toBe(reportOf(ROWS, readResults(RESULTS)));
});
