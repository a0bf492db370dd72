import { groupsOf } from '../rules/rule-matcher.js';
import type { RuleMatch, RuleSet } from '../rules/rule-set.js';
import { valueAt } from '../rules/rule-set.js';
import type { CompiledRule, Takes } from '../rules/rule-types.js';
import { stripAnsi } from './ansi.js';
import { isSpeakerName, sessionOf } from './context.js';
import { eventTypeOf } from './event-types.js';
import { isHttpExchange, plainNameOf } from './json-shapes.js';
import { isFailure, readLevel } from './levels.js';
import { readTimeValue } from './line-time.js';
import { readPairs } from './logfmt.js';
import { newProperties, type Properties, propertyValue } from './properties.js';
import { decodeObject, readId, readStructured, type Structured } from './structured.js';
import { hasTraceback, readThrown } from './traceback.js';
import { type Unwrapped, unwrap } from './unwrap.js';

/** What a line, or a record joined from several, was found to be. A pure function of its text, the rules and the tags. */
export interface Reading {
  unwrapped: Unwrapped;
  /** null: by a structured field or a level, or not at all. */
  rule: CompiledRule | null;
  /** Name for {@link Reading.rule}, also where no written rule decided. */
  ruleName: string | null;
  eventType: string;
  framework: string | null;
  parsed: boolean;
  captures: Record<string, string>;
  properties: Properties;
  level: string | null;
  timeMs: number | null;
  traceId: string | null;
  sessionId: string | null;
  agentId: string | null;
  /** The agent id names a speaker within a run and does not group. */
  groupByStream: boolean;
  /** Who speaks within the run, where the text names one; the agent id may be what runs. */
  speaker: string | null;
  takes: Takes;
  /** The line was one decoded object. */
  isObject: boolean;
}

/** Type of what nothing recognised: kept, searchable, not understood. */
export const FALLBACK_TYPE = 'log';
const MAX_NESTING = 3;
const MAX_CAPTURE_CHARS = 256;

/** Reads one physical record. */
export const readRecord = (raw: string, rules: RuleSet, tags: readonly string[]): Reading =>
  readUnwrapped(unwrap(raw), rules, tags);

/** As {@link readRecord}, with the wrappers already off. `forced` is the rule that opened the record. */
export function readUnwrapped(
  unwrapped: Unwrapped,
  rules: RuleSet,
  tags: readonly string[],
  forced: CompiledRule | null = null,
  depth = 0,
): Reading {
  const reading = blank(unwrapped);
  const { text } = unwrapped;
  const json = decodeObject(text);
  if (json !== null) {
    const shipped = depth < MAX_NESTING ? shippedText(json) : null;
    if (shipped !== null) return readShipped(reading, json, shipped, rules, tags, depth);
    readObject(reading, readStructured(json), rules, tags, depth);
    if (!reading.parsed && unwrapped.colours !== null) {
      const found = rules.classify({ text: '', raw: unwrapped.raw, hasColours: true, json: null, tags });
      if (found?.rule.raw) applyClassifier(reading, found, null);
    }
  } else {
    const found =
      forced?.pattern != null ? matchForced(forced, unwrapped) : classifyText(unwrapped, rules, tags);
    if (found) applyClassifier(reading, found, null);
    if (unwrapped.fields !== null) readFields(reading, unwrapped.fields);
    readTail(reading, text);
  }
  if (depth === 0 || json === null) {
    rules.extract(unwrapped.whole, (found) => applyFields(reading, found, null, true));
  }
  settle(reading, text);
  return reading;
}

/** A rule for the message alone; else one of somebody who knew it only with the context beside it. */
function classifyText(unwrapped: Unwrapped, rules: RuleSet, tags: readonly string[]): RuleMatch | null {
  const { text, raw, colours, context, whole } = unwrapped;
  const subject = { text, raw, hasColours: colours !== null, json: null, tags };
  const found = rules.classify(subject);
  return found !== null || context === null ? found : rules.classify({ ...subject, text: whole });
}

function blank(unwrapped: Unwrapped): Reading {
  const properties = newProperties();
  const { context } = unwrapped;
  if (unwrapped.logger !== null) properties.logger = unwrapped.logger;
  if (unwrapped.lane !== null) properties.thread = unwrapped.lane;
  if (context?.callId != null) properties.tool_call_id = context.callId;
  if (context?.others != null) Object.assign(properties, context.others);
  return {
    unwrapped,
    rule: null,
    ruleName: null,
    eventType: FALLBACK_TYPE,
    framework: null,
    parsed: false,
    captures: {},
    properties,
    level: unwrapped.level,
    timeMs: unwrapped.timeMs,
    traceId: context?.traceId ?? null,
    sessionId: (context === null ? null : sessionOf(context)) ?? unwrapped.requestId,
    agentId: context?.agentId ?? null,
    groupByStream: context?.isSpeaker === true,
    speaker: context?.isSpeaker === true ? context.agentId : null,
    takes: 'none',
    isObject: false,
  };
}

/** Docker's json-file and what Fluent Bit makes of it: the line is the string, the rest is about the container. */
export function shippedText(json: Record<string, unknown>): string | null {
  if (typeof json.log !== 'string') return null;
  return Object.hasOwn(json, 'stream') ||
    Object.hasOwn(json, 'kubernetes') ||
    Object.hasOwn(json, 'container_id')
    ? json.log
    : null;
}

function readShipped(
  outer: Reading,
  json: Record<string, unknown>,
  text: string,
  rules: RuleSet,
  tags: readonly string[],
  depth: number,
): Reading {
  const inner = readUnwrapped(unwrap(text.replace(/\r?\n$/, '')), rules, tags, null, depth + 1);
  return {
    ...inner,
    unwrapped: { ...inner.unwrapped, raw: outer.unwrapped.raw },
    timeMs: inner.timeMs ?? readTimeValue(json.time) ?? readTimeValue(json['@timestamp']) ?? outer.timeMs,
    level: inner.level ?? outer.level,
  };
}

/** A decoded object: rules on its shape, then the type it names itself, then its message read as a line. */
function readObject(
  reading: Reading,
  structured: Structured,
  rules: RuleSet,
  tags: readonly string[],
  depth: number,
): void {
  reading.isObject = true;
  reading.timeMs = structured.timeMs ?? reading.timeMs;
  reading.level = structured.level ?? reading.level;
  reading.traceId = structured.traceId ?? reading.traceId;
  reading.sessionId = structured.sessionId ?? reading.sessionId;
  const agent =
    structured.agentId ??
    agentField(structured.json.agent) ??
    agentField(valueAt(structured.json, ['context', 'agent']));
  if (agent !== null) nameAgent(reading, agent, false);
  Object.assign(reading.properties, structured.properties);
  if (structured.logger !== null) reading.properties.logger = structured.logger;
  const { json, message } = structured;
  const framework = json.framework;
  if (typeof framework === 'string' && framework.length <= 64) reading.framework = framework;

  const subject = { text: message ?? '', raw: message ?? '', hasColours: false, json, tags };
  const found = rules.classifyObject(subject);
  if (found) applyClassifier(reading, found, json);
  else if (structured.eventType !== null && !isServed(structured.eventType, json)) {
    reading.eventType = structured.eventType;
    reading.ruleName = 'json_event_type';
    reading.parsed = structured.eventType !== FALLBACK_TYPE;
    const name = TOOL_TYPES.has(reading.eventType) ? plainNameOf(json) : null;
    if (name !== null) reading.properties.tool_name ??= name;
  }
  if (message === null || depth >= MAX_NESTING) return;
  const inner = readUnwrapped(unwrap(message), rules, tags, null, depth + 1);
  if (inner.unwrapped.text !== '') reading.properties.text ??= inner.unwrapped.text.slice(0, 16_384);
  reading.level = inner.level ?? reading.level;
  reading.traceId ??= inner.traceId;
  reading.sessionId ??= inner.sessionId;
  if (inner.agentId !== null && reading.agentId === null) {
    reading.agentId = inner.agentId;
    reading.groupByStream = inner.groupByStream;
  }
  reading.speaker ??= inner.speaker;
  for (const [name, value] of Object.entries(inner.properties)) reading.properties[name] ??= value;
  if (reading.parsed || !inner.parsed || isServed(inner.eventType, json)) return;
  reading.rule = inner.rule;
  reading.ruleName = inner.ruleName;
  reading.eventType = inner.eventType;
  reading.parsed = true;
  reading.framework ??= inner.framework;
  reading.captures = inner.captures;
}

const TOOL_TYPES = new Set(['agent_action', 'tool_call', 'tool_result', 'tool_error']);

/** `request completed` of an HTTP server is no agent's end. */
const isServed = (eventType: string, json: Record<string, unknown>): boolean =>
  (eventType === 'agent_start' || eventType === 'agent_finish') && isHttpExchange(json);

/** `agent` names what runs where it is an id; a role, `Senior Researcher`, speaks within the run. */
function agentField(value: unknown): string | null {
  const id = typeof value === 'string' ? readId(value) : null;
  return id !== null && id.length <= 64 && !isSpeakerName(id) ? id : null;
}

/** Who the line names: what runs, or a speaker within the run, which does not hide what runs. */
function nameAgent(reading: Reading, id: string, isSpeaker: boolean): void {
  const { context } = reading.unwrapped;
  const isKnown = context !== null && context.agentId !== null && !context.isSpeaker;
  if (isSpeaker || isKnown) reading.speaker = id;
  if (isKnown) return;
  reading.agentId = id;
  reading.groupByStream = isSpeaker;
}

/** The fields of a record of pairs beside its text. */
function readFields(reading: Reading, fields: Structured): void {
  reading.traceId ??= fields.traceId;
  reading.sessionId ??= fields.sessionId;
  reading.agentId ??= fields.agentId;
  for (const [name, value] of Object.entries(fields.properties)) reading.properties[name] ??= value;
  const type = reading.parsed ? null : (eventTypeOf(reading.unwrapped.text) ?? fields.eventType);
  if (type === null) return;
  reading.eventType = type;
  reading.ruleName = 'pairs_event_type';
  reading.parsed = type !== FALLBACK_TYPE;
}

/** Fields that stand after the words: an object, or `key=value` pairs. */
function readTail(reading: Reading, text: string): void {
  const brace = text.endsWith('}') ? braceOf(text) : -1;
  let fields: Record<string, unknown> | null = brace > 0 ? decodeObject(text.slice(brace)) : null;
  let isWhole = false;
  if (fields === null && text.includes('=')) {
    const { pairs, count, isWhole: whole } = readPairs(text);
    isWhole = whole;
    const { level, context } = reading.unwrapped;
    if (count >= 2 || (count === 1 && (level !== null || context !== null || NAMED_PAIR.test(text))))
      fields = pairs;
  }
  if (fields === null) return;
  const structured = readStructured(fields);
  reading.traceId ??= structured.traceId;
  reading.sessionId ??= structured.sessionId;
  reading.agentId ??= structured.agentId;
  if (!isWhole) {
    const head = brace > 0 ? text.slice(0, brace) : headOfPairs(text);
    if (!reading.parsed) nameByHead(reading, head, structured.properties);
    // in prose, `a=1` is no field of the record's
    if (!reading.parsed && brace < 0 && !reading.unwrapped.startsRecord) return;
    for (const [name, value] of Object.entries(structured.properties)) reading.properties[name] ??= value;
    return;
  }
  for (const [name, value] of Object.entries(structured.properties)) reading.properties[name] ??= value;
  reading.level = structured.level ?? reading.level;
  reading.timeMs ??= structured.timeMs;
  if (!reading.parsed && structured.eventType !== null) {
    reading.eventType = structured.eventType;
    reading.ruleName = 'pairs_event_type';
    reading.parsed = structured.eventType !== FALLBACK_TYPE;
  } else if (!reading.parsed) nameByHead(reading, headOfPairs(text), structured.properties);
}

/** `agent_thought reasoning="…"`: one pair is enough behind a name that is one. */
const NAMED_PAIR = /^[a-z]+(?:[_.][a-z]+){1,3} [\w.]{1,64}=/;

/** Where an object at the end of a text begins, printed on one line or over several. */
function braceOf(text: string): number {
  const inline = text.indexOf('{"');
  const pretty = text.indexOf('{\n');
  return inline < 0 || (pretty >= 0 && pretty < inline) ? pretty : inline;
}

/** `tool_call {"tool": …}`, `tool call started  tool=…`: the words before the fields name the event. */
function nameByHead(reading: Reading, head: string, fields: Properties): void {
  const words = head
    .trim()
    .replace(/[:\-=>|]{1,4}$/, '')
    .trim();
  // one word is a name only before what an agent's event tells: `query took=3ms` is a database's
  const isName = AGENTS_OWN.some((name) => fields[name] !== undefined) ? NAME : LONG_NAME;
  const type = isName.test(words) ? eventTypeOf(words) : null;
  if (type === null) return;
  reading.eventType = type;
  reading.ruleName = 'named_fields';
  reading.parsed = true;
}

const NAME = /^[A-Za-z]+(?:[_ .-][A-Za-z]+){0,3}$/;
const LONG_NAME = /^[A-Za-z]+(?:[_ .-][A-Za-z]+){1,3}$/;
const AGENTS_OWN = ['tool_name', 'reasoning', 'decision', 'query_text', 'output', 'model', 'prompt_tokens'];

/** The words before the first `key=`. */
function headOfPairs(text: string): string {
  const before = text.slice(0, text.indexOf('='));
  return before.slice(0, Math.max(0, before.lastIndexOf(' ')));
}

function matchForced(rule: CompiledRule, { text, raw }: Unwrapped): RuleMatch | null {
  const groups = groupsOf(rule, rule.raw ? raw : text);
  return groups && { rule, groups };
}

function applyClassifier(reading: Reading, found: RuleMatch, json: Record<string, unknown> | null): void {
  const { rule } = found;
  reading.rule = rule;
  reading.ruleName = rule.name;
  reading.eventType = rule.eventType;
  reading.framework = rule.framework ?? reading.framework;
  reading.parsed = rule.eventType !== FALLBACK_TYPE;
  reading.takes = rule.takes;
  applyFields(reading, found, json, false);
}

/** Captures and constants of a rule into ids, level and properties. `onlyMissing`: what is known already stays. */
export function applyFields(
  reading: Reading,
  { rule, groups }: RuleMatch,
  json: Record<string, unknown> | null,
  onlyMissing: boolean,
): void {
  for (const { source, constant, target } of rule.fields) {
    const value = constant
      ? source
      : (groups[source] ?? (json ? valueAt(json, source.split('/')) : undefined));
    if (value === undefined || value === null || value === '') continue;
    if (target.kind === 'id') {
      const id = readId(value);
      if (id === null) continue;
      if (target.name === 'trace_id') reading.traceId = onlyMissing ? (reading.traceId ?? id) : id;
      else if (target.name === 'session_id') reading.sessionId = onlyMissing ? (reading.sessionId ?? id) : id;
      else if (!onlyMissing || reading.agentId === null) {
        nameAgent(reading, id, rule.groupByStream);
      }
    } else if (target.kind === 'level') reading.level = readLevel(value) ?? reading.level;
    else if (!onlyMissing || reading.properties[target.name] === undefined) {
      const property =
        typeof value === 'string' ? propertyValue(target.name, rule.raw ? stripAnsi(value) : value) : value;
      if (property === undefined) continue;
      reading.properties[target.name] = property;
      // a request id is a session id; platform events keep it as a property besides
      if (target.name === 'request_id') reading.sessionId ??= readId(property);
    }
  }
  if (onlyMissing) return;
  for (const [name, value] of rule.properties) reading.properties[name] = value;
  for (const [name, value] of Object.entries(groups)) {
    if (value !== undefined) reading.captures[name] = value.slice(0, MAX_CAPTURE_CHARS);
  }
}

/** Tracebacks, levels that say failure, and what an unclassified line may still be followed by. */
function settle(reading: Reading, text: string): void {
  if (hasTraceback(text)) {
    const thrown = readThrown(text);
    if (!reading.parsed) {
      reading.eventType = 'error';
      reading.ruleName = 'python_traceback';
      reading.parsed = true;
      reading.framework = 'generic';
    }
    reading.takes = 'traceback';
    if (thrown) {
      reading.properties.error_type = thrown.type;
      if (reading.properties.error_message === undefined || text.startsWith('Traceback'))
        reading.properties.error_message = propertyValue('error_message', thrown.message) ?? thrown.type;
    }
  } else if (!reading.parsed && isFailure(reading.level)) {
    reading.eventType = 'error';
    reading.ruleName = 'failure_level';
    reading.parsed = true;
    reading.framework ??= 'generic';
    reading.properties.error_message ??= propertyValue(
      'error_message',
      (reading.properties.text as string) ?? text,
    );
    if (!reading.isObject) reading.takes = 'indented';
  } else if (reading.rule === null && !reading.parsed && !reading.isObject) reading.takes = 'indented';
  if (reading.level !== null) reading.properties.level = reading.level;
}
