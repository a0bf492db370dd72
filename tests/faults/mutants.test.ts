import { expect, it } from 'vitest';
import { MUTANTS, mutatedSources } from './mutants.js';
import { ROWS } from './rows/index.js';

it.each(MUTANTS)('the source still holds what $name takes out', (mutant) => {
  expect(mutatedSources(mutant).size).toBeGreaterThan(0);
});

it('rows and mutants have names of their own, and mutants name rows', () => {
  const names = ROWS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(MUTANTS.flatMap(({ rows }) => rows)));
});
