import type { Codec } from '../../lib/model/codec.js';
import type { Result } from '../../lib/model/result.js';
import { decodeRawRecord, type RawInput } from '../processor/core/parse/raw-input.js';
import { streamOf } from '../processor/core/parse/stream-key.js';
import { decodeObject, readStructured } from '../processor/core/parse/structured.js';
import { unwrap } from '../processor/core/parse/unwrap.js';

/** Stream of lines that name no source of their own: one input is one stream. */
export const INPUT_KEY = Buffer.from('stdin');

/** One line of a file or a pipe, as raw-logs would hold it. */
export interface LineInput {
  /** Key of its record; null where the line names its source. */
  key: Buffer | null;
  stream: string | null;
  /** When it was printed, by the line itself, Unix milliseconds. */
  timeMs: number | null;
  value: RawInput;
}

/** Reads a line as raw-logs' consumer does: text, an object with `message` and `source`, or an event. */
export const lineReader = (codec: Codec): ((line: Buffer) => Result<LineInput>) => {
  const decode = decodeRawRecord(codec);
  return (line) => {
    const decoded = decode({ value: line });
    if (!decoded.ok) return decoded;
    const value = decoded.value[0]!;
    const key = value.source === null ? INPUT_KEY : null;
    return { ok: true, value: { key, stream: streamOf(value.source, key), timeMs: timeOf(value), value } };
  };
};

function timeOf(value: RawInput): number | null {
  if (value.timestampMs !== null || value.kind === 'event') return value.timestampMs;
  const { timeMs, text } = unwrap(value.message);
  if (timeMs !== null) return timeMs;
  const json = decodeObject(text);
  return json === null ? null : readStructured(json).timeMs;
}

/** A producer's clock is not further ahead than this; what is, does not move ours. */
const MAX_AHEAD_MS = 5 * 60_000;

/**
 * Append times for lines read from a file, as the broker might have given them when they were printed: on each stream the
 * greatest time that its lines have told so far, before the first one that of all streams, and before any `nowMs`.
 */
export class AppendClock {
  /** Greatest of all streams. */
  latestMs: number | null = null;
  private readonly streams = new Map<string, number>();

  constructor(private readonly nowMs: number) {}

  /** Append time of a stream's next line, which tells `timeMs` itself. */
  tick(stream: string | null, timeMs: number | null): number {
    const told = timeMs !== null && timeMs <= this.nowMs + MAX_AHEAD_MS ? timeMs : null;
    if (told !== null && (this.latestMs === null || told > this.latestMs)) this.latestMs = told;
    const known = stream === null ? undefined : this.streams.get(stream);
    if (stream === null || (told === null && known !== undefined))
      return known ?? this.latestMs ?? this.nowMs;
    if (told === null) return this.latestMs ?? this.nowMs;
    const ms = known === undefined ? told : Math.max(known, told);
    this.streams.set(stream, ms);
    return ms;
  }
}
