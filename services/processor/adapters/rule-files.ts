import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { AppConfig, LogGroupConfig, ParserRule } from '../../../lib/config/app-config.js';
import { ConfigError } from '../../../lib/config/config-error.js';
import { logGroupMatcher } from '../../../lib/config/log-group-matcher.js';
import { projectRoot } from '../../../lib/config/root.js';
import { compileRule, RuleFault } from '../core/rules/compile-rule.js';
import { CompiledRules, type GroupRules } from '../core/rules/compiled-rules.js';
import type { CompiledRule, RuleDefinition, RuleOrigin, WrittenRule } from '../core/rules/rule-types.js';
import { patternCheck, type TrustingCheck } from './pattern-check.js';

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
  const builtIn = readFolder(sources.folder ?? builtInFolder(), faults);
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
  const global = compileAll(overridden(own, readFolder(builtInFolder(), faults)), faults, patternCheck());
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

/** Where the built-in sets are. */
export const builtInFolder = (): string => join(projectRoot(), 'patterns');

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

function readFolder(folder: string, faults: string[]): WrittenRule[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .flatMap((name) => readFile(join(folder, name), `patterns/${name}`, faults));
}

function readFile(path: string, shownAs: string, faults: string[]): WrittenRule[] {
  return readText(readFileSync(path, 'utf8'), shownAs, (line, reason) =>
    faults.push(`${shownAs}:${line}: ${reason}`),
  );
}

/**
 * The rules of a text: a mapping with `parser_rules`, or the list alone. `onFault` is told of what cannot be read, with its line; `shownAs`
 * stands for the file in origins.
 */
export function readText(
  text: string,
  shownAs: string,
  onFault: (line: number, reason: string) => void,
): WrittenRule[] {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  for (const error of document.errors)
    onFault(error.linePos?.[0].line ?? 1, error.message.split('\n', 1)[0]!.replace(/ at line \d+.*$/, ''));
  if (document.errors.length > 0) return [];
  const content = document.toJS() as
    | RuleDefinition[]
    | { set?: string; framework?: string; parser_rules?: RuleDefinition[] }
    | null;
  const file = Array.isArray(content) ? { parser_rules: content } : content;
  const place: Place = Array.isArray(content) ? [] : ['parser_rules'];
  if (!Array.isArray(file?.parser_rules)) {
    onFault(1, "has no list 'parser_rules'");
    return [];
  }
  const { parser_rules, framework, set = null } = file;
  const lines = linesIn(document, counter);
  return parser_rules.flatMap((definition: unknown, index) => {
    const at = [...place, index];
    if (typeof definition !== 'object' || definition === null) {
      onFault(lines(at), 'the rule is not a mapping');
      return [];
    }
    const rule = { framework, ...definition } as RuleDefinition;
    return [{ definition: rule, origin: originAt(shownAs, lines, at, rule), set }];
  });
}

type Place = (string | number)[];

/** Line of a node of a document; 1 where there is none. */
const linesIn =
  (document: Document, counter: LineCounter) =>
  (at: Place): number => {
    const node = document.getIn(at, true) as { range?: [number] } | undefined;
    return node?.range ? counter.linePos(node.range[0]).line : 1;
  };

function originAt(
  file: string,
  lines: (at: Place) => number,
  at: Place,
  { tests }: RuleDefinition,
): RuleOrigin {
  const samples = Array.isArray(tests) ? tests.map((_, index) => lines([...at, 'tests', index])) : [];
  return { file, line: lines(at), samples };
}

function configLines(path: string | undefined): (at: Place) => number {
  if (path === undefined || !existsSync(path)) return () => 1;
  const counter = new LineCounter();
  return linesIn(parseDocument(readFileSync(path, 'utf8'), { lineCounter: counter }), counter);
}

function groupMatcher(group: LogGroupConfig, at: string, faults: string[]): (logGroup: string) => boolean {
  try {
    return logGroupMatcher(group);
  } catch (error) {
    faults.push(`${at}: pattern does not compile: ${error instanceof Error ? error.message : String(error)}`);
    return () => false;
  }
}
