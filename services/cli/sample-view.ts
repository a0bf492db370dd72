import type { SampleFault } from '../processor/core/parse/rule-tests.js';
import { unwrap } from '../processor/core/parse/unwrap.js';
import { describeProgress } from '../processor/core/rules/near-miss.js';
import { patternProgress } from '../processor/core/rules/pattern-progress.js';
import type { CompiledRule, RuleTest } from '../processor/core/rules/rule-types.js';
import { oneLine } from './trace-view.js';

/** Where a rule is written. */
export const originOf = ({ origin }: CompiledRule): string => `${origin.file}:${origin.line}`;

/** Where a sample of it is written. */
export function sampleOrigin(rule: CompiledRule, sample: RuleTest): string {
  const line = rule.origin.samples?.[rule.tests.indexOf(sample)] ?? rule.origin.line;
  return `${rule.origin.file}:${line}`;
}

/** A fault with its place, what was expected and what came, and why the rule did not decide where that can be told. */
export function renderFault({ rule, sample, what, expected, got }: SampleFault): string {
  const why = what === 'rule' && sample.expect !== null ? reasonOf(rule, sample.line) : null;
  return [
    `${sampleOrigin(rule, sample)}: rule '${rule.name}': ${what} is not as expected`,
    `    line      ${oneLine(sample.line)}`,
    `    expected  ${expected}`,
    `    got       ${got}`,
    ...(why === null ? [] : [`    because   ${why}`]),
  ].join('\n');
}

function reasonOf(rule: CompiledRule, line: string): string | null {
  if (rule.json !== null || rule.pattern === null) return null;
  const { text, raw } = unwrap(line);
  const subject = rule.raw ? raw : text;
  if (rule.pattern.test(subject)) return null;
  const progress = patternProgress(rule.pattern, subject);
  return progress === null ? 'its pattern matches nothing of it' : `it ${describeProgress(progress)}`;
}
