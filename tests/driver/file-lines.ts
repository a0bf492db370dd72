import type { AgentEvent, RawLog } from '../../lib/model/events.js';
import { topologyCodec } from './raw-streams.js';
import { allStreams } from './real-streams.js';

export interface FileLine {
  line: string;
  /** Of the record on raw-logs. */
  key: string;
  /** Append time, Unix milliseconds. */
  timestampMs: number;
}

/** The records of all streams as the lines of one file, in the order in which they were printed. */
export function fileLines(): FileLine[] {
  return allStreams()
    .flat()
    .map(({ key, value, timestampMs }) => ({ key: String(key), timestampMs, line: textOf(value) }))
    .sort((a, b) => a.timestampMs - b.timestampMs);
}

function textOf(value: Buffer): string {
  const read = topologyCodec.decode<RawLog>(value, ['raw-log']);
  if (!read.ok) throw new Error(read.error.message);
  const { message, timestamp_ms, source, event } = read.value.value;
  if (event === null)
    return JSON.stringify({ message, source, timestamp: new Date(timestamp_ms!).toISOString() });
  // an event without an id or a source is one of its position, which differs from run to run
  const body = JSON.parse(event) as Record<string, unknown>;
  return JSON.stringify({
    ...body,
    event_id: body.event_id ?? `at-${body.timestamp}`,
    source: { system: 'http', log_stream: 'clerk' },
  });
}

export interface FinalRow {
  event_id: string;
  trace_id: string;
  event_type: string;
  properties: string;
  strategy: number;
}

/** What of the rows must be the same wherever the topology runs. */
export const finalRows = (events: Iterable<AgentEvent>): FinalRow[] =>
  [...events]
    .map(({ event_id, trace_id, event_type, properties, why }) => ({
      event_id,
      trace_id,
      event_type,
      properties,
      strategy: why.strategy,
    }))
    .sort((a, b) => (a.event_id < b.event_id ? -1 : 1));
