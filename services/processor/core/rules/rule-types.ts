import type { Matcher } from './rule-matcher.js';

/** Where a rule was written, for messages: `patterns/langchain.yaml:12`. */
export interface RuleOrigin {
  file: string;
  line: number;
  /** Lines of its `tests`, one by one. */
  samples?: number[];
}

/** Which lines join the event that a rule opened. `none`: it is complete as it stands. */
export type Takes = 'none' | 'block' | 'coloured' | 'json' | 'indented' | 'traceback';

/** A rule as written in patterns/*.yaml or config.yaml; docs/patterns.md explains every key. */
export interface RuleDefinition {
  name: string;
  /** JavaScript or Python syntax; searched anywhere in the stripped text, a leading `.*` changes nothing. */
  pattern?: string;
  /** Dotted paths of a decoded JSON line and the pattern that each one's text must match. */
  json?: Record<string, string>;
  event_type: string;
  /** Further patterns, each searched for by itself; what they capture is mapped too, what they miss does not matter. */
  also?: string[];
  /**
   * Capture (or JSON path, or `=constant`) → property, or one of session_id, trace_id, agent_id, level. Left out: each capture is the
   * property of its name.
   */
  field_mappings?: Record<string, string>;
  /** Constants: property → value. */
  properties?: Record<string, string | number | boolean>;
  framework?: string;
  /** Higher is tried first. Built-in rules use 0 to 100, a user's own default to 1000. */
  priority?: number;
  /** `extract` adds ids and properties to whatever the line is, and never classifies. */
  mode?: 'classify' | 'extract';
  /** `raw` matches the line before colours are stripped. */
  on?: 'text' | 'raw';
  /** Any one of these must occur in the text; found by itself where left out. */
  literals?: string[];
  /** Tags of the stream that must all be set (`!tag`: must not). */
  requires?: string[];
  sets?: string[];
  clears?: string[];
  takes?: Takes;
  /** A line matching this does not join, though `takes` would allow it. */
  until?: string;
  /** A line matching this joins whatever it looks like otherwise, and is the last one; until then every line joins but those of `until`. */
  last?: string;
  /** A record that begins so may hold several: its lines that another such rule recognises are events of their own. */
  splits?: boolean | 'colours';
  /** Once lines have joined, the whole is classified anew: the first line alone does not tell. */
  reread?: boolean;
  /** Names of rules whose open event this rule's line joins; its captures are added to that event. */
  joins?: string[];
  /** A weak rule does not end an open block: prose inside a tool's answer often looks like it. */
  weak?: boolean;
  /** `stream`: an agent id found here names a speaker within one run, and does not group. */
  group_by?: 'agent' | 'stream';
  /** A line that looks like a run's beginning and is printed within one too: it never speaks for a new run. */
  inside?: boolean;
  /** Log groups (exact, or a prefix ending in `*`) that the rule is for. */
  log_groups?: string[];
  /** false switches off the rule of that name. */
  enabled?: boolean;
  format?: string;
  tests?: RuleTest[];
}

/**
 * A sample line with what must come of it; keys other than event_type, framework and ids are properties. Left out: it is enough
 * that the rule decides; null: it must not.
 */
export interface RuleTest {
  line: string;
  expect?: Record<string, unknown> | null;
}

/** A definition with its origin. */
export interface WrittenRule {
  definition: RuleDefinition;
  origin: RuleOrigin;
  /** Name of the set it belongs to; null for a user's own. */
  set: string | null;
}

export type FieldTarget =
  | { kind: 'property'; name: string }
  | { kind: 'id'; name: 'session_id' | 'trace_id' | 'agent_id' }
  | { kind: 'level' };

export interface CompiledField {
  source: string;
  constant: boolean;
  target: FieldTarget;
}

/** A condition on a decoded object: the first path that has a value decides. */
export interface JsonCondition {
  paths: string[][];
  pattern: RegExp;
  /** Holds where there is no value. */
  absent: boolean;
}

export interface CompiledRule {
  name: string;
  /** First 12 hex digits of the SHA-256 of the definition without its tests. */
  version: string;
  set: string | null;
  origin: RuleOrigin;
  /** As written, with named groups: for telling about it. */
  pattern: RegExp | null;
  /** {@link CompiledRule.pattern} ready to be matched. */
  matcher: Matcher | null;
  also: Matcher[];
  /** Why patterns of it are left to the linear engine, as their check has said; none for most rules. */
  linear: string[];
  /** Characters of a line that an unanchored pattern looks at. */
  searchLimit: number;
  json: JsonCondition[] | null;
  eventType: string;
  framework: string | null;
  priority: number;
  extract: boolean;
  raw: boolean;
  fields: CompiledField[];
  properties: [string, string | number | boolean][];
  /** Any of them must occur; null: always tried. */
  literals: string[] | null;
  /** Those of the literals that RuleSet cannot search for; any of them must occur. */
  unsearched: string[] | null;
  /** The text must begin with one of these; null: it may begin with anything. */
  starts: string[] | null;
  /** Codes of the characters that it must begin with, 128 for all beyond ASCII; null: any. */
  firsts: number[] | null;
  requires: string[];
  forbids: string[];
  sets: string[];
  clears: string[];
  takes: Takes;
  until: RegExp | null;
  last: RegExp | null;
  joins: string[];
  splits: boolean;
  splitsColours: boolean;
  reread: boolean;
  weak: boolean;
  groupByStream: boolean;
  inside: boolean;
  logGroups: string[] | null;
  tests: RuleTest[];
}
