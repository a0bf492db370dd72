import { createHash } from 'node:crypto';
import { canonicalJson } from '../../../../lib/model/json.js';
import { type CompiledPattern, compilePattern, compilePlain, unchecked } from './compile-pattern.js';
import { type RequiredLiterals, requiredLiterals } from './literals.js';
import { LEAST_NEEDLE_CHARS } from './needles.js';
import type { PatternCheck } from './pattern-verdict.js';
import type {
  CompiledField,
  CompiledRule,
  FieldTarget,
  JsonCondition,
  RuleDefinition,
  WrittenRule,
} from './rule-types.js';

/** A rule that cannot be used: where it stands and why. */
export class RuleFault {
  constructor(
    readonly file: string,
    readonly line: number,
    readonly reason: string,
  ) {}
  toString(): string {
    return `${this.file}:${this.line}: ${this.reason}`;
  }
}

const KEYS = new Set<string>([
  'name',
  'pattern',
  'json',
  'also',
  'event_type',
  'field_mappings',
  'properties',
  'framework',
  'priority',
  'mode',
  'on',
  'literals',
  'requires',
  'sets',
  'clears',
  'takes',
  'until',
  'last',
  'joins',
  'splits',
  'reread',
  'weak',
  'group_by',
  'inside',
  'log_groups',
  'enabled',
  'format',
  'tests',
]);
const TAKES = new Set(['none', 'block', 'coloured', 'json', 'indented', 'traceback']);
const IDS = new Set(['session_id', 'trace_id', 'agent_id']);
const USER_PRIORITY = 1_000;
/** Patterns that are linear only for their bounds, or not at all, look at this much of a line unless they are anchored. */
export const SEARCH_LIMIT = 16_384;

/** Property of a capture that a rule without field_mappings names by another word than events do. */
const PROPERTY_OF_CAPTURE: Record<string, string> = {
  tool: 'tool_name',
  input: 'tool_input',
  output: 'tool_output',
};

/** Names of the first rules whose event_type `log` means that they only add an id. */
const isExtractionName = (name: string) => name.endsWith('_extraction');

/**
 * Compiles one rule. Returns the fault instead of throwing, so that all faults of a configuration are told at once. `check` says
 * what each of its patterns costs.
 */
export function compileRule(written: WrittenRule, check: PatternCheck = unchecked): CompiledRule | RuleFault {
  const { definition, origin, set } = written;
  const fault = (reason: string) =>
    new RuleFault(origin.file, origin.line, `rule '${definition.name ?? '?'}': ${reason}`);
  const unknown = Object.keys(definition).find((key) => !KEYS.has(key));
  if (unknown) return fault(`unknown key '${unknown}'; known are ${[...KEYS].join(', ')}`);
  if (typeof definition.name !== 'string' || definition.name === '') return fault('name is missing');
  if (typeof definition.event_type !== 'string' || definition.event_type === '')
    return fault('event_type is missing');
  if (definition.pattern === undefined && definition.json === undefined)
    return fault('pattern is missing (or json, for decoded lines)');
  if (definition.takes !== undefined && !TAKES.has(definition.takes))
    return fault(`takes is '${definition.takes}'; one of ${[...TAKES].join(', ')}`);

  const badSample = sampleFault(definition.tests);
  if (badSample !== null) return fault(badSample);

  let compiled: CompiledPattern | null = null;
  let mappings = definition.field_mappings;
  let required: RequiredLiterals = { any: null, starts: null, firsts: null };
  let until: RegExp | null = null;
  let last: RegExp | null = null;
  const also: CompiledPattern[] = [];
  const json: JsonCondition[] = [];
  let key = 'pattern';
  try {
    const plain = (text: string | undefined): RegExp | null => {
      if (text === undefined) return null;
      const made = compilePlain(text, check);
      if (typeof made === 'string') throw new Error(made);
      return made;
    };
    const matched = (text: string): CompiledPattern => {
      const made = compilePattern(text, check);
      if (typeof made === 'string') throw new Error(made);
      return made;
    };
    if (definition.pattern !== undefined) {
      compiled = matched(definition.pattern);
      required = requiredLiterals(compiled.pattern.source, compiled.pattern.flags);
    }
    key = 'until';
    until = plain(definition.until);
    key = 'last';
    last = plain(definition.last);
    key = 'also';
    also.push(...(definition.also ?? []).map(matched));
    for (const [path, text] of Object.entries(definition.json ?? {})) {
      key = `json '${path}'`;
      json.push({
        paths: path
          .split('|')
          .flatMap(exporterPaths)
          .map((one) => one.split('/')),
        pattern: plain(String(text))!,
        absent: text === '^$',
      });
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fault(error instanceof SyntaxError ? `${key} does not compile: ${reason}` : `${key}: ${reason}`);
  }
  if (compiled !== null && definition.json === undefined) {
    const names = new Set([compiled, ...also].flatMap(({ matcher }) => matcher.names));
    mappings ??= Object.fromEntries(
      [...names].flatMap((name) => (name === null ? [] : [[name, PROPERTY_OF_CAPTURE[name] ?? name]])),
    );
    for (const capture of Object.keys(definition.field_mappings ?? {})) {
      if (!capture.startsWith('=') && !names.has(capture))
        return fault(`field_mappings names '${capture}', which the pattern does not capture`);
    }
  }

  const literals = compiled === null ? null : (definition.literals ?? required.any);
  const requires = definition.requires ?? [];
  const raw = definition.on === 'raw';
  const extract =
    definition.mode === 'extract' ||
    (definition.mode === undefined && definition.event_type === 'log' && isExtractionName(definition.name));
  if (extract && compiled === null) return fault('mode extract needs a pattern');
  return {
    name: definition.name,
    version: versionOf(definition),
    set,
    origin,
    pattern: compiled?.pattern ?? null,
    matcher: compiled?.matcher ?? null,
    also: also.map(({ matcher }) => matcher),
    linear: [compiled, ...also].flatMap((one) => (one?.engine === 'linear' ? [one.verdict.reason] : [])),
    searchLimit: [compiled, ...also].every((one) => one === null || one.verdict.linearity === 'linear')
      ? Number.POSITIVE_INFINITY
      : SEARCH_LIMIT,
    json: json.length > 0 ? json : null,
    eventType: definition.event_type,
    framework: definition.framework ?? null,
    priority: definition.priority ?? (set === null ? USER_PRIORITY : 0),
    extract,
    raw,
    fields: Object.entries(mappings ?? {}).map(compileField),
    properties: Object.entries(definition.properties ?? {}),
    literals,
    unsearched:
      literals !== null && (raw || literals.some(({ length }) => length < LEAST_NEEDLE_CHARS))
        ? literals
        : null,
    starts: required.starts,
    firsts: required.firsts,
    requires: requires.filter((tag) => !tag.startsWith('!')),
    forbids: requires.filter((tag) => tag.startsWith('!')).map((tag) => tag.slice(1)),
    sets: definition.sets ?? [],
    clears: definition.clears ?? [],
    takes: definition.takes ?? 'none',
    until,
    last,
    joins: definition.joins ?? [],
    splits: definition.splits === true,
    splitsColours: definition.splits === 'colours',
    reread: definition.reread ?? false,
    weak: definition.weak ?? false,
    groupByStream: definition.group_by === 'stream',
    inside: definition.inside ?? false,
    logGroups: definition.log_groups ?? null,
    tests: definition.tests ?? [],
  };
}

/** What is wrong with `tests`, which come from a file as they are; null: nothing. */
function sampleFault(tests: unknown): string | null {
  if (tests === undefined || tests === null) return null;
  if (!Array.isArray(tests)) return 'tests is not a list';
  for (const [index, sample] of tests.entries()) {
    const { line, expect } = (sample ?? {}) as { line?: unknown; expect?: unknown };
    if (typeof line !== 'string') return `tests: sample ${index + 1} has no text 'line'`;
    if (typeof expect !== 'object' && expect !== undefined)
      return `tests: sample ${index + 1}: expect is neither a mapping nor null`;
  }
  return null;
}

/** Attributes of a span lie at the top, under `attributes`, or where an exporter nested them. */
const exporterPaths = (path: string): string[] =>
  path.startsWith('attributes/')
    ? [
        path,
        `metadata/${path}`,
        path.slice('attributes/'.length),
        `span_${path}`,
        `Attributes/${path.slice('attributes/'.length)}`,
      ]
    : [path];

function compileField([source, target]: [string, string]): CompiledField {
  const constant = source.startsWith('=');
  return { source: constant ? source.slice(1) : source, constant, target: targetOf(target) };
}

function targetOf(name: string): FieldTarget {
  if (name === 'level') return { kind: 'level' };
  return IDS.has(name)
    ? { kind: 'id', name: name as 'session_id' | 'trace_id' | 'agent_id' }
    : { kind: 'property', name };
}

function versionOf({ tests: _tests, format: _format, ...rest }: RuleDefinition): string {
  return createHash('sha256').update(canonicalJson(rest)).digest('hex').slice(0, 12);
}
