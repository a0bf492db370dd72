import { bareObject } from '../bare-object.js';
import { BEYOND_ASCII } from './first-characters.js';
import { Needles } from './needles.js';
import { type Groups, groupsOf } from './rule-matcher.js';
import type { CompiledRule } from './rule-types.js';

/** A rule that matched, with what it captured by name, its further patterns and those on the decoded object included. */
export interface RuleMatch {
  rule: CompiledRule;
  groups: Groups;
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

/**
 * The rules of one log group in their order (priority, then as written). Invariant: the answer is that of trying each
 * rule in turn; the tables only leave out rules that cannot match. Rules are bits of words in their order: what the first character
 * allows, and what the literals found in one pass over the text allow.
 */
export class RuleSet {
  /** Rules on text: those on colours come before those of a lower priority. */
  private readonly onText: CompiledRule[];
  private readonly extractors: CompiledRule[];
  private readonly jsonRules: CompiledRule[];
  /** Of each first character, the rules on text that may begin so. */
  private readonly byFirst: Int32Array[];
  private readonly coloured: Int32Array;
  /** Rules on text, then extractors. */
  private readonly needles: Needles;
  /** Those that no literal is known of. */
  private readonly needless: Int32Array;
  /** JSON rules by the first step of the paths that one of their conditions needs. */
  private readonly byKey: Map<string, Int32Array>;
  private readonly keyless: Int32Array;
  private readonly keyed: Int32Array;
  /** The text that {@link RuleSet.needles} has searched: classify and extract mostly follow on one another. */
  private searched: string | null = null;
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
    this.extractors = ordered.filter((rule) => rule.extract);
    const classifiers = ordered.filter((rule) => !rule.extract);
    this.jsonRules = classifiers.filter((rule) => rule.json !== null);
    this.onText = classifiers
      .filter((rule) => rule.json === null)
      .sort((a, b) => b.priority - a.priority || Number(a.raw) - Number(b.raw));
    this.coloured = bitsOf(this.onText, ({ raw }) => raw);
    this.byFirst = Array.from({ length: BEYOND_ASCII + 1 }, (_, code) =>
      bitsOf(this.onText, ({ raw, firsts }) => !raw && (firsts?.includes(code) ?? true)),
    );
    const sought = [...this.onText, ...this.extractors].map(needlesOf);
    this.needles = new Needles(sought);
    this.needless = bitsOf(sought, (literals) => literals === null);
    this.keyless = bitsOf(this.jsonRules, (rule) => keysOf(rule) === null);
    this.byKey = new Map(
      [...new Set(this.jsonRules.flatMap((rule) => keysOf(rule) ?? []))].map((key) => [
        key,
        bitsOf(this.jsonRules, (rule) => keysOf(rule)?.includes(key) ?? false),
      ]),
    );
    this.keyed = new Int32Array(this.keyless.length);
  }

  /** The rule of that name, or undefined. */
  get(name: string): CompiledRule | undefined {
    return this.named.get(name);
  }

  /** Whether lines of another rule may join an event that this one opened. */
  isJoined(name: string | null): boolean {
    return name !== null && this.joined.has(name);
  }

  /** The first rule on text that classifies the subject. */
  classify({ text, raw, hasColours, tags }: Subject): RuleMatch | null {
    this.search(text);
    const { onText, coloured, needless } = this;
    const { found } = this.needles;
    const code = text.charCodeAt(0);
    const first = this.byFirst[code < BEYOND_ASCII ? code : BEYOND_ASCII]!;
    for (let word = 0; word < first.length; word++) {
      let bits = first[word]! & (found[word]! | needless[word]!);
      if (hasColours) bits |= coloured[word]!;
      for (; bits !== 0; bits &= bits - 1) {
        const rule = onText[(word << 5) + lowestBit(bits)]!;
        if (!allows(rule, tags)) continue;
        const groups = match(rule, rule.raw ? raw : text);
        if (groups !== null) return { rule, groups };
      }
    }
    return null;
  }

  /** The first rule on decoded objects that classifies the subject. */
  classifyObject({ text, json, tags }: Subject): RuleMatch | null {
    if (json === null) return null;
    const { keyed } = this;
    keyed.set(this.keyless);
    for (const key of Object.keys(json)) {
      const rules = this.byKey.get(key);
      if (rules !== undefined) for (let word = 0; word < keyed.length; word++) keyed[word]! |= rules[word]!;
    }
    for (let word = 0; word < keyed.length; word++) {
      for (let bits = keyed[word]!; bits !== 0; bits &= bits - 1) {
        const rule = this.jsonRules[(word << 5) + lowestBit(bits)]!;
        if (!allows(rule, tags)) continue;
        const onObject = matchJson(rule, json);
        if (onObject === null) continue;
        if (rule.matcher === null) return { rule, groups: onObject };
        const onText = match(rule, text);
        if (onText !== null) return { rule, groups: Object.assign(bareObject<string>(), onObject, onText) };
      }
    }
    return null;
  }

  /** Every rule of mode `extract` that matches. */
  extract(text: string, each: (found: RuleMatch) => void): void {
    this.search(text);
    const { extractors, needless } = this;
    const { found } = this.needles;
    const from = this.onText.length;
    for (let word = from >> 5; word < found.length; word++) {
      let bits = found[word]! | needless[word]!;
      // the first word holds the last rules on text, too
      if (word === from >> 5) bits &= -1 << (from & 31);
      for (; bits !== 0; bits &= bits - 1) {
        const rule = extractors[(word << 5) + lowestBit(bits) - from]!;
        const groups = match(rule, text);
        if (groups !== null) each({ rule, groups });
      }
    }
  }

  private search(text: string): void {
    if (this.searched === text) return;
    this.needles.search(text);
    this.searched = text;
  }
}

const NO_GROUPS: Groups = bareObject();

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits);

function bitsOf<T>(all: readonly T[], has: (one: T) => boolean): Int32Array {
  const bits = new Int32Array(Math.ceil(all.length / 32));
  all.forEach((one, at) => {
    if (has(one)) bits[at >> 5]! |= 1 << (at & 31);
  });
  return bits;
}

/** Literals one of which must occur, to be searched for; null where there are none. */
const needlesOf = ({ starts, literals, unsearched }: CompiledRule): readonly string[] | null =>
  starts !== null || unsearched !== null ? null : literals;

/** First steps of the paths one of which must be there for a rule on objects; null where it needs none. */
function keysOf(rule: CompiledRule): string[] | null {
  const needed = rule.json!.find(({ absent }) => !absent);
  return needed === undefined ? null : needed.paths.map((path) => path[0]!);
}

/** What a rule captures of a text, or null where it does not match. */
function match(rule: CompiledRule, text: string): Groups | null {
  if (rule.starts !== null) {
    if (!startsWithAny(text, rule.starts)) return null;
    return groupsOf(rule, text);
  }
  if (rule.unsearched !== null && !includesAny(text, rule.unsearched)) return null;
  return groupsOf(rule, searchedBy(rule, text));
}

/** The part of a text that an unanchored rule looks at. */
export const searchedBy = ({ searchLimit }: CompiledRule, text: string): string =>
  text.length > searchLimit ? text.slice(0, searchLimit) : text;

function startsWithAny(text: string, starts: readonly string[]): boolean {
  for (const start of starts) if (text.startsWith(start)) return true;
  return false;
}

function includesAny(text: string, literals: readonly string[]): boolean {
  for (const literal of literals) if (text.includes(literal)) return true;
  return false;
}

function allows({ requires, forbids }: CompiledRule, tags: readonly string[]): boolean {
  for (const tag of requires) if (!tags.includes(tag)) return false;
  for (const tag of forbids) if (tags.includes(tag)) return false;
  return true;
}

/** Groups captured from a decoded object, or null where the rule's conditions do not hold. */
function matchJson(rule: CompiledRule, json: Record<string, unknown>): Groups | null {
  let groups: Groups = NO_GROUPS;
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
