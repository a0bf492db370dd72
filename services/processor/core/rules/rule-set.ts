import { Bigrams, literalSlots } from './bigrams.js';
import type { CompiledRule } from './rule-types.js';

/** A rule that matched, with what it captured. `match` is null for a rule on decoded JSON alone. */
export interface RuleMatch {
  rule: CompiledRule;
  match: RegExpExecArray | null;
  /** Named groups of `match` and of the patterns on the decoded object. */
  groups: Record<string, string | undefined>;
}

/** What a rule is tried on. */
export interface Subject {
  /** Stripped of wrappers and colours, no leading white space. */
  text: string;
  /** As printed; differs from `text` where there are colours. */
  raw: string;
  hasColours: boolean;
  json: Record<string, unknown> | null;
  tags: readonly string[];
}

/** A rule that is searched for anywhere, with the slots of its literals. */
interface Gate {
  rule: CompiledRule;
  slots: number[][] | null;
}

const gateOf = (rule: CompiledRule): Gate => ({
  rule,
  slots: rule.starts === null && rule.literals !== null ? rule.literals.map(literalSlots) : null,
});

const OTHER = 128;
/** Unanchored patterns look at this much of a line: a pattern of a user's may be quadratic. */
export const SEARCH_LIMIT = 16_384;

/**
 * The rules of one log group in their order (priority, then as written). Invariant: the answer is that of trying each
 * rule in turn; the tables only leave out rules that cannot match.
 */
export class RuleSet {
  /** Candidates by the first character of the text: rules anchored on it and rules that may start anywhere. */
  private readonly byFirst: Gate[][];
  private readonly rawRules: CompiledRule[];
  private readonly jsonRules: CompiledRule[];
  private readonly extractors: Gate[];
  private readonly bigrams = new Bigrams();
  /** The text that {@link RuleSet.bigrams} is of: classify and extract mostly follow on one another. */
  private filled: string | null = null;
  private readonly named = new Map<string, CompiledRule>();
  private readonly joined = new Set<string>();

  constructor(rules: readonly CompiledRule[]) {
    const ordered = rules
      .map((rule, place) => ({ rule, place }))
      .sort((a, b) => b.rule.priority - a.rule.priority || a.place - b.place)
      .map(({ rule }) => rule);
    for (const rule of ordered) {
      this.named.set(rule.name, rule);
      for (const name of rule.joins) this.joined.add(name);
    }
    this.extractors = ordered.filter((rule) => rule.extract).map(gateOf);
    const classifiers = ordered.filter((rule) => !rule.extract);
    this.jsonRules = classifiers.filter((rule) => rule.json !== null);
    this.rawRules = classifiers.filter((rule) => rule.raw && rule.json === null);
    const onText = classifiers.filter((rule) => !rule.raw && rule.json === null);
    const gates = onText.map(gateOf);
    this.byFirst = Array.from({ length: OTHER + 1 }, (_, code) =>
      gates.filter(
        ({ rule: { starts } }) =>
          starts === null ||
          starts.some((start) =>
            code === OTHER ? start.charCodeAt(0) >= OTHER : start.charCodeAt(0) === code,
          ),
      ),
    );
  }

  /** The rule of that name, or undefined. */
  get(name: string): CompiledRule | undefined {
    return this.named.get(name);
  }

  /** Whether lines of another rule may join an event that this one opened. */
  isJoined(name: string | null): boolean {
    return name !== null && this.joined.has(name);
  }

  /** The first rule that classifies the subject, by `accept` where given. */
  classify(subject: Subject, accept?: (rule: CompiledRule) => boolean): RuleMatch | null {
    const { text, tags } = subject;
    if (subject.json !== null) {
      for (const rule of this.jsonRules) {
        if (accept && !accept(rule)) continue;
        if (!allows(rule, tags)) continue;
        const groups = matchJson(rule, subject.json);
        if (groups === null) continue;
        if (rule.pattern === null) return { rule, match: null, groups };
        const match = rule.pattern.exec(text);
        if (match) return { rule, match, groups: { ...groups, ...match.groups } };
      }
    }
    const first = text.charCodeAt(0);
    const candidates = this.byFirst[first < OTHER ? first : OTHER] ?? this.byFirst[OTHER]!;
    const rawRules = subject.hasColours ? this.rawRules : NONE;
    let nextRaw = 0;
    this.fill(text);
    for (const { rule, slots } of candidates) {
      while (nextRaw < rawRules.length && rawRules[nextRaw]!.priority > rule.priority) {
        const found = tryRule(rawRules[nextRaw++]!, subject.raw, tags, accept);
        if (found) return found;
      }
      if (slots !== null && !this.mayContain(slots)) continue;
      const found = tryRule(rule, text, tags, accept);
      if (found) return found;
    }
    while (nextRaw < rawRules.length) {
      const found = tryRule(rawRules[nextRaw++]!, subject.raw, tags, accept);
      if (found) return found;
    }
    return null;
  }

  private fill(text: string): void {
    if (this.filled === text) return;
    this.bigrams.fill(text, SEARCH_LIMIT);
    this.filled = text;
  }

  private mayContain(literals: number[][]): boolean {
    for (const slots of literals) if (this.bigrams.mayContain(slots)) return true;
    return false;
  }

  /** Every rule of mode `extract` that matches. */
  extract(text: string, each: (found: RuleMatch) => void): void {
    this.fill(text);
    for (const { rule, slots } of this.extractors) {
      if (slots !== null && !this.mayContain(slots)) continue;
      if (!mayMatch(rule, text)) continue;
      const match = rule.pattern!.exec(limited(rule, text));
      if (match) each({ rule, match, groups: groupsOf(rule, match, text) });
    }
  }
}

const NONE: CompiledRule[] = [];
const NO_GROUPS: Record<string, string | undefined> = {};

function tryRule(
  rule: CompiledRule,
  text: string,
  tags: readonly string[],
  accept: ((rule: CompiledRule) => boolean) | undefined,
): RuleMatch | null {
  if (!mayMatch(rule, text)) return null;
  if (accept && !accept(rule)) return null;
  if (!allows(rule, tags)) return null;
  const match = rule.pattern!.exec(limited(rule, text));
  return match ? { rule, match, groups: groupsOf(rule, match, text) } : null;
}

/** Named groups of a match and of the rule's further patterns. */
export function groupsOf(
  rule: CompiledRule,
  match: RegExpExecArray,
  text: string,
): Record<string, string | undefined> {
  if (rule.also.length === 0) return match.groups ?? NO_GROUPS;
  const groups: Record<string, string | undefined> = { ...match.groups };
  const within = limited(rule, text);
  for (const pattern of rule.also) {
    for (const [name, value] of Object.entries(pattern.exec(within)?.groups ?? NO_GROUPS))
      groups[name] ??= value;
  }
  return groups;
}

const limited = (rule: CompiledRule, text: string): string =>
  rule.starts === null && text.length > SEARCH_LIMIT ? text.slice(0, SEARCH_LIMIT) : text;

function mayMatch({ starts, literals }: CompiledRule, text: string): boolean {
  if (starts !== null) {
    for (const start of starts) if (text.startsWith(start)) return true;
    return false;
  }
  if (literals === null) return true;
  for (const literal of literals) if (text.includes(literal)) return true;
  return false;
}

function allows({ requires, forbids }: CompiledRule, tags: readonly string[]): boolean {
  for (const tag of requires) if (!tags.includes(tag)) return false;
  for (const tag of forbids) if (tags.includes(tag)) return false;
  return true;
}

/** Groups captured from a decoded object, or null where the rule's conditions do not hold. */
function matchJson(
  rule: CompiledRule,
  json: Record<string, unknown>,
): Record<string, string | undefined> | null {
  let groups = NO_GROUPS;
  for (const { paths, pattern, absent } of rule.json!) {
    let value: unknown;
    for (const path of paths) {
      value = valueAt(json, path);
      if (value !== undefined && value !== null) break;
    }
    if (value === undefined || value === null) {
      if (absent) continue;
      return null;
    }
    const match = pattern.exec(
      typeof value === 'string' ? value : typeof value === 'object' ? '{}' : String(value),
    );
    if (match === null) return null;
    if (match.groups) groups = { ...groups, ...match.groups };
  }
  return groups;
}

/** The value at a path of own properties; a key that itself holds dots is found too, because paths are split at `/`. */
export function valueAt(json: unknown, path: readonly string[]): unknown {
  let value = json;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
