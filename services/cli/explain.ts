import type { RawInput } from '../processor/core/parse/raw-input.js';
import { shippedText } from '../processor/core/parse/reading.js';
import { decodeObject, readStructured } from '../processor/core/parse/structured.js';
import { type Unwrapped, unwrap } from '../processor/core/parse/unwrap.js';
import type { CompiledRules } from '../processor/core/rules/compiled-rules.js';
import { describeMiss, type NearMiss, nearMisses } from '../processor/core/rules/near-miss.js';
import { groupsOf } from '../processor/core/rules/rule-matcher.js';
import { type Subject, searchedBy } from '../processor/core/rules/rule-set.js';
import type { CompiledRule } from '../processor/core/rules/rule-types.js';
import type { ShownEvent } from './parsed-line.js';

/** How a line came to be what it is; `vectadb parse --explain` prints it. */
export interface Explanation {
  /** Number of the line in the input, from 1. */
  line: number;
  event_id: string | null;
  /** Where the rule is written, `file:line`; null where no written rule decided. */
  rule_origin: string | null;
  rule_version: string | null;
  priority: number | null;
  /** The rule's patterns are matched by the linear engine, for these reasons. */
  linear_engine: string[];
  captures: Record<string, string>;
  /** Rules that added ids or properties, with what they captured. */
  extracted: { rule: string; captures: Record<string, string> }[];
  /** The line without its wrappers, and what they told. */
  text: string;
  wrappers: { level: string | null; logger: string | null; time: string | null; request_id: string | null };
  /** What rules had set about the stream when the line came. */
  tags: string[];
  strategy: number | null;
  inherited: string | null;
  confidence: number | null;
  evidence: string[];
  group_key: string | null;
  timestamp: string | null;
  flags: string[];
  near_misses: ExplainedMiss[];
}

export interface ExplainedMiss {
  rule: string;
  origin: string;
  priority: number;
  event_type: string;
  /** In words, and its parts. */
  reason: string;
  detail: NearMiss['reason'];
}

/** A line as it stood when it was read. */
export interface Inspected {
  line: number;
  input: RawInput;
  tags: readonly string[];
}

const MAX_SHOWN_CHARS = 2_000;

/** Explains a line's event; `event` is null where the line became none. */
export function explain(
  { line, input, tags }: Inspected,
  event: ShownEvent | null,
  continues: boolean,
  compiled: CompiledRules,
): Explanation {
  const { unwrapped, subject, whole } = subjectOf(textOf(input), tags);
  const applicable = new Set(compiled.listFor(input.source?.log_group ?? null));
  const chosen = event?.why.rule ?? null;
  const rule = [...applicable].find(({ name }) => name === chosen) ?? null;
  return {
    line,
    event_id: event?.event_id ?? null,
    rule_origin: rule === null ? null : originOf(rule),
    rule_version: event?.why.rule_version ?? null,
    priority: rule?.priority ?? null,
    linear_engine: rule?.linear ?? [],
    captures: event?.why.captures ?? {},
    extracted: extractedBy([...applicable], whole),
    text: unwrapped.text.slice(0, MAX_SHOWN_CHARS),
    wrappers: {
      level: unwrapped.level,
      logger: unwrapped.logger,
      time: isoOf(unwrapped.timeMs),
      request_id: unwrapped.requestId,
    },
    tags: [...tags],
    strategy: event?.why.strategy ?? null,
    inherited: event?.why.inherited ?? null,
    confidence: event?.why.confidence ?? null,
    evidence: event?.why.evidence ?? [],
    group_key: event?.group_key ?? null,
    timestamp: isoOf(event?.timestamp_ms ?? null),
    flags: event?.flags ?? [],
    near_misses: nearMisses({
      rules: compiled.all(),
      applies: (one) => applicable.has(one),
      subject,
      chosen: continues ? null : chosen,
      continues,
    }).map((miss) => ({
      rule: miss.rule,
      origin: originOf(miss),
      priority: miss.priority,
      event_type: miss.eventType,
      reason: describeMiss(miss),
      detail: miss.reason,
    })),
  };
}

const originOf = ({ origin }: Pick<CompiledRule, 'origin'>): string => `${origin.file}:${origin.line}`;

const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** The text that rules see: an event that names its type is taken as it is. */
function textOf(input: RawInput): string {
  if (input.kind === 'line') return input.message;
  const { message } = input.body.properties;
  return typeof message === 'string' ? message : '';
}

/** What the rules are tried on: the text, or a decoded object with the text that it holds. */
function subjectOf(
  message: string,
  tags: readonly string[],
): { unwrapped: Unwrapped; subject: Subject; whole: string } {
  let unwrapped = unwrap(message);
  let json = decodeObject(unwrapped.text);
  const shipped = json === null ? null : shippedText(json);
  if (shipped !== null) {
    unwrapped = unwrap(shipped);
    json = decodeObject(unwrapped.text);
  }
  const inner = json === null ? unwrapped : unwrap(readStructured(json).message ?? '');
  const subject = { text: inner.text, raw: inner.raw, hasColours: inner.colours !== null, json, tags };
  return { unwrapped, subject, whole: inner.whole };
}

function extractedBy(rules: CompiledRule[], text: string): Explanation['extracted'] {
  return rules.flatMap((rule) => {
    const groups = rule.extract ? groupsOf(rule, searchedBy(rule, text)) : null;
    return groups === null ? [] : [{ rule: rule.name, captures: { ...groups } as Record<string, string> }];
  });
}
