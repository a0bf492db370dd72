import type { AppConfig } from '../../../lib/config/app-config.js';
import { ConfigError } from '../../../lib/config/config-error.js';
import type { Codec } from '../../../lib/model/codec.js';
import { patternCheck } from '../../processor/adapters/pattern-check.js';
import { loadRules } from '../../processor/adapters/rule-files.js';
import { readText } from '../../processor/adapters/rule-text.js';
import { sampleFaults } from '../../processor/core/parse/rule-tests.js';
import { settingsOf } from '../../processor/core/parse/settings.js';
import { compileRule, RuleFault } from '../../processor/core/rules/compile-rule.js';
import type { CompiledRules } from '../../processor/core/rules/compiled-rules.js';
import type { WrittenRule } from '../../processor/core/rules/rule-types.js';
import { RuleSuggester } from '../../processor/core/suggest/rule-suggester.js';
import { LineParser } from '../parse-lines.js';
import { type ParsedLine, unreadTexts } from '../parsed-line.js';
import { renderSuggestions } from '../suggested-rules.js';

/** Lines to be parsed, with rules that stand before all others: YAML as in `parser_rules`. */
export interface Trial {
  lines: string[];
  rules: string;
}

export interface TrialFault {
  /** Line of the rules, from 1. */
  line: number;
  message: string;
}

export interface TrialResult {
  /** One for each line given; none where a rule cannot be used. */
  lines: ParsedLine[];
  /** What is wrong with the rules: they cannot be used, or their own `tests` come out otherwise. */
  faults: TrialFault[];
  /** Rules to start from, as YAML, for lines that none has read; null where there are none. */
  suggested: string | null;
}

export interface TrialSurroundings {
  /** The configuration that the processor runs on, and the file that it came from. */
  config: AppConfig;
  configPath: string | undefined;
  codec: Codec;
  /** Time of lines that tell none, Unix milliseconds. */
  nowMs: number;
}

/** So few lines that were not understood may each have a rule suggested; of more, those that are alike. */
const FEW_LINES = 10;
const MOST_SUGGESTED = 20;

/** What the file of the tried rules is called where one of them is named. */
export const TRIED = 'rules';

/**
 * Parses lines as the processor would, the tried rules in front, and explains each. Patterns of tried rules are checked and matched as those of
 * config.yaml are: one that could backtrack for long is matched by the linear engine, or refused.
 * @throws ConfigError where the configuration itself cannot be used.
 */
export function runTrial({ lines, rules }: Trial, surroundings: TrialSurroundings): TrialResult {
  const faults: TrialFault[] = [];
  const fault = (line: number, message: string) => {
    faults.push({ line, message });
  };
  const written = rules.trim() === '' ? [] : readTried(rules, fault);
  const check = patternCheck();
  for (const rule of written) {
    if ('import' in rule.definition) {
      fault(rule.origin.line, 'an import chooses built-in sets: it belongs into config.yaml, not here');
      continue;
    }
    const compiled = compileRule(rule, check);
    if (compiled instanceof RuleFault) fault(compiled.line, compiled.reason);
  }
  if (faults.length > 0) return { lines: [], faults, suggested: null };
  const { config, configPath, codec, nowMs } = surroundings;
  const compiled = loadRules(config, { configPath, first: written, check });
  const parser = new LineParser({
    codec,
    rules: compiled,
    settings: settingsOf(config),
    nowMs,
    explain: true,
  });
  const parsed = lines.flatMap((line) => parser.take(Buffer.from(line)));
  parsed.push(...parser.end());
  return { lines: parsed, faults: wrongSamples(compiled), suggested: suggestedFor(parsed, compiled) };
}

function suggestedFor(lines: readonly ParsedLine[], compiled: CompiledRules): string | null {
  const suggester = new RuleSuggester();
  const unread = unreadTexts(lines);
  for (const text of unread) suggester.add(text);
  const names = compiled.all().map(({ name }) => name);
  const found = suggester.suggest(unread.length > FEW_LINES ? 2 : 1, MOST_SUGGESTED, names);
  return found.suggestions.length === 0 ? null : renderSuggestions(found);
}

/** Rules of one's own, whatever set they say that they are of. */
function readTried(text: string, fault: (line: number, message: string) => void): WrittenRule[] {
  try {
    return readText(text, TRIED, fault).map((rule) => ({ ...rule, set: null }));
  } catch (error) {
    // the reader's own limit, on aliases that would grow without bound
    if (!(error instanceof ReferenceError)) throw error;
    fault(1, error.message);
    return [];
  }
}

function wrongSamples(compiled: CompiledRules): TrialFault[] {
  return compiled
    .all()
    .filter(({ origin }) => origin.file === TRIED)
    .flatMap((rule) =>
      rule.tests.flatMap((sample, index) => {
        const set = compiled.forGroup(rule.logGroups?.[0]?.replace(/\*$/, '') ?? null).rules;
        return sampleFaults(rule, sample, set).map(({ what, expected, got }) => ({
          line: rule.origin.samples?.[index] ?? rule.origin.line,
          message: `rule '${rule.name}': its test expects ${what} to be ${expected}, and it is ${got}`,
        }));
      }),
    );
}

/** As people read it. */
export const trialProblem = (error: unknown): string =>
  error instanceof ConfigError ? `config.yaml cannot be used: ${error.message}` : String(error);
