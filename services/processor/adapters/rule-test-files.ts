import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { defaultAppConfig, loadAppConfig } from '../../../lib/config/app-config.js';
import type { CompiledRules } from '../core/rules/compiled-rules.js';
import { RuleSet } from '../core/rules/rule-set.js';
import type { CompiledRule } from '../core/rules/rule-types.js';
import { builtInFolder, loadRuleFile, loadRules } from './rule-files.js';

/** A rule with all those that it is tried among. */
export interface TestedRule {
  rule: CompiledRule;
  rules: RuleSet;
}

/**
 * The rules that a file holds, each among those that it would run among: a built-in file, a rule file of one's own (with `set` or
 * `framework`), or a config.yaml.
 * @throws ConfigError naming every fault with file, line and reason; an error where the file cannot be read.
 */
export function rulesToTest(path: string): TestedRule[] {
  if (dirname(resolve(path)) === builtInFolder()) {
    return testedAmong(loadRules(defaultAppConfig()), `patterns/${basename(path)}`);
  }
  const content: unknown = parseDocument(readFileSync(path, 'utf8')).toJS();
  const isRuleFile =
    typeof content === 'object' && content !== null && ('set' in content || 'framework' in content);
  if (isRuleFile) return testedAmong(loadRuleFile(path), path);
  return testedAmong(loadRules(loadAppConfig(path), { configPath: path }), path);
}

function testedAmong(compiled: CompiledRules, file: string): TestedRule[] {
  const global = compiled.global
    .filter(({ origin }) => origin.file === file)
    .map((rule) => ({ rule, rules: compiled.forGroup(groupOf(rule)).rules }));
  const ofGroups = compiled.groups.flatMap(({ rules: own }) => {
    const rules = new RuleSet([...own, ...compiled.listFor(null)]);
    return own.map((rule) => ({ rule, rules }));
  });
  return [...global, ...ofGroups];
}

/** A log group that the rule is for. */
const groupOf = ({ logGroups }: CompiledRule): string | null => logGroups?.[0]?.replace(/\*$/, '') ?? null;
