import { isUtf8 } from 'node:buffer';
import type { Codec } from '../../../../lib/model/codec.js';
import { logSourceOf, MAX_ID_LENGTH } from '../../../../lib/model/event-body.js';
import type { EventBody, IngestionOptions, LogSource, RawLog } from '../../../../lib/model/events.js';
import { parseJsonText } from '../../../../lib/model/json-text.js';
import { ok, type Result, refuse } from '../../../../lib/model/result.js';
import type { EncodedRecord } from '../../../../lib/topology/topology.js';
import { readTimeValue } from './line-time.js';

/** A line of log text. */
export interface RawLine {
  kind: 'line';
  message: string;
  /** The source's event time, Unix milliseconds. */
  timestampMs: number | null;
  source: LogSource | null;
  options: IngestionOptions | null;
}

/** A structured event, taken as it is. */
export interface RawEvent {
  kind: 'event';
  body: EventBody;
  /** The canonical body, its identity where it names none; null where it was piped into the topic by hand. */
  canonical: string | null;
  timestampMs: number;
  source: LogSource | null;
  options: IngestionOptions | null;
}

export type RawInput = RawLine | RawEvent;

/**
 * Reads one record of raw-logs. First byte 0 is Avro in Confluent framing; a JSON object with `message` and `source` a RawLog,
 * one with `timestamp` and `properties` an event body; anything else is log text. A tombstone holds nothing.
 * Refused: broken or unknown Avro, event bodies that break their contract, bytes that are not UTF-8 (kept whole in dead-letter
 * rather than stored with replacement characters, so that a redrive can still read them).
 */
export const decodeRawRecord =
  (codec: Codec) =>
  ({ value }: Pick<EncodedRecord, 'value'>): Result<RawInput[]> => {
    if (value === null) return ok([]);
    if (value.length > 0 && value[0] === 0) {
      const decoded = codec.decode<RawLog>(value, ['raw-log']);
      return decoded.ok ? fromRawLog(decoded.value.value) : decoded;
    }
    if (!isUtf8(value))
      return refuse('INVALID_UTF8', `${value.length} bytes that are neither Avro nor UTF-8`);
    return fromText(value.toString('utf8'));
  };

function fromRawLog(raw: RawLog): Result<RawInput[]> {
  if (raw.event !== null) {
    let body: unknown;
    try {
      body = parseJsonText(raw.event);
    } catch (error) {
      return refuse(
        'INVALID_EVENT',
        `event is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    return fromBody(body, raw.event, raw.source, raw.options);
  }
  return lineOf(raw.message, raw.timestamp_ms, raw.source, raw.options);
}

const SOURCE_PARTS = ['system', 'account', 'region', 'log_group', 'log_stream', 'log_id'] as const;

/** A line; refused where a part of its source is longer than any name may be, for names become keys of state. */
function lineOf(
  message: string,
  timestampMs: number | null,
  source: LogSource | null,
  options: IngestionOptions | null,
): Result<RawInput[]> {
  const long = source && SOURCE_PARTS.find((part) => (source[part]?.length ?? 0) > MAX_ID_LENGTH);
  if (long) return refuse('INVALID_EVENT', `source.${long}: longer than ${MAX_ID_LENGTH} characters`);
  return ok([{ kind: 'line', message, timestampMs, source, options }]);
}

/** Text as received: one of the two JSON shapes, or a line. */
export function fromText(text: string): Result<RawInput[]> {
  const json = looksLikeObject(text) ? parseObject(text) : null;
  if (json !== null) {
    if (typeof json.message === 'string' && isSource(json.source)) {
      const timestampMs = readTimeValue(json.timestamp_ms) ?? readTimeValue(json.timestamp);
      return lineOf(json.message, timestampMs, readSource(json.source), null);
    }
    if (json.timestamp !== undefined && isPlainObject(json.properties)) {
      return fromBody(json, null, null, null);
    }
  }
  return ok([{ kind: 'line', message: text, timestampMs: null, source: null, options: null }]);
}

function fromBody(
  value: unknown,
  canonical: string | null,
  source: LogSource | null,
  options: IngestionOptions | null,
): Result<RawInput[]> {
  if (!isPlainObject(value)) return refuse('INVALID_EVENT', 'the event is not an object');
  const timestampMs = readTimeValue(value.timestamp);
  if (timestampMs === null) return refuse('INVALID_EVENT', 'timestamp: neither ISO 8601 nor a Unix time');
  if (!isPlainObject(value.properties)) return refuse('INVALID_EVENT', 'properties: not an object');
  for (const name of ['event_id', 'trace_id', 'session_id', 'agent_id', 'event_type', 'framework'] as const) {
    const id = value[name];
    if (id === undefined || id === null) continue;
    if (typeof id !== 'string' || id.length > MAX_ID_LENGTH)
      return refuse('INVALID_EVENT', `${name}: not a text of at most ${MAX_ID_LENGTH} characters`);
  }
  if (value.source !== undefined && value.source !== null && !isSource(value.source))
    return refuse('INVALID_EVENT', 'source: not an object with a system');
  const named = isSource(value.source) ? readSource(value.source) : source;
  const long = named && SOURCE_PARTS.find((part) => (named[part]?.length ?? 0) > MAX_ID_LENGTH);
  if (long) return refuse('INVALID_EVENT', `source.${long}: longer than ${MAX_ID_LENGTH} characters`);
  const body = value as unknown as EventBody;
  return ok([{ kind: 'event', body, canonical, timestampMs, source: named, options }]);
}

const looksLikeObject = (text: string): boolean => {
  let at = 0;
  while (text.charCodeAt(at) <= 32 && at < text.length) at++;
  return text.charCodeAt(at) === 123;
};

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = parseJsonText(text);
    return isPlainObject(value) ? value : null;
  } catch {
    // not JSON: a line of text
    return null;
  }
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSource = (value: unknown): value is Record<string, unknown> =>
  isPlainObject(value) && typeof value.system === 'string' && value.system !== '';

function readSource(source: Record<string, unknown>): LogSource {
  const text = (name: string): string | undefined => {
    const value = source[name];
    return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
  };
  return logSourceOf({
    system: source.system as string,
    account: text('account'),
    region: text('region'),
    log_group: text('log_group'),
    log_stream: text('log_stream'),
    log_id: text('log_id'),
  })!;
}
