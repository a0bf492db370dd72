import type { ErasureSet } from '../../lib/kafka/erasures.js';
import type { ConsumedBatch } from '../../lib/kafka/types.js';
import type { Codec } from '../../lib/model/codec.js';
import { finalRetraction, isEventErased, isLinkErased, isTraceErased } from '../../lib/model/erasure.js';
import type { AgentTrace } from '../../lib/model/events.js';
import type { DataError } from '../../lib/model/result.js';
import type { SurrealStore } from '../../lib/stores/surreal/connection.js';
import { eraseGroup } from '../../lib/stores/surreal/erase.js';
import { countRefused } from '../../lib/stores/surreal/flow.js';
import type { EncodedRecord } from '../../lib/topology/topology.js';
import { type Entry, fold } from './core/fold.js';
import { readEventRecord, readTraceRecord } from './encode.js';
import type { SinkMetrics } from './metrics.js';
import { RowWriter } from './service.js';

export const TOPICS = ['agent-events', 'agent-traces'];

export interface SinkParts {
  codec: Codec;
  store: SurrealStore;
  /** Durable when it resolves. */
  deadLetter: (record: EncodedRecord, cause: DataError) => Promise<void>;
  metrics: SinkMetrics;
  /** What may not come back. */
  erasures: ErasureSet;
}

/**
 * The handler of both topics: decode, fold, write. Resolves when everything the batch says is in SurrealDB or in
 * dead-letter. @throws when SurrealDB is down: the consumer then holds the partition and tries the same batch again.
 */
export function createHandler(
  parts: SinkParts,
): (batch: ConsumedBatch, signal: AbortSignal) => Promise<void> {
  const { codec, store, metrics, deadLetter, erasures } = parts;
  const writer = new RowWriter<EncodedRecord>(store, {
    deadLetter: (record, reason) =>
      deadLetter(record, { code: 'PROCESSING', message: `SurrealDB refuses it: ${reason}` }),
    onRetry: () => metrics.retries.inc(),
  });

  /** Of what was erased, an event is taken back as it comes, and a group that is moved there goes. */
  const isErased = (entry: Entry<EncodedRecord>): boolean =>
    entry.kind === 'event'
      ? isEventErased(entry.event, erasures.has)
      : entry.kind === 'link' && isLinkErased(entry.link, erasures.has);

  const writeEntries = async (
    entries: readonly Entry<EncodedRecord>[],
    partition: number,
    signal: AbortSignal,
  ) => {
    const all: Entry<EncodedRecord>[] = [];
    const left = new Set<string>();
    const groups = new Set<string>();
    for (const entry of entries) {
      all.push(entry);
      if (!isErased(entry)) continue;
      if (entry.kind === 'link') groups.add(entry.link.group_id);
      if (entry.kind !== 'event') continue;
      const { origin, event } = entry;
      all.push({ kind: 'retraction', retraction: finalRetraction(event), origin });
      // its tracer has counted what has no row
      left.add(event.trace_id);
      metrics.erased.inc();
    }
    const folded = fold(all);
    const counts = await writer.writeEvents(
      { ...folded, shared: [...new Set([...folded.shared, ...left])] },
      signal,
      partition,
    );
    for (const groupId of groups) await eraseGroup(store, groupId);
    for (const entry of entries)
      if (entry.kind === 'event' && !isErased(entry)) metrics.delay(entry.event.updated_ms);
    metrics.inserted.inc(counts.inserted);
    metrics.replaced.inc(counts.replaced);
    metrics.ignored.inc(counts.ignored);
    metrics.moved.inc(counts.moved);
    metrics.retracted.inc(counts.retracted);
  };

  const writeEventBatch = async ({ records, partition }: ConsumedBatch, signal: AbortSignal) => {
    const entries: Entry<EncodedRecord>[] = [];
    for (const record of records) {
      const read = readEventRecord(codec, record);
      if (!read.ok) {
        await deadLetter(record, read.error);
        // which event it was cannot be told; mostly it is one
        const { topic, offset, timestampMs: created_ms } = record;
        const raw = { topic, partition, offset, index: 0 };
        await countRefused(store, partition, {
          event_id: `${topic}/${partition}/${offset}`,
          raw,
          created_ms,
        });
      } else if (read.value) entries.push(read.value);
    }
    const known = await erasures.refresh();
    await writeEntries(entries, partition, signal);
    // erased while it was written: then whoever erased it may have found no row yet
    if ((await erasures.refresh()) !== known) await writeEntries(entries.filter(isErased), partition, signal);
  };

  const writeTraceBatch = async (records: EncodedRecord[], signal: AbortSignal): Promise<void> => {
    const erasedBefore = await erasures.refresh();
    const latest = new Map<string, { trace: AgentTrace; origin: EncodedRecord }>();
    /** Traces whose last word is a tombstone. */
    const retired = new Map<string, EncodedRecord>();
    for (const record of records) {
      const read = readTraceRecord(codec, record);
      if (!read.ok) {
        await deadLetter(record, read.error);
        continue;
      }
      const { traceId, trace } = read.value;
      if (trace === null || isTraceErased(trace, erasures.has)) {
        latest.delete(traceId);
        retired.set(traceId, record);
        continue;
      }
      retired.delete(traceId);
      const known = latest.get(traceId)?.trace;
      const older =
        known &&
        (trace.generation < known.generation ||
          (trace.generation === known.generation && trace.revision <= known.revision));
      if (!older) latest.set(traceId, { trace, origin: record });
    }
    metrics.traces.inc(await writer.writeTraces([...latest.values()], signal));
    await writer.retireTraces([...retired.keys()], signal);
    if ((await erasures.refresh()) !== erasedBefore) {
      const gone = [...latest.values()].filter(({ trace }) => isTraceErased(trace, erasures.has));
      const ids = gone.map(({ trace }) => trace.trace_id);
      await writer.retireTraces(ids, signal);
    }
  };

  return async (batch, signal) => {
    const stop = metrics.batchSeconds.startTimer({ topic: batch.topic });
    try {
      if (batch.topic === 'agent-traces') await writeTraceBatch(batch.records, signal);
      else await writeEventBatch(batch, signal);
    } catch (error) {
      metrics.failures.inc();
      throw error;
    }
    metrics.records.inc(batch.records.length);
    stop();
  };
}
