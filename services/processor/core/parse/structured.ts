import { MAX_ID_LENGTH } from '../../../../lib/model/event-body.js';
import { parseJsonText } from '../../../../lib/model/json-text.js';
import { valueAt } from '../rules/rule-set.js';
import { eventTypeOf } from './event-types.js';
import {
  AGENT_ID,
  END_TIME,
  type FieldPaths,
  LEVEL,
  LINKS,
  LOGGER,
  MESSAGE,
  PROPERTIES,
  REQUEST_ID,
  SESSION_ID,
  TIME,
  TRACE_ID,
  type ValueKind,
} from './field-table.js';
import { innerObjects, withPlainAttributes } from './json-shapes.js';
import { readLevel } from './levels.js';
import { exactTimeValue, readTimeValue } from './line-time.js';
import { PresentFields } from './present-fields.js';
import { newProperties, type Properties } from './properties.js';
import { readPythonObject } from './python-literal.js';
import { toMilliseconds, toNumber } from './units.js';

/** What a decoded JSON line says by its fields, whatever its shape. */
export interface Structured {
  json: Record<string, unknown>;
  /** The record's human text, to be unwrapped and classified as a line is. */
  message: string | null;
  /** Type that the record itself names. */
  eventType: string | null;
  level: string | null;
  timeMs: number | null;
  logger: string | null;
  traceId: string | null;
  sessionId: string | null;
  agentId: string | null;
  properties: Properties;
}

const MAX_JSON_CHARS = 1_048_576;
const MAX_OTHER_FIELDS = 48;
const MAX_OTHER_CHARS = 4_096;
const MAX_LABEL_CHARS = 64;

/** Fields that name what happened. `event_type` may say anything, the others count only where the vocabulary knows them. */
const TYPE_FIELDS = [
  'event_type',
  'eventType',
  'event',
  'type',
  'kind',
  'event_name',
  'action_type',
  'msg',
  'message',
];

/** Text that is one JSON object, decoded; null for anything else. Never throws. */
export function decodeObject(text: string): Record<string, unknown> | null {
  if (text.charCodeAt(0) !== 123 || text.length > MAX_JSON_CHARS) return null;
  if (text.charCodeAt(text.length - 1) !== 125) return null;
  try {
    const value: unknown = parseJsonText(text);
    return typeof value === 'object' && value !== null
      ? withPlainAttributes(value as Record<string, unknown>)
      : null;
  } catch {
    // not JSON: perhaps an object as Python prints it, else the line is read as text
    const printed = text.charCodeAt(1) === 39 ? readPythonObject(text) : null;
    return printed === null ? null : withPlainAttributes(printed);
  }
}

/** Reads the fields of a decoded line. */
export function readStructured(json: Record<string, unknown>): Structured {
  present.turnTo(json);
  const properties = newProperties();
  fillMissing(properties);
  for (const paths of LINKS) {
    const value = Object.hasOwn(json, paths.name) ? null : pathValue(paths);
    if (value !== null) properties[paths.name] = value;
  }
  const span = spanOf();
  const duration = properties.duration_ms ?? durationOf(json, span);
  if (duration !== null) properties.duration_ms = duration;
  // such a record has the time at which it began: what it says is over was not over then
  if (span !== null) properties.end_time = new Date(span.endMs).toISOString();
  keepOthers(json, properties);
  return withInner({
    json,
    message: messageOf(),
    eventType: typeOf(json),
    level: present.firstOf(LEVEL, readLevel),
    timeMs: present.firstOf(TIME, readTimeValue),
    logger: present.firstOf(LOGGER, (value) => (typeof value === 'string' ? value : null)),
    traceId: present.firstOf(TRACE_ID, readId),
    sessionId: present.firstOf(SESSION_ID, readId) ?? present.firstOf(REQUEST_ID, readId),
    agentId: present.firstOf(AGENT_ID, readId),
    properties,
  });
}

const MAX_WRAPPED = 2;

/** Adds what the objects inside tell and the outer one does not: `{"event": "…", "data": {"tool_name": …}}`. */
function withInner(outer: Structured, depth = 0, json = outer.json): Structured {
  for (const { inner, telling } of innerObjects(json)) {
    present.turnTo(inner);
    fillMissing(outer.properties);
    const duration = outer.properties.duration_ms ?? durationOf(inner, null);
    if (duration !== null) outer.properties.duration_ms = duration;
    outer.traceId ??= present.firstOf(TRACE_ID, readId);
    outer.sessionId ??= present.firstOf(SESSION_ID, readId) ?? present.firstOf(REQUEST_ID, readId);
    outer.agentId ??= present.firstOf(AGENT_ID, readId);
    outer.level ??= present.firstOf(LEVEL, readLevel);
    outer.timeMs ??= present.firstOf(TIME, readTimeValue);
    if (telling) {
      outer.eventType ??= typeOf(inner);
      outer.message ??= messageOf();
    }
    if (depth + 1 < MAX_WRAPPED) withInner(outer, depth + 1, inner);
  }
  return outer;
}

/** Adds what the object at hand tells of the properties that are not known yet. */
function fillMissing(properties: Properties): void {
  for (const paths of PROPERTIES) {
    if (properties[paths.name] !== undefined) continue;
    const value = pathValue(paths);
    if (value !== null) properties[paths.name] = value;
  }
}

/** An id as text; blanks around it, empty ones, `null`-like words and all-zero ids are none. */
export function readId(value: unknown): string | null {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string') return null;
  const id = text.trim();
  if (id === '' || id.length > MAX_ID_LENGTH || /^(?:0x)?[0-]+$/.test(id)) return null;
  if (/^0x[0-9a-f]{16,32}$/.test(id)) return id.slice(2);
  return /^(?:null|none|undefined|nil|unknown|n\/a|-)$/i.test(id) ? null : id;
}

/** The fields of the object at hand; nothing that is read here reads another object meanwhile. */
const present = new PresentFields();

const pathValue = (field: FieldPaths): unknown =>
  present.hasAny(field) ? present.firstOf(field, (value) => readValue(value, field.kind)) : null;

function readValue(value: unknown, kind: ValueKind): unknown {
  switch (kind) {
    case 'text':
      return typeof value === 'string' && value !== '' ? value : null;
    case 'any':
      return value === '' ? null : value;
    case 'number':
      return toNumber(value);
    case 'milliseconds':
      return toMilliseconds(value, 'ms');
    case 'seconds':
      return toMilliseconds(value, 's');
    case 'label':
      return readLabel(value);
    case 'call':
      return typeof value === 'string' && /^(?:call|toolu|tooluse|fc)_[\w-]{4,64}$/.test(value)
        ? value
        : null;
  }
}

/** Start and end of a record that tells both, Unix milliseconds with fractions. */
function spanOf(): { startMs: number; endMs: number } | null {
  const endMs = present.firstOf(END_TIME, exactTimeValue);
  const startMs = endMs === null ? null : present.firstOf(TIME, exactTimeValue);
  return startMs !== null && endMs !== null && endMs >= startMs ? { startMs, endMs } : null;
}

/** Name or number of a thread, task or process as text. */
function readLabel(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : null;
  return typeof value === 'string' && value !== '' && value.length <= MAX_LABEL_CHARS ? value : null;
}

/** `latency` of an observation with start and end is milliseconds; a bare `duration` counts in the unit that its text names. */
function durationOf(json: Record<string, unknown>, span: ReturnType<typeof spanOf>): number | null {
  if (span !== null) {
    const between = span.endMs - span.startMs;
    const latency = valueAt(json, ['latency']);
    if (typeof latency === 'number' && Math.abs(latency - between) <= 1) return latency;
    return Math.round(between * 1_000) / 1_000;
  }
  for (const key of ['duration', 'latency']) {
    const value = Object.hasOwn(json, key) ? json[key] : undefined;
    if (typeof value === 'string') {
      const ms = toMilliseconds(value, null);
      if (ms !== null) return ms;
    }
  }
  return null;
}

function messageOf(): string | null {
  return present.firstOf(MESSAGE, (value) => (typeof value === 'string' && value !== '' ? value : null));
}

function typeOf(json: Record<string, unknown>): string | null {
  for (const key of TYPE_FIELDS) {
    if (!Object.hasOwn(json, key)) continue;
    const value = json[key];
    const known = eventTypeOf(value);
    if (known !== null) return known;
    if (key === 'event_type' && typeof value === 'string' && /^[\w.:-]{1,64}$/.test(value)) return value;
  }
  return isLastWord(json) ? 'agent_finish' : null;
}

const LAST = /^(?:done|complete|completed|finish|finished|final|end)$/i;
const ANSWERS = ['output', 'finalOutput', 'final_output', 'answer', 'final_answer', 'finalAnswer'];

/** `{"type": "done", "output": …}`: the end of what the record's own stream tells, with its answer. */
function isLastWord(json: Record<string, unknown>): boolean {
  const says = json.type ?? json.event ?? json.kind;
  return (
    typeof says === 'string' && LAST.test(says) && ANSWERS.some((name) => typeof json[name] === 'string')
  );
}

const KNOWN_TOP = new Set(
  [TRACE_ID, SESSION_ID, REQUEST_ID, AGENT_ID, TIME, END_TIME, LEVEL, LOGGER, ...PROPERTIES]
    // a record's own id and a process beside its thread are kept under their names
    .filter(({ kind }) => kind !== 'call' && kind !== 'label')
    .flatMap(({ paths }) => paths.filter((path) => path.length === 1).map((path) => path[0]!)),
);
const RESERVED = new Set(['message', 'level', 'text']);

/** Other top-level fields are kept as they are, so that a program's own can be searched. */
function keepOthers(json: Record<string, unknown>, properties: Properties): void {
  let kept = 0;
  for (const key of Object.keys(json)) {
    if (kept >= MAX_OTHER_FIELDS) return;
    if (KNOWN_TOP.has(key) || RESERVED.has(key) || properties[key] !== undefined) continue;
    const value = json[key];
    if (value === null || value === '') continue;
    if (typeof value === 'string' ? value.length > MAX_OTHER_CHARS : typeof value === 'object') continue;
    properties[key] = value;
    kept++;
  }
}
