import { isUtf8 } from 'node:buffer';
import type { Codec } from '../../../../lib/model/codec.js';
import { MAX_ID_LENGTH } from '../../../../lib/model/event-body.js';
import type { EventBody, IngestionOptions, LogSource, RawLog } from '../../../../lib/model/events.js';
import { canonicalJson } from '../../../../lib/model/json.js';
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
  /** Canonical JSON of the body: its identity where it names none. */
  canonical: string;
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
  ({ value }: EncodedRecord): Result<RawInput[]> => {
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
      body = JSON.parse(raw.event);
    } catch (error) {
      return refuse(
        'INVALID_EVENT',
        `event is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    return fromBody(body, raw.event, raw.source, raw.options);
  }
  return ok([
    {
      kind: 'line',
      message: raw.message,
      timestampMs: raw.timestamp_ms,
      source: raw.source,
      options: raw.options,
    },
  ]);
}

/** Text as received: one of the two JSON shapes, or a line. */
export function fromText(text: string): Result<RawInput[]> {
  const json = looksLikeObject(text) ? parseObject(text) : null;
  if (json !== null) {
    if (typeof json.message === 'string' && isSource(json.source)) {
      return ok([
        {
          kind: 'line',
          message: json.message,
          timestampMs: readTimeValue(json.timestamp_ms) ?? readTimeValue(json.timestamp),
          source: readSource(json.source),
          options: null,
        },
      ]);
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
    if (typeof id !== 'string' || id === '' || id.length > MAX_ID_LENGTH)
      return refuse('INVALID_EVENT', `${name}: not a text of 1 to ${MAX_ID_LENGTH} characters`);
  }
  if (value.source !== undefined && value.source !== null && !isSource(value.source))
    return refuse('INVALID_EVENT', 'source: not an object with a system');
  return ok([
    {
      kind: 'event',
      body: value as unknown as EventBody,
      canonical: canonical ?? canonicalJson(value),
      timestampMs,
      source: isSource(value.source) ? readSource(value.source) : source,
      options,
    },
  ]);
}

const looksLikeObject = (text: string): boolean => {
  let at = 0;
  while (text.charCodeAt(at) <= 32 && at < text.length) at++;
  return text.charCodeAt(at) === 123;
};

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
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
  const text = (name: string): string | null => {
    const value = source[name];
    if (typeof value === 'string' && value !== '') return value;
    return typeof value === 'number' ? String(value) : null;
  };
  return {
    system: source.system as string,
    account: text('account'),
    region: text('region'),
    log_group: text('log_group'),
    log_stream: text('log_stream'),
    log_id: text('log_id'),
  };
}
