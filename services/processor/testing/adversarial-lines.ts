import { Random } from '../../../lib/testing/random.js';
import { requiredLiterals } from '../core/rules/literals.js';
import type { CompiledRule } from '../core/rules/rule-types.js';

export const ADVERSARIAL_CHARS = 65_536;

/** What patterns repeat: classes, separators, quotes, braces, and prefixes that loggers print. */
const RUNS = [
  ' ',
  '\t',
  '\n',
  '0',
  'a',
  'A',
  '_',
  '-',
  '.',
  ',',
  ':',
  ';',
  '=',
  '"',
  "'",
  '`',
  '\\',
  '/',
  '|',
  '>',
  '*',
  '#',
  '\r',
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  '()',
  '[]',
  '{}',
  '{"',
  '":',
  '","',
  "': '",
  '="',
  'a=',
  'a="',
  'a b ',
  'a.',
  'a: ',
  '0.',
  '1 ',
  '\n ',
  ' \n',
  'é',
  '\u001b[',
  '\u001b[0m',
  '\u001b[32;1m',
  '[32m',
  '#033[',
  '2026-01-07 ',
  '2026-01-07T10:00:00',
  'INFO ',
  'ERROR: ',
  'app - ',
  '] [',
  '): ',
  '- ',
  'Traceback (most recent call last)',
  'session_id=',
  'duration ',
  'Error: ',
  '│',
  '╭',
  '─',
  '🔧',
];

/**
 * The n-th of endlessly many lines of 64 KiB that nearly match a rule: its sample lines and literals, cut, repeated, run full of
 * one class at a place that moves, without their last character. The same for the same n.
 */
export function adversarialLine(rules: readonly CompiledRule[], n: number): { rule: string; line: string } {
  const rule = rules[n % rules.length]!;
  const random = new Random(n + 1);
  const pick = <T>(of: readonly T[]): T => random.pick(of);
  const sample = rule.tests.length > 0 ? pick(rule.tests).line : '';
  const literals = literalsOf(rule);
  const literal = literals.length > 0 ? pick(literals) : sample.slice(0, 8);
  const head = sample.slice(0, random.below(sample.length + 1));
  const tail = sample.slice(head.length);
  const run = pick(RUNS);
  const other = pick(RUNS);
  const shapes = [
    () => fill(sample),
    () => head + fill(run),
    () => head + fill(run, ADVERSARIAL_CHARS - sample.length) + tail,
    () => head + fill(head.slice(-(1 + random.below(12))) || run),
    () => fill(literal),
    () => fill(literal + run),
    () => literal + fill(run),
    () => fill(run, ADVERSARIAL_CHARS / 2) + fill(literal, ADVERSARIAL_CHARS / 2),
    () => fill(head + run),
    () => head + fill(run + other),
    () => head + fill(run, 8_000) + fill(other, ADVERSARIAL_CHARS - 8_000),
    () => fill(sample.slice(0, -1)),
    () => fill(`${sample.slice(0, -1)}\n`),
    () => run.repeat(3) + sample + fill(run),
  ];
  const line = pick(shapes)().slice(0, ADVERSARIAL_CHARS);
  // the last character is what a match would need
  return { rule: rule.name, line: `${line.slice(0, -1)}\u0001` };
}

const fill = (text: string, characters = ADVERSARIAL_CHARS): string =>
  text === ''
    ? 'x'.repeat(characters)
    : text.repeat(Math.ceil(characters / text.length)).slice(0, characters);

const known = new WeakMap<CompiledRule, string[]>();

function literalsOf(rule: CompiledRule): string[] {
  const found = known.get(rule);
  if (found !== undefined) return found;
  const { any, starts } =
    rule.pattern === null
      ? { any: [], starts: [] }
      : requiredLiterals(rule.pattern.source, rule.pattern.flags);
  const made = [...(starts ?? []), ...(any ?? [])];
  known.set(rule, made);
  return made;
}
