import type { Codec } from '../../lib/model/codec.js';
import {
  type AgentEvent,
  type AgentTrace,
  type EventRetraction,
  type GroupLink,
  movesRows,
} from '../../lib/model/events.js';
import { ok, type Result, refuse } from '../../lib/model/result.js';
import { REPLAYED_HEADER } from '../../lib/topology/generation.js';
import { REDRIVEN_AGAIN, redriveOf } from '../../lib/topology/redrive.js';
import type { EncodedRecord } from '../../lib/topology/topology.js';
import type { Entry } from './core/fold.js';

/** A record of agent-events as an entry of the fold; null: a link that moves nothing. */
export function readEventRecord(codec: Codec, record: EncodedRecord): Result<Entry<EncodedRecord> | null> {
  if (record.value === null) return refuse('AVRO_FRAME', 'a record of agent-events without a value');
  const decoded = codec.decode<AgentEvent | GroupLink | EventRetraction>(record.value, [
    'agent-event',
    'group-link',
    'event-retraction',
  ]);
  if (!decoded.ok) return decoded;
  const { schema, value } = decoded.value;
  if (schema === 'agent-event') {
    const event = value as AgentEvent;
    return ok({ kind: 'event', event, origin: record, counted: !isCopy(record, event) });
  }
  if (schema === 'event-retraction')
    return ok({ kind: 'retraction', retraction: value as EventRetraction, origin: record });
  const link = value as GroupLink;
  return ok(movesRows(link) ? { kind: 'link', link, origin: record } : null);
}

/** What a replay has copied, and what was redriven before, was counted before. */
const isCopy = (record: EncodedRecord, { flags }: AgentEvent): boolean =>
  REPLAYED_HEADER in record.headers || flags.includes(REDRIVEN_AGAIN) || redriveOf(record)?.again === true;

/** A record of agent-traces; `trace` null: a tombstone, the trace goes once it has no events. */
export function readTraceRecord(
  codec: Codec,
  record: EncodedRecord,
): Result<{ traceId: string; trace: AgentTrace | null }> {
  if (record.value === null) {
    return record.key === null
      ? refuse('AVRO_FRAME', 'a record of agent-traces with neither key nor value')
      : ok({ traceId: record.key.toString('utf8'), trace: null });
  }
  const decoded = codec.decode<AgentTrace>(record.value, ['agent-trace']);
  if (!decoded.ok) return decoded;
  const trace = decoded.value.value;
  return ok({ traceId: trace.trace_id, trace });
}
