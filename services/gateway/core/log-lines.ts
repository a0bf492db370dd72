import { logSourceOf } from '../../../lib/model/event-body.js';
import type { EventBody, LogSource, RawLog } from '../../../lib/model/events.js';
import { streamKey } from '../../../lib/model/ids.js';
import { parseJsonText } from '../../../lib/model/json-text.js';
import type { Masker } from '../../../lib/model/masking/masker.js';
import { readTimestamp } from '../../../lib/model/timestamp.js';
import type { FieldError } from './field-error.js';
import { rawEventOf } from './raw-event.js';
import { isObject, validateEvent } from './validate-event.js';

/** What the request says about all of its lines. */
export interface LineDefaults {
  masker: Masker;
  source: LogSource | null;
  session_id?: string;
  agent_id?: string;
}

/** A line on its way to raw-logs, or why it is not. */
export type ReadLine = { ok: true; key: string | null; log: RawLog } | { ok: false; errors: FieldError[] };

/** A body as its lines with their place in it, from 0: LF or CRLF ends one, blank ones are left out. */
export function linesOf(body: Buffer): { index: number; bytes: Buffer }[] {
  const lines: { index: number; bytes: Buffer }[] = [];
  let start = 0;
  for (let index = 0; start < body.length; index++) {
    const newline = body.indexOf(10, start);
    const next = newline < 0 ? body.length : newline;
    const end = next > start && body[next - 1] === 13 ? next - 1 : next;
    if (!isBlank(body, start, end)) lines.push({ index, bytes: body.subarray(start, end) });
    start = next + 1;
  }
  return lines;
}

function isBlank(body: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (body[at] !== 32 && body[at] !== 9) return false;
  return true;
}

/** A line of text as it was printed. Whatever it holds is the parser's to read. */
export function textLine(text: string, defaults: LineDefaults): ReadLine {
  return rawLine(text, null, defaults.source, defaults);
}

/**
 * One JSON value of NDJSON or of an array, by the rules of the raw-logs topic: an object with `message` and `source` is a
 * log line, one with `timestamp` and `properties` an event; any other value is text of a log line, `text` as it was sent.
 */
export function jsonLine(value: unknown, text: string, defaults: LineDefaults, nowMs: number): ReadLine {
  if (typeof value === 'string') return textLine(value, defaults);
  if (isObject(value) && 'timestamp' in value && 'properties' in value)
    return eventLine(value, defaults, nowMs);
  if (isObject(value) && typeof value.message === 'string' && isObject(value.source)) {
    return rawLogLine(value, value.message, defaults);
  }
  return textLine(text, defaults);
}

/** As {@link jsonLine}; a line that is no JSON is text. */
export function ndjsonLine(text: string, defaults: LineDefaults, nowMs: number): ReadLine {
  try {
    return jsonLine(parseJsonText(text), text, defaults, nowMs);
  } catch (error) {
    // agents mix JSON with plain prints: a line that is no JSON is text
    if (error instanceof SyntaxError) return textLine(text, defaults);
    throw error;
  }
}

function eventLine(value: Record<string, unknown>, defaults: LineDefaults, nowMs: number): ReadLine {
  const valid = validateEvent(value, nowMs);
  if (!valid.ok) return valid;
  const { body } = valid;
  const completed: EventBody = {
    ...body,
    session_id: body.session_id || defaults.session_id,
    agent_id: body.agent_id || defaults.agent_id,
    source: body.source ?? sourceBody(defaults.source),
  };
  const { key, log } = rawEventOf(completed, valid.timeMs, null, defaults.masker);
  return { ok: true, key, log };
}

function rawLogLine(value: Record<string, unknown>, message: string, defaults: LineDefaults): ReadLine {
  const probe = validateEvent({ timestamp: '1970-01-01T00:00:00Z', properties: {}, source: value.source }, 0);
  const errors = probe.ok ? [] : probe.errors;
  const time = readLineTime(value);
  if (!time.ok) errors.push(time.error);
  if (errors.length > 0) return { ok: false, errors };
  return rawLine(
    message,
    time.ok ? time.ms : null,
    logSourceOf(value.source as EventBody['source']),
    defaults,
  );
}

type LineTime = { ok: true; ms: number | null } | { ok: false; error: FieldError };

/** `timestamp_ms` in Unix milliseconds, or `timestamp` in ISO 8601; a line needs neither. */
function readLineTime(value: Record<string, unknown>): LineTime {
  const ms = value.timestamp_ms ?? null;
  if (ms !== null) {
    return Number.isSafeInteger(ms) && (ms as number) >= 0
      ? { ok: true, ms: ms as number }
      : {
          ok: false,
          error: { field: 'timestamp_ms', message: `must be Unix milliseconds, not ${JSON.stringify(ms)}` },
        };
  }
  if (value.timestamp === undefined || value.timestamp === null) return { ok: true, ms: null };
  const read = readTimestamp(value.timestamp);
  return read.ok
    ? { ok: true, ms: read.ms }
    : { ok: false, error: { field: 'timestamp', message: read.reason } };
}

function rawLine(
  message: string,
  timestampMs: number | null,
  source: LogSource | null,
  defaults: LineDefaults,
): ReadLine {
  const { masker } = defaults;
  const masked = masker.suspects(message) ? masker.text(message) : message;
  const log: RawLog = { message: masked, timestamp_ms: timestampMs, source, event: null, options: null };
  return { ok: true, key: source ? streamKey(source) : keyOf(defaults), log };
}

/** Without a source the key is the stream: lines of one agent or session stay in order and share their context. */
function keyOf({ agent_id, session_id }: Pick<LineDefaults, 'agent_id' | 'session_id'>): string | null {
  if (agent_id) return `http/agent:${agent_id}`;
  return session_id ? `http/session:${session_id}` : null;
}

function sourceBody(source: LogSource | null): EventBody['source'] {
  if (!source) return undefined;
  const parts = Object.entries(source).filter(([, value]) => value !== null);
  return Object.fromEntries(parts) as EventBody['source'];
}
