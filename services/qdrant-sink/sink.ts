import type { Embedder } from '../../lib/embedding/embedder.js';
import type { ErasureSet } from '../../lib/kafka/erasures.js';
import type { ConsumedBatch } from '../../lib/kafka/types.js';
import type { Codec } from '../../lib/model/codec.js';
import { finalRetraction, type IsErased, isEventErased, isLinkErased } from '../../lib/model/erasure.js';
import { type AgentEvent, type EventRetraction, type GroupLink, movesRows } from '../../lib/model/events.js';
import type { DataError } from '../../lib/model/result.js';
import { QdrantMissingError } from '../../lib/stores/qdrant/errors.js';
import type { QdrantStore } from '../../lib/stores/qdrant/store.js';
import type { EncodedRecord } from '../../lib/topology/topology.js';
import { encodeEvent, wantsVector } from './core/encode.js';
import { type Entry, fold } from './core/fold.js';
import type { SinkMetrics } from './metrics.js';
import { VectorWriter } from './service.js';

export interface SinkParts {
  codec: Codec;
  store: QdrantStore;
  embedder: Embedder;
  /** Durable when it resolves. */
  deadLetter: (record: EncodedRecord, cause: DataError) => Promise<void>;
  metrics: SinkMetrics;
  /** What may not come back. */
  erasures: ErasureSet;
}

/**
 * The handler of agent-events: decode, fold, embed, write. Resolves when everything the batch says is in Qdrant or in
 * dead-letter. @throws when Qdrant is down: the consumer then holds the partition and tries the same batch again.
 */
export function createHandler(
  parts: SinkParts,
): (batch: ConsumedBatch, signal: AbortSignal) => Promise<void> {
  const { codec, store, embedder, metrics, deadLetter, erasures } = parts;
  const writer = new VectorWriter<EncodedRecord>(store, deadLetter);

  const read = async (records: readonly EncodedRecord[]): Promise<Entry<EncodedRecord>[]> => {
    const entries: Entry<EncodedRecord>[] = [];
    for (const record of records) {
      const decoded = decode(codec, record, erasures.has);
      if (!decoded.ok) await deadLetter(record, decoded.error);
      else if (decoded.value === null) metrics.skipped.inc();
      else entries.push(decoded.value);
    }
    return entries;
  };

  const handle = async (records: readonly EncodedRecord[], signal: AbortSignal): Promise<void> => {
    const known = await erasures.refresh();
    await writeRecords(records, signal);
    if ((await erasures.refresh()) === known) return;
    // erased while it was written: then whoever erased it may have found no point yet
    const erased = records.filter((record) => isRecordErased(codec, record, erasures.has));
    if (erased.length > 0) await writeRecords(erased, signal);
  };

  const writeRecords = async (records: readonly EncodedRecord[], signal: AbortSignal): Promise<void> => {
    const entries = await read(records);
    const { events, moves, retractions } = fold(entries);
    const embedded = metrics.embedSeconds.startTimer();
    const vectors = await embedder.embed(
      events.map((event) => event.text),
      signal,
    );
    embedded();
    const points = events.map(({ payload, origin }, index) => ({ payload, origin, vector: vectors[index]! }));
    await writer.retract(retractions, signal);
    const counts = await writer.write(points, signal);
    await writer.move(moves, signal);
    for (const { group_id, trace_id } of moves) {
      if (isLinkErased({ group_id, trace_id }, erasures.has)) await store.deleteAll({ group_id });
    }
    metrics.written.inc(counts.written);
    metrics.ignored.inc(counts.ignored);
    metrics.retracted.inc(retractions.length);
    metrics.moved.inc(moves.length);
    for (const { appendedMs } of events) metrics.delay(appendedMs);
  };

  return async (batch, signal) => {
    const stop = metrics.batchSeconds.startTimer();
    try {
      await handle(batch.records, signal);
    } catch (error) {
      metrics.failures.inc();
      // someone dropped the collection: the consumer's next attempt finds it again, empty
      if (error instanceof QdrantMissingError)
        await store.ensureCollection(embedder.model, embedder.dimensions);
      throw error;
    }
    metrics.records.inc(batch.records.length);
    stop();
  };
}

type Decoded = { ok: true; value: Entry<EncodedRecord> | null } | { ok: false; error: DataError };

/** null: an event that is to have no vector, or a link that moves nothing. */
function decode(codec: Codec, record: EncodedRecord, isErased: IsErased): Decoded {
  if (record.value === null) {
    return { ok: false, error: { code: 'AVRO_FRAME', message: 'a record of agent-events without a value' } };
  }
  const decoded = codec.decode<AgentEvent | GroupLink | EventRetraction>(record.value, [
    'agent-event',
    'group-link',
    'event-retraction',
  ]);
  if (!decoded.ok) return decoded;
  const { schema, value } = decoded.value;
  if (schema === 'group-link') {
    const link = value as GroupLink;
    return { ok: true, value: movesRows(link) ? { kind: 'link', link, origin: record } : null };
  }
  if (schema === 'event-retraction')
    return { ok: true, value: { kind: 'retraction', retraction: value as EventRetraction, origin: record } };
  const event = value as AgentEvent;
  // what was erased is taken back as it comes, whatever became of it before
  if (isEventErased(event, isErased))
    return { ok: true, value: { kind: 'retraction', retraction: finalRetraction(event), origin: record } };
  if (!wantsVector(event)) return { ok: true, value: null };
  const encoded = encodeEvent(event);
  if (!encoded.ok) return encoded;
  return { ok: true, value: { kind: 'event', event: encoded.value, origin: record } };
}

/** Whether a record is of what was erased. One that cannot be read is in dead-letter already. */
function isRecordErased(codec: Codec, record: EncodedRecord, isErased: IsErased): boolean {
  if (record.value === null) return false;
  const decoded = codec.decode<AgentEvent | GroupLink>(record.value, ['agent-event', 'group-link']);
  if (!decoded.ok) return false;
  const { schema, value } = decoded.value;
  return schema === 'group-link'
    ? isLinkErased(value as GroupLink, isErased)
    : isEventErased(value as AgentEvent, isErased);
}
