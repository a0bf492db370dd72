import { readFileSync } from 'node:fs';
import type { AppConfig, LogGroupConfig, ParserRule } from '../../../lib/config/app-config.js';
import { ConfigError } from '../../../lib/config/config-error.js';
import { logGroupMatcher } from '../../../lib/config/log-group-matcher.js';
import { compileRule, RuleFault } from '../core/rules/compile-rule.js';
import { CompiledRules, type GroupRules } from '../core/rules/compiled-rules.js';
import type { CompiledRule, RuleDefinition, WrittenRule } from '../core/rules/rule-types.js';
import { patternCheck, type TrustingCheck } from './pattern-check.js';
import { builtInFolder, readFolder } from './rule-folder.js';
import { configLines, originAt, readText } from './rule-text.js';

/** Where rules are read from; both have defaults in the installation. */
export interface RuleSources {
  /** Folder of the built-in sets. */
  folder?: string;
  /** config.yaml that `config` came from, for the lines in messages. */
  configPath?: string;
  /** Rules that stand before those of config.yaml, in the place of its rules of their names. */
  first?: readonly WrittenRule[];
  /** Says what patterns cost; by default the kept verdicts, and a check of what they do not hold. */
  check?: TrustingCheck;
}

const NO_SET = 'none';

/**
 * Compiles the built-in sets and the rules of config.yaml. Without any `import`, all built-in sets are used below the
 * user's rules; with imports, exactly those (`import: none` for no set at all). A rule of a built-in rule's name takes
 * its place; `enabled: false` takes it away.
 * @throws ConfigError naming every fault with file, line and reason.
 */
export function loadRules(config: AppConfig, sources: RuleSources = {}): CompiledRules {
  const faults: string[] = [];
  const builtIn = readSets(sources.folder, faults);
  const lines = configLines(sources.configPath);
  const file = sources.configPath ?? 'config.yaml';
  const write = (rules: ParserRule[] | undefined, path: (string | number)[]): WrittenRule[] =>
    (rules ?? []).flatMap((rule, index) =>
      'import' in rule
        ? []
        : [
            {
              definition: { name: [...path, index].join('.'), ...rule } as RuleDefinition,
              origin: originAt(file, lines, [...path, index], rule as unknown as RuleDefinition),
              set: null,
            },
          ],
    );

  const imports = (config.parser_rules ?? []).flatMap((rule, index) =>
    'import' in rule ? [{ name: String(rule.import), line: lines(['parser_rules', index]) }] : [],
  );
  const known = new Set(builtIn.map(({ set }) => set));
  for (const { name, line } of imports) {
    if (name !== NO_SET && !known.has(name))
      faults.push(`${file}:${line}: import '${name}': known sets are ${[...known].join(', ')}`);
  }
  const wanted = new Set(imports.map(({ name }) => name));
  const sets = builtIn.filter(({ set }) => imports.length === 0 || wanted.has(set ?? ''));
  const first = sources.first ?? [];
  const names = new Set(first.map(({ definition }) => definition.name));
  const own = [
    ...first,
    ...write(config.parser_rules, ['parser_rules']).filter(({ definition }) => !names.has(definition.name)),
  ];
  const check = sources.check ?? patternCheck();
  const global = compileAll(overridden(own, sets), faults, check);
  const groups = config.log_groups.map((group, index): GroupRules => {
    const place = ['log_groups', index, 'parser_rules'];
    return {
      matches: groupMatcher(group, `${file}:${lines(['log_groups', index])}`, faults),
      rules: compileAll(
        write(group.parser_rules, place).filter(({ definition }) => definition.enabled !== false),
        faults,
        check,
      ),
      agentId: group.agent_id ?? null,
    };
  });
  if (faults.length > 0) throw new ConfigError(faults);
  return new CompiledRules(global, groups);
}

/**
 * Compiles one rule file (`set`, `framework` and `parser_rules`) as a set beside the built-in ones, whose rules of the same names
 * it replaces.
 * @throws ConfigError naming every fault with file, line and reason.
 */
export function loadRuleFile(path: string): CompiledRules {
  const faults: string[] = [];
  const own = readFile(path, path, faults);
  const global = compileAll(overridden(own, readSets(undefined, faults)), faults, patternCheck());
  if (faults.length > 0) throw new ConfigError(faults);
  return new CompiledRules(global);
}

/** The rules of one file as they are written. @throws ConfigError naming every fault. */
export function readRuleFile(path: string, shownAs = path): WrittenRule[] {
  const faults: string[] = [];
  const rules = readFile(path, shownAs, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return rules;
}

function overridden(own: WrittenRule[], builtIn: WrittenRule[]): WrittenRule[] {
  const names = new Set(own.map(({ definition }) => definition.name));
  return [
    ...own.filter(({ definition }) => definition.enabled !== false),
    ...builtIn.filter(({ definition }) => !names.has(definition.name) && definition.enabled !== false),
  ];
}

function compileAll(written: WrittenRule[], faults: string[], check: TrustingCheck): CompiledRule[] {
  return written.flatMap((rule) => {
    // a verdict that is not kept yet of a pattern that comes with VectaDB is the tests' to miss, not the start's to wait for
    const own = rule.set === null ? check : (source: string, flags: string) => check(source, flags, true);
    const compiled = compileRule(rule, own);
    if (!(compiled instanceof RuleFault)) return [compiled];
    faults.push(compiled.toString());
    return [];
  });
}

/** Sets of a folder; left out: the built-in ones. */
const readSets = (folder: string | undefined, faults: string[]): WrittenRule[] =>
  readFolder(folder ?? builtInFolder(), (file, line, reason) => faults.push(`${file}:${line}: ${reason}`));

function readFile(path: string, shownAs: string, faults: string[]): WrittenRule[] {
  return readText(readFileSync(path, 'utf8'), shownAs, (line, reason) =>
    faults.push(`${shownAs}:${line}: ${reason}`),
  );
}

function groupMatcher(group: LogGroupConfig, at: string, faults: string[]): (logGroup: string) => boolean {
  try {
    return logGroupMatcher(group);
  } catch (error) {
    faults.push(`${at}: pattern does not compile: ${error instanceof Error ? error.message : String(error)}`);
    return () => false;
  }
}
