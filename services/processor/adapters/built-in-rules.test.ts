import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultAppConfig } from '../../../lib/config/app-config.js';
import { sampleFaults } from '../core/parse/rule-tests.js';
import { verdictKey } from '../core/rules/pattern-verdict.js';
import { checkPattern, readVerdicts } from './pattern-check.js';
import { loadRules, readRuleFile } from './rule-files.js';
import { builtInFolder } from './rule-folder.js';

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

test('every built-in rule says where its format comes from, and has a sample line', () => {
  const written = readdirSync(builtInFolder())
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => readRuleFile(join(builtInFolder(), name)));
  const without = written
    .filter(
      ({ definition: { format, tests } }) => !format?.startsWith('https://') || (tests ?? []).length === 0,
    )
    .map(({ definition }) => definition.name);
  expect(written.length).toBeGreaterThan(300);
  expect(without).toEqual([]);
});

test('names of built-in rules are unique', () => {
  const names = compiled.global.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test('no built-in pattern backtracks without bound, whether its verdict is kept yet or not', () => {
  const kept = readVerdicts();
  const faults: string[] = [];
  loadRules(defaultAppConfig(), {
    check: (source, flags) => {
      const verdict = kept.get(verdictKey(source, flags)) ?? checkPattern(source, flags);
      if (verdict.linearity === 'superlinear') faults.push(`${verdict.reason}: ${source}`);
      return { linearity: 'linear', reason: 'being checked' };
    },
  });
  expect(faults).toEqual([]);
}, 120_000);
