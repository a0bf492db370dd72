import type { Codec } from '../../lib/model/codec.js';
import { type AgentEvent, type AgentTrace, type GroupLink, movesRows } from '../../lib/model/events.js';
import { ok, type Result, refuse } from '../../lib/model/result.js';
import type { EncodedRecord } from '../../lib/topology/topology.js';
import type { Entry } from './core/fold.js';

/** A record of agent-events as an entry of the fold; null: a link that moves nothing. */
export function readEventRecord(codec: Codec, record: EncodedRecord): Result<Entry<EncodedRecord> | null> {
  if (record.value === null) return refuse('AVRO_FRAME', 'a record of agent-events without a value');
  const decoded = codec.decode<AgentEvent | GroupLink>(record.value, ['agent-event', 'group-link']);
  if (!decoded.ok) return decoded;
  const { schema, value } = decoded.value;
  if (schema === 'agent-event') return ok({ kind: 'event', event: value as AgentEvent, origin: record });
  const link = value as GroupLink;
  return ok(movesRows(link) ? { kind: 'link', link, origin: record } : null);
}

/** A record of agent-traces; null: a tombstone, which takes the trace from the topic, not from the store. */
export function readTraceRecord(codec: Codec, record: EncodedRecord): Result<AgentTrace | null> {
  if (record.value === null) return ok(null);
  const decoded = codec.decode<AgentTrace>(record.value, ['agent-trace']);
  return decoded.ok ? ok(decoded.value.value) : decoded;
}
