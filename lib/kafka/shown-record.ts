import { isUtf8 } from 'node:buffer';
import { DateTime } from 'luxon';
import type { EncodedRecord } from '../topology/topology.js';
import type { Registry } from './registry.js';
import { RegistryUnavailableError } from './registry.js';

/** A record as `consume` shows it: one JSON object per line with --json. */
export interface ShownRecord {
  topic: string;
  partition: number;
  offset: number;
  /** ISO 8601, UTC; the append time on LogAppendTime topics. */
  timestamp: string;
  key: string | null;
  headers: Record<string, string>;
  /** Full name of the Avro record, `json`, `text`, `bytes`, or `null` for a tombstone. */
  format: string;
  value: unknown;
}

const FRAME_BYTES = 5;

/** Decodes a record by the registry where it is framed, else as JSON, text or base64. @throws RegistryUnavailableError. */
export async function showRecord(record: EncodedRecord, registry: Registry): Promise<ShownRecord> {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: DateTime.fromMillis(record.timestampMs, { zone: 'utc' }).toISO() ?? String(record.timestampMs),
    key: record.key === null ? null : bytesAsText(record.key),
    headers: Object.fromEntries(
      Object.entries(record.headers).map(([name, value]) => [name, bytesAsText(value)]),
    ),
    ...(await showValue(record.value, registry)),
  };
}

/** Two lines: where it is, and what it says. */
export function renderRecord(shown: ShownRecord): string {
  const headers = Object.entries(shown.headers).map(([name, value]) => `${name}=${value}`);
  const place = [
    `${shown.topic}/${shown.partition}`,
    `@${shown.offset}`,
    shown.timestamp,
    `key=${shown.key ?? '-'}`,
  ];
  const format = shown.format === 'text' || shown.format === 'json' ? [] : [shown.format];
  const value = typeof shown.value === 'string' ? shown.value : JSON.stringify(shown.value, readableBytes);
  return `${[...place, ...headers, ...format].join('  ')}\n  ${value}`;
}

/** JSON.stringify replacer: bytes inside a record as text where they are text. */
export function readableBytes(_name: string, value: unknown): unknown {
  const bytes = value as { type?: string; data?: number[] } | null;
  if (typeof value === 'bigint') return String(value);
  return bytes?.type === 'Buffer' && Array.isArray(bytes.data) ? bytesAsText(Buffer.from(bytes.data)) : value;
}

async function showValue(
  value: Buffer | null,
  registry: Registry,
): Promise<{ format: string; value: unknown }> {
  if (value === null) return { format: 'null', value: null };
  if (value.length >= FRAME_BYTES && value[0] === 0) {
    try {
      const decoded = await registry.decode(value);
      return { format: decoded.schema, value: decoded.value };
    } catch (error) {
      if (error instanceof RegistryUnavailableError) throw error;
      return {
        format: `bytes (${error instanceof Error ? error.message : String(error)})`,
        value: base64(value),
      };
    }
  }
  if (!isUtf8(value)) return { format: 'bytes', value: base64(value) };
  const text = value.toString('utf8');
  try {
    return { format: 'json', value: JSON.parse(text) as unknown };
  } catch {
    // not JSON: it is text
    return { format: 'text', value: text };
  }
}

const bytesAsText = (bytes: Buffer): string => (isUtf8(bytes) ? bytes.toString('utf8') : base64(bytes));
const base64 = (bytes: Buffer): string => `base64:${bytes.toString('base64')}`;
