import { setTimeout as delay } from 'node:timers/promises';
import { type ClusterAdmin, withAdmin } from '../../../lib/kafka/admin.js';
import type { FaultPoint } from '../../../lib/kafka/exactly-once/fault-point.js';
import { TransactionalProducer } from '../../../lib/kafka/exactly-once/transactions.js';
import { encodeGeneration, type GenerationRecord } from '../../../lib/kafka/generations/generation-record.js';
import { GENERATIONS_TOPIC } from '../../../lib/kafka/generations/generations.js';
import { LEASE_MS } from '../../../lib/kafka/generations/live-generation.js';
import type { Codec } from '../../../lib/model/codec.js';
import type { AgentEvent, AgentTrace, EventRetraction } from '../../../lib/model/events.js';
import type { SurrealStore } from '../../../lib/stores/surreal/connection.js';
import { countEvents, eventsAppended, readEvents, tracesOf } from '../../../lib/stores/surreal/range.js';
import { REPLAYED_HEADER } from '../../../lib/topology/generation.js';
import { partitionOf } from '../../../lib/topology/partition.js';
import type { OutputRecord } from '../../../lib/topology/task.js';
import { waitForSink, waitUntilStored } from './catch-up.js';
import { isKept, isOfRange, StoredTraces } from './compare.js';
import { type Cluster, moveTo, type Opened, removeTopics } from './open-generation.js';
import { ReplayedRows } from './replayed-rows.js';

export interface PromoteOptions {
  cluster: Cluster;
  codec: Codec;
  store: SurrealStore;
  opened: Opened;
  /** Replays on to the ends that the record says. */
  catchUp: (record: GenerationRecord) => Promise<void>;
  faultPoint: FaultPoint;
  /** Quiet after which a running trace counts as completed, milliseconds. */
  autoCloseMs: number;
  /** Told of what is being done. */
  onStep: (step: string) => void;
}

export interface Promoted {
  events: number;
  kept: number;
  retracted: number;
  traces: number;
  removed: number;
}

/** Transactions that were begun under an older generation are over after this, see LiveGeneration and its transactions. */
const SETTLE_MS = LEASE_MS + 10_000 + 5_000;
const CHUNK = 500;
/** What any record that the live topology sends in this generation is newer than. */
const REVISION = 0;

/**
 * Puts the rows of a generation in the place of what is stored of its range. In this order, and from wherever an earlier attempt has come to:
 * what is live goes on in the generation; the replay follows up to where that began, so that nothing sent before is lost; last rows
 * go to agent-events; once SurrealDB has them, so do traces, which are counted from rows where the range cuts them.
 * @throws UserError where what runs does not come along.
 */
export async function promote(options: PromoteOptions): Promise<Promoted> {
  return withAdmin(options.cluster.kafka, (admin) => new Promotion(options, admin).run());
}

class Promotion {
  private opened: Opened;
  private readonly promoted: Promoted = { events: 0, kept: 0, retracted: 0, traces: 0, removed: 0 };
  private readonly partitions = new Map<string, number>();
  /** End of what was sent to agent-events, by partition. */
  private readonly sent = new Map<number, number>();

  constructor(
    private readonly options: PromoteOptions,
    private readonly admin: ClusterAdmin,
  ) {
    this.opened = options.opened;
  }

  async run(): Promise<Promoted> {
    const { cluster, codec, onStep, catchUp } = this.options;
    if (this.record.state === 'ready') {
      onStep('waiting until the range is stored');
      await waitUntilStored(this.admin, cluster.client, this.record);
      this.opened = await moveTo(cluster, this.opened, 'promoting', Date.now());
    }
    if (this.record.catch_up === null) {
      onStep('waiting until what runs goes on in this generation');
      await delay(Math.max(0, this.record.changed_ms + SETTLE_MS - Date.now()));
      const ends = (await this.admin.offsets('raw-logs')).map(({ end }) => end);
      await this.note({ catch_up: { ends, until_ms: Date.now() } });
    }
    if (this.record.copied === null) {
      onStep('catching up');
      await catchUp(caughtUp(this.record));
      await this.note({ copied: '' });
    }
    for (const topic of ['agent-events', 'agent-traces'])
      this.partitions.set(topic, (await cluster.client.partitionsOf(topic)).length);
    const rows = await ReplayedRows.read(cluster.client, codec, this.opened.generation);
    try {
      await this.copy(rows);
    } finally {
      rows.close();
    }
    this.opened = await moveTo(cluster, this.opened, 'promoted', Date.now());
    await removeTopics(cluster, this.opened.generation);
    return this.promoted;
  }

  private get record(): GenerationRecord {
    return this.opened.record;
  }

  private async note(change: Partial<GenerationRecord>): Promise<void> {
    const { cluster } = this.options;
    const opened = { ...this.opened, record: { ...this.record, ...change } };
    this.opened = await moveTo(cluster, opened, 'promoting', this.record.changed_ms);
  }

  private async copy(rows: ReplayedRows): Promise<void> {
    const { cluster, store, faultPoint, onStep } = this.options;
    const id = `vectadb-promote-g${this.opened.generation}`;
    const producer = await TransactionalProducer.open(cluster.kafka, id, faultPoint);
    try {
      const known = new StoredTraces(store, this.record.context_ms);
      onStep('copying events');
      await this.copyEvents(rows, known, producer);
      onStep('taking back what is no more');
      await this.retract(rows, known, producer);
      onStep('waiting for SurrealDB');
      await waitForSink(this.admin, this.sent);
      onStep('copying traces');
      await this.copyTraces(rows, known, producer);
      await this.endOldTraces(rows, producer);
    } finally {
      await producer.close();
    }
  }

  private async copyEvents(
    rows: ReplayedRows,
    known: StoredTraces,
    producer: TransactionalProducer,
  ): Promise<void> {
    const { store, codec } = this.options;
    const { from_ms, to_ms, copied } = this.record;
    const ids = [...rows.events.values()]
      .filter((row) => row.created_ms >= from_ms && row.created_ms < to_ms && row.event_id > (copied ?? ''))
      .map(({ event_id }) => event_id)
      .sort();
    for (let at = 0; at < ids.length; at += CHUNK) {
      const some = ids.slice(at, at + CHUNK);
      const stored = await readEvents(store, some);
      await known.learn([...stored.values()].map(({ trace_id }) => trace_id));
      const records: OutputRecord[] = [];
      for (const eventId of some) {
        const event = rows.eventOf(rows.events.get(eventId)!);
        const before = stored.get(eventId);
        if (before && isKept(before, event, this.record, known)) {
          this.promoted.kept++;
          continue;
        }
        const copy: AgentEvent = { ...event, ...this.stamp };
        records.push(this.recordOf('agent-events', event.group_id, codec.encode('agent-event', copy)));
        this.promoted.events++;
      }
      // how far it has come is in the same transaction: nothing is sent twice
      const record = { ...this.record, copied: some.at(-1)! };
      const progress: OutputRecord = {
        topic: GENERATIONS_TOPIC,
        partition: 0,
        key: Buffer.from(String(this.opened.generation)),
        value: encodeGeneration(record),
        headers: {},
      };
      await this.send([...records, progress], producer);
      this.opened = { ...this.opened, record };
    }
  }

  /** Stored events of the range that the generation has not. */
  private async retract(
    rows: ReplayedRows,
    known: StoredTraces,
    producer: TransactionalProducer,
  ): Promise<void> {
    const { store, codec } = this.options;
    const { from_ms, to_ms } = this.record;
    for await (const page of eventsAppended(store, from_ms, to_ms)) {
      await known.learn(page.map(({ trace_id }) => trace_id));
      const records = page
        .filter(
          (row) =>
            row.generation < this.opened.generation &&
            isOfRange(row, this.record) &&
            !rows.events.has(row.event_id) &&
            !known.beganEarlier(row.trace_id),
        )
        .map(({ event_id, group_id }) => {
          const retraction: EventRetraction = { event_id, group_id, ...this.stamp };
          return this.recordOf('agent-events', group_id, codec.encode('event-retraction', retraction));
        });
      if (records.length === 0) continue;
      await this.send(records, producer);
      this.promoted.retracted += records.length;
    }
  }

  private async copyTraces(
    rows: ReplayedRows,
    known: StoredTraces,
    producer: TransactionalProducer,
  ): Promise<void> {
    const { from_ms, to_ms } = this.record;
    const touched = [...rows.traces.values()].filter(
      (trace) => trace.updated_ms >= from_ms && trace.created_ms < to_ms,
    );
    for (let at = 0; at < touched.length; at += CHUNK) {
      const some = touched.slice(at, at + CHUNK);
      await known.learn(some.map(({ trace_id }) => trace_id));
      const counts = await countEvents(
        this.options.store,
        some.map(({ trace_id }) => trace_id),
      );
      const copies = some.flatMap((trace): AgentTrace[] => {
        const events = counts.get(trace.trace_id) ?? 0;
        // all of its events are kept elsewhere; a trace that was merged has none and says where they are
        if (events === 0 && trace.merged_into === null) return [];
        const isWhole =
          trace.created_ms >= from_ms &&
          trace.updated_ms < to_ms &&
          events === trace.total_events &&
          !known.beganEarlier(trace.trace_id);
        return [this.closed({ ...trace, ...this.stamp, state_lost: trace.state_lost || !isWhole })];
      });
      await this.sendTraces(copies, producer);
    }
  }

  /** What fell quiet early enough may have been closed by an older generation, which does not say so again. */
  private closed(trace: AgentTrace): AgentTrace {
    const isQuiet = trace.updated_ms + this.options.autoCloseMs < this.record.catch_up!.until_ms;
    return isQuiet && trace.status === 'running' ? { ...trace, status: 'completed' } : trace;
  }

  /** Traces that were stored of the range and are none of the generation's: those that are left without events go. */
  private async endOldTraces(rows: ReplayedRows, producer: TransactionalProducer): Promise<void> {
    const { store } = this.options;
    const { generation } = this.opened;
    for await (const page of tracesOf(store, this.record.from_ms, this.record.to_ms)) {
      const old = page.filter(
        (trace) =>
          trace.generation < generation && trace.merged_into === null && !rows.traces.has(trace.trace_id),
      );
      const counts = await countEvents(
        store,
        old.map(({ trace_id }) => trace_id),
      );
      const isEmpty = ({ trace_id }: AgentTrace) => (counts.get(trace_id) ?? 0) === 0;
      const gone = old.filter(isEmpty);
      const left = old.filter(
        (trace) => !isEmpty(trace) && counts.get(trace.trace_id) !== trace.total_events,
      );
      if (gone.length > 0)
        await producer.commit(
          gone.map(({ trace_id }) => this.recordOf('agent-traces', trace_id, null)),
          null,
        );
      this.promoted.removed += gone.length;
      await this.sendTraces(
        left.map((trace) => ({ ...trace, ...this.stamp, state_lost: true })),
        producer,
      );
    }
  }

  private async send(records: OutputRecord[], producer: TransactionalProducer): Promise<void> {
    const offsets = await producer.commit(records, null);
    records.forEach(({ topic, partition }, index) => {
      if (topic === 'agent-events')
        this.sent.set(partition, Math.max(this.sent.get(partition) ?? 0, offsets[index]! + 1));
    });
  }

  private async sendTraces(traces: AgentTrace[], producer: TransactionalProducer): Promise<void> {
    if (traces.length === 0) return;
    const { codec } = this.options;
    await producer.commit(
      traces.map((trace) =>
        this.recordOf('agent-traces', trace.trace_id, codec.encode('agent-trace', trace)),
      ),
      null,
    );
    this.promoted.traces += traces.length;
  }

  private get stamp() {
    return { revision: REVISION, generation: this.opened.generation };
  }

  private recordOf(topic: string, key: string, value: Buffer | null): OutputRecord {
    const partition = partitionOf(key, this.partitions.get(topic)!);
    const headers = { [REPLAYED_HEADER]: String(this.opened.generation) };
    return { topic, partition, key: Buffer.from(key, 'utf8'), value, headers };
  }
}

/** The record with its history up to where the live topology went on in the generation. */
function caughtUp(record: GenerationRecord): GenerationRecord {
  const { ends, until_ms } = record.catch_up!;
  return {
    ...record,
    until_ms,
    partitions: record.partitions.map(({ start, end }, partition) => ({
      start,
      end: ends[partition] ?? end,
    })),
  };
}
