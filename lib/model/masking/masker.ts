import { isIban, isLuhn } from './check-digits.js';

/** One thing that is masked. */
export interface MaskingRule {
  name: string;
  /** A text in which it finds nothing holds no match; null: the pattern itself is asked. */
  hint: { source: string; ignoreCase: boolean } | null;
  /** Calls `found` for every match, in order, with its place and what stays before and after the secret. */
  each: (text: string, found: (match: MaskedMatch) => void) => void;
  check: 'luhn' | 'iban' | null;
}

/** A match in `[start, end)`; `before` and `after` are its first and last characters, which stay. */
export interface MaskedMatch {
  start: number;
  end: number;
  before: string;
  after: string;
}

/** Mark of what stands under the name of a secret. */
export const SECRET_FIELD = 'secret-field';

const CHECKS = { luhn: isLuhn, iban: isIban } as const;

/** Stands in for no secret: nothing, a placeholder, or what was masked before. */
const PLACEHOLDER =
  /^(?:|null|none|nil|true|false|undefined|required|optional|\*+|x{3,}|\.+|<.*|\$.*|\{\{.*|%.*|(?:(?:basic|bearer)\s+)?\[masked:[a-z0-9-]+\]|\[?redacted\]?)$/i;

const MARK = /\[masked:([a-z0-9-]{1,64})\]/g;
const MAX_DEPTH = 64;
/** Masking may lay bare what stood beside a secret; no text of agents needs more than two passes. */
const MAX_PASSES = 8;
/** A secret of so many characters, a digit among them, is no word that an event uses for something else. */
const LEAST_SECRET = /^(?=.*\d).{8,}$/s;

export const markOf = (name: string): string => `[masked:${name}]`;
/** Mark of a text that is another one after every pass: somebody tries. */
const UNSETTLED = 'unsettled';

/** Names are compared without case, `_` and `-`. */
const plainKey = (key: string): string => key.toLowerCase().replace(/[-_]/g, '');

/**
 * Takes secrets out of texts and values. Deterministic, and masking twice is masking once: a text is masked until a pass changes nothing,
 * and each one that does leaves less that is no mark. JSON stays JSON. Ids of events, traces, sessions and agents are not given to
 * it, because two sessions with one mark would become one.
 */
export class Masker {
  /** Secrets masked by each rule since it was made. */
  readonly counts = new Map<string, number>();
  private readonly names: ReadonlySet<string>;
  private readonly keys: ReadonlySet<string>;
  /** One pass for all hints that mind case, and one for those that do not. */
  private readonly hints: RegExp[];
  private readonly rules: (MaskingRule & { hinted: RegExp | null })[];

  constructor(rules: readonly MaskingRule[], keys: readonly string[]) {
    this.rules = rules.map((rule) => ({
      ...rule,
      hinted: rule.hint && new RegExp(rule.hint.source, rule.hint.ignoreCase ? 'i' : ''),
    }));
    this.keys = new Set(keys.map(plainKey));
    this.names = new Set([...rules.map(({ name }) => name), SECRET_FIELD, UNSETTLED]);
    this.hints = hintsOf(rules);
  }

  /** Whether a text, or the JSON of a value, may hold anything to mask, or a mark. One or two passes; errs towards yes. */
  suspects(text: string): boolean {
    for (const hint of this.hints) if (hint.test(text)) return true;
    return false;
  }

  /** The text without its secrets. */
  text(text: string): string {
    return this.settled(text, null);
  }

  /**
   * A copy of a JSON value without its secrets: every string, whatever string stands under the name of a secret, and what was found to be
   * a secret in one place wherever it stands in the value.
   */
  value<T>(value: T): T {
    let masked: unknown = value;
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      const found = new Map<string, string>();
      masked = this.copied(masked, MAX_DEPTH, found);
      if (found.size === 0) break;
      masked = mapTexts(masked, MAX_DEPTH, (text) => withoutSecrets(text, found));
    }
    return masked as T;
  }

  /** Rules whose mark a text carries, sorted. */
  marksIn(text: string): string[] {
    if (!text.includes('[masked:')) return [];
    const found = new Set<string>();
    for (const match of text.matchAll(MARK)) if (this.names.has(match[1]!)) found.add(match[1]!);
    return [...found].sort();
  }

  /** `found` is told every secret that may be looked for elsewhere, with its mark. */
  private settled(text: string, found: Map<string, string> | null): string {
    let masked = text;
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      const next = this.pass(masked, found);
      if (next === masked) return masked;
      masked = next;
    }
    this.count(UNSETTLED);
    return markOf(UNSETTLED);
  }

  private pass(text: string, found: Map<string, string> | null): string {
    let masked = text;
    for (const rule of this.rules) {
      if (rule.hinted === null || rule.hinted.test(masked)) masked = this.applied(rule, masked, found);
    }
    if (masked === text || !/^\s*[[{]/.test(text)) return masked;
    const json = parsed(text);
    // a pattern that went over a value's end is masked value by value
    return json === undefined || parsed(masked) !== undefined
      ? masked
      : JSON.stringify(this.copied(json, MAX_DEPTH, found));
  }

  private applied(rule: MaskingRule, text: string, found: Map<string, string> | null): string {
    const check = rule.check === null ? null : CHECKS[rule.check];
    let out = '';
    let from = 0;
    rule.each(text, ({ start, end, before, after }) => {
      const secret = text.slice(start + before.length, end - after.length);
      if (PLACEHOLDER.test(secret) || secret.replace(MARK, '') === '' || (check !== null && !check(secret)))
        return;
      out += text.slice(from, start) + before + markOf(rule.name) + after;
      from = end;
      this.count(rule.name);
      if (LEAST_SECRET.test(secret)) found?.set(secret, markOf(rule.name));
    });
    return from === 0 ? text : out + text.slice(from);
  }

  private copied(value: unknown, depth: number, found: Map<string, string> | null): unknown {
    return mapTexts(value, depth, (text, key) => {
      const masked = this.settled(text, found);
      // a rule that knows all of it says more than the name of its field
      if (key === null || !this.keys.has(plainKey(key)) || PLACEHOLDER.test(masked.trim())) return masked;
      this.count(SECRET_FIELD);
      if (LEAST_SECRET.test(text)) found?.set(text, markOf(SECRET_FIELD));
      return markOf(SECRET_FIELD);
    });
  }

  private count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

/** A copy with every string mapped; `key` is the name that it stands under, null in a list. */
function mapTexts(
  value: unknown,
  depth: number,
  map: (text: string, key: string | null) => string,
  key: string | null = null,
): unknown {
  if (typeof value === 'string') return map(value, key);
  if (typeof value !== 'object' || value === null || depth <= 0) return value;
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, depth - 1, map));
  // no prototype: a key named __proto__ is a key like others
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, child] of Object.entries(value)) copy[name] = mapTexts(child, depth - 1, map, name);
  return copy;
}

function withoutSecrets(text: string, found: ReadonlyMap<string, string>): string {
  let masked = text;
  for (const [secret, mark] of found) masked = masked.replaceAll(secret, () => mark);
  return masked;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // it is no JSON, which is all that is asked
  }
}

function hintsOf(rules: readonly MaskingRule[]): RegExp[] {
  if (rules.length === 0) return [];
  if (rules.some(({ hint }) => hint === null)) return [/^/];
  const sources = (ignoreCase: boolean) => [
    ...new Set(rules.flatMap(({ hint }) => (hint?.ignoreCase === ignoreCase ? [`(?:${hint.source})`] : []))),
  ];
  const withCase = [...sources(false), '\\[masked:'];
  const withoutCase = sources(true);
  return [
    new RegExp(withCase.join('|')),
    ...(withoutCase.length > 0 ? [new RegExp(withoutCase.join('|'), 'i')] : []),
  ];
}
