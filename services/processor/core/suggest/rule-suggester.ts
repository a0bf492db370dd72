import { eventTypeOf } from '../parse/event-types.js';
import { FALLBACK_TYPE } from '../parse/reading.js';
import { sampleFaults } from '../parse/rule-tests.js';
import { decodeObject, readStructured } from '../parse/structured.js';
import { unwrap } from '../parse/unwrap.js';
import { compileRule, RuleFault } from '../rules/compile-rule.js';
import { RuleSet } from '../rules/rule-set.js';
import type { CompiledRule, RuleDefinition } from '../rules/rule-types.js';
import { type Cluster, Drain } from './drain.js';
import { joinFreeText } from './free-text.js';
import { maskedWords } from './mask.js';
import { templatePattern } from './template-pattern.js';

/** A rule that would read lines which no rule reads yet. */
export interface Suggestion {
  definition: RuleDefinition;
  /** Lines of that shape. */
  lines: number;
}

export interface Suggestions {
  suggestions: Suggestion[];
  /** Lines that were given, and those of them that the suggestions read. */
  lines: number;
  covered: number;
}

const MAX_LINE_CHARS = 2_000;
const MAX_WORDS = 60;
const LEAST_LETTERS = 3;
const NAME_WORDS = 4;

/**
 * Finds rules in lines that no rule reads: lines are clustered ({@link Drain}), each cluster's template becomes a pattern, and its
 * first lines the rule's tests. What is suggested has been compiled and has read its own samples. Memory is bounded.
 */
export class RuleSuggester {
  private readonly drain = new Drain();
  private lines = 0;

  /** Takes a line as it was received. */
  add(line: string): void {
    this.lines++;
    const sample = printedText(line.split('\n', 1)[0]!);
    const { text } = unwrap(sample);
    const words = text.length > MAX_LINE_CHARS ? null : maskedWords(text);
    if (words === null || words.length > MAX_WORDS || text === '') return;
    this.drain.add(words, sample);
  }

  /** Rules for at least `leastLines` lines each, most lines first. `taken`: names that are in use. */
  suggest(leastLines: number, most: number, taken: Iterable<string> = []): Suggestions {
    const names = new Set(taken);
    const found = joinFreeText(this.drain.clusters)
      .filter(({ size }) => size >= leastLines)
      .sort((a, b) => b.size - a.size)
      .flatMap((cluster) => suggestionOf(cluster, names) ?? [])
      .slice(0, most);
    const suggestions = checked(inOrder(found));
    const covered = suggestions.reduce((sum, { lines }) => sum + lines, 0);
    return { suggestions, lines: this.lines, covered };
  }
}

/** The line, or the message that it holds where it is an object: rules read both alike. */
function printedText(line: string): string {
  const json = decodeObject(unwrap(line).text);
  return json === null ? line : (readStructured(json).message ?? '');
}

function suggestionOf({ template, size, samples }: Cluster, names: Set<string>): Suggestion | null {
  const { pattern, captures, words } = templatePattern(template);
  // what shares no word with others would read anything
  if (!words.some((word) => word.length >= LEAST_LETTERS)) return null;
  const eventType = typeOf(words);
  const definition: RuleDefinition = {
    name: nameOf(words, names),
    pattern,
    event_type: eventType,
    ...(captures.length > 0 && { field_mappings: Object.fromEntries(captures.map((name) => [name, name])) }),
    tests: samples.map((line) => ({ line, expect: { event_type: eventType } })),
  };
  return { definition, lines: size };
}

/** The type that the words name: two or three beside each other, or the first one. */
function typeOf(words: string[]): string {
  for (const length of [3, 2]) {
    for (let from = 0; from + length <= words.length; from++) {
      const type = eventTypeOf(words.slice(from, from + length).join(' '));
      if (type !== null) return type;
    }
  }
  return eventTypeOf(words[0]) ?? FALLBACK_TYPE;
}

function nameOf(words: string[], names: Set<string>): string {
  const wanted = words.slice(0, NAME_WORDS).join('_');
  let name = wanted;
  for (let n = 2; names.has(name); n++) name = `${wanted}_${n}`;
  names.add(name);
  return name;
}

interface Compiled extends Suggestion {
  rule: CompiledRule;
}

/** Rules of one priority are tried as written: one that a more general one would keep from its lines goes before that. */
function inOrder(suggestions: Suggestion[]): Compiled[] {
  const ordered: Compiled[] = [];
  for (const suggestion of suggestions) {
    const rule = compileRule({
      definition: suggestion.definition,
      origin: { file: 'suggested', line: 1 },
      set: null,
    });
    if (rule instanceof RuleFault) throw new Error(`a suggested rule does not compile: ${rule.reason}`);
    const texts = rule.tests.map(({ line }) => unwrap(line).text);
    const general = ordered.findIndex((other) => texts.some((text) => other.rule.pattern!.test(text)));
    ordered.splice(general < 0 ? ordered.length : general, 0, { ...suggestion, rule });
  }
  return ordered;
}

/** Only what its own rule reads stays a sample, and only a rule with a sample stays. */
function checked(ordered: Compiled[]): Suggestion[] {
  const rules = new RuleSet(ordered.map(({ rule }) => rule));
  return ordered.flatMap(({ definition, lines, rule }) => {
    const tests = rule.tests.filter((sample) => sampleFaults(rule, sample, rules).length === 0);
    return tests.length === 0 ? [] : [{ definition: { ...definition, tests }, lines }];
  });
}
