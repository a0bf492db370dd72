import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterClient } from '../../../lib/kafka/cluster.js';
import { readTopic } from '../../../lib/kafka/topic-reader.js';
import type { Codec, SchemaName } from '../../../lib/model/codec.js';
import type { AgentEvent, AgentTrace, GroupLink } from '../../../lib/model/events.js';
import { type LastRows, LastRowsReader } from '../../../lib/stores/last-rows.js';
import { topicOfGeneration } from '../../../lib/topology/generation.js';
import { type SpilledEvent, SpilledEvents } from '../spilled-events.js';

/** What is held of an event; the rest of it is read back when it is asked for. */
export interface ReplayedRow extends SpilledEvent {
  created_ms: number;
}

/** A transaction whose process was killed ends after 10 s. */
const SETTLE_LIMIT_MS = 30_000;
const SETTLE_POLL_MS = 50;

/**
 * The last rows of a generation, as a store would hold them. Memory: a few hundred bytes an event; the events themselves are in a
 * {@link SpilledEvents}.
 */
export class ReplayedRows {
  private readonly spilled: SpilledEvents;
  private rows: LastRows<ReplayedRow> = { events: new Map(), traces: new Map() };

  private constructor(private readonly codec: Codec) {
    this.spilled = new SpilledEvents(codec);
  }

  /** Reads the generation's agent-events and agent-traces to their ends. @throws where they cannot be read. */
  static async read(cluster: ClusterClient, codec: Codec, generation: number): Promise<ReplayedRows> {
    const rows = new ReplayedRows(codec);
    const reader = new LastRowsReader<ReplayedRow>((row) => rows.eventOf(row));
    const events = topicOfGeneration('agent-events', generation);
    const traces = topicOfGeneration('agent-traces', generation);
    for (const topic of [events, traces]) await settled(cluster, topic);
    for await (const [value, schema] of rows.values(cluster, events, ['agent-event', 'group-link'])) {
      if (schema === 'group-link') reader.link(rows.decode(value, schema) as GroupLink);
      else {
        const event = rows.decode(value, schema) as AgentEvent;
        reader.event({ ...rows.spilled.keep(event, value), created_ms: event.created_ms });
      }
    }
    for await (const [value] of rows.values(cluster, traces, ['agent-trace']))
      reader.trace(rows.decode(value, 'agent-trace') as AgentTrace);
    rows.rows = reader.rows();
    return rows;
  }

  get events(): ReadonlyMap<string, ReplayedRow> {
    return this.rows.events;
  }

  get traces(): ReadonlyMap<string, AgentTrace> {
    return this.rows.traces;
  }

  /** The whole event, in the trace that it is in at last. */
  eventOf(row: ReplayedRow): AgentEvent {
    return this.spilled.read(row);
  }

  close(): void {
    this.spilled.close();
  }

  private async *values(
    cluster: ClusterClient,
    topic: string,
    schemas: readonly SchemaName[],
  ): AsyncGenerator<[value: Buffer, schema: SchemaName]> {
    for await (const records of readTopic(cluster, topic, { from: 'start', follow: false })) {
      for (const { value, partition, offset } of records) {
        if (value === null) continue;
        const read = this.codec.decode(value, schemas);
        if (!read.ok)
          throw new Error(`${topic}/${partition}@${offset} cannot be read: ${read.error.message}`);
        yield [value, read.value.schema];
      }
    }
  }

  private decode(value: Buffer, schema: SchemaName): unknown {
    const read = this.codec.decode(value, [schema]);
    if (!read.ok) throw new Error(`an event that was written cannot be read: ${read.error.message}`);
    return read.value.value;
  }
}

/**
 * Resolves once no transaction of the topic is open: a commit is answered before its records can be read, and a reading that began
 * earlier would end before them.
 */
async function settled(cluster: ClusterClient, topic: string): Promise<void> {
  await cluster.connect([topic]);
  for (const startedMs = Date.now(); ; await delay(SETTLE_POLL_MS)) {
    const reading = readTopic(cluster, topic, { from: 'end', follow: false });
    let next = await reading.next();
    while (!next.done) next = await reading.next();
    if (next.value.length === 0) return;
    if (Date.now() - startedMs > SETTLE_LIMIT_MS)
      throw new Error(`${topic}: a transaction has been open for ${SETTLE_LIMIT_MS} ms`);
  }
}
