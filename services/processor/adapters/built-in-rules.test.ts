import { describe, expect, test } from 'vitest';
import { defaultAppConfig } from '../../../lib/config/app-config.js';
import { sampleFaults } from '../core/parse/rule-tests.js';
import { loadRules } from './rule-files.js';

const compiled = loadRules(defaultAppConfig());
const rules = compiled.forGroup(null).rules;

describe('each built-in rule reads its own sample lines', () => {
  const cases = compiled.global.flatMap((rule) => rule.tests.map((sample) => ({ rule, sample })));
  test.each(cases.map(({ rule, sample }) => [rule.name, rule, sample] as const))(
    '%s',
    (_name, rule, sample) => {
      const faults = sampleFaults(rule, sample, rules);
      expect(faults.map(({ what, expected, got }) => ({ what, expected, got }))).toEqual([]);
    },
  );
});

test('every built-in rule but the ones told from colours has a sample line', () => {
  const without = compiled.global
    .filter((rule) => rule.tests.length === 0 && !rule.raw)
    .map(({ name }) => name);
  expect(without).toEqual([]);
});

test('names of built-in rules are unique', () => {
  const names = compiled.global.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
