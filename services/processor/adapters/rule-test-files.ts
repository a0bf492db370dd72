import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { defaultAppConfig, loadAppConfig } from '../../../lib/config/app-config.js';
import type { CompiledRules } from '../core/rules/compiled-rules.js';
import { RuleSet } from '../core/rules/rule-set.js';
import type { CompiledRule } from '../core/rules/rule-types.js';
import { loadRuleFile, loadRules } from './rule-files.js';
import { builtInFolder } from './rule-folder.js';

/** A rule with all those that it is tried among. */
export interface TestedRule {
  rule: CompiledRule;
  rules: RuleSet;
}

/**
 * The rules that files hold, each among those that it would run among: built-in files, rule files of one's own (with `set` or
 * `framework`), or a config.yaml.
 * @throws ConfigError naming every fault with file, line and reason; an error where a file cannot be read.
 */
export function rulesToTest(paths: readonly string[]): TestedRule[] {
  const isBuiltIn = (path: string) => dirname(resolve(path)) === builtInFolder();
  const builtIn = paths.some(isBuiltIn) ? loadRules(defaultAppConfig()) : null;
  return paths.flatMap((path) => {
    if (builtIn !== null && isBuiltIn(path)) return testedAmong(builtIn, `patterns/${basename(path)}`);
    return testedAmong(
      isRuleFile(path) ? loadRuleFile(path) : loadRules(loadAppConfig(path), { configPath: path }),
      path,
    );
  });
}

function isRuleFile(path: string): boolean {
  const content: unknown = parseDocument(readFileSync(path, 'utf8')).toJS();
  return typeof content === 'object' && content !== null && ('set' in content || 'framework' in content);
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
