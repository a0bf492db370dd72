import { ClusterClient } from '../../../lib/kafka/cluster.js';
import { findNewest, type OffsetRange } from '../../../lib/kafka/newest-first.js';
import { readEpochs } from '../../../lib/kafka/topics/epochs.js';
import type { KafkaSettings } from '../../../lib/kafka/types.js';
import type { Codec } from '../../../lib/model/codec.js';
import type { AgentEvent, GroupLink, ParsedEvent, ParsedPack } from '../../../lib/model/events.js';
import { isRawOf } from '../../../lib/model/raw-ids.js';
import { withinLimit } from '../../../lib/time/limit.js';
import { DEAD_LETTER_TOPIC } from '../../../lib/topology/dead-letter.js';
import { partitionOf } from '../../../lib/topology/partition.js';
import type { EncodedRecord } from '../../../lib/topology/topology.js';
import type { Letter, Looked, SeenEvent, Sighting, Trail } from '../core/receipt.js';
import type { TrailPort } from '../ports.js';
import { Problem } from '../problem.js';

export interface EventTrailOptions {
  kafka: KafkaSettings;
  codec: Codec;
  /** Resolves once the codec can read our schemas. */
  codecReady: Promise<void>;
  /** Asks the registry for a schema id. */
  learn: (id: number) => Promise<void>;
}

/** Of one topic at a time: four of them are looked through at most, so 5 s in all. */
const SEARCH = { records: 50_000, bytes: 32 * 1024 * 1024, ms: 1_250 };
/** All of it, requests that hang included. */
const LIMIT_MS = 8_000;
/** Parse keeps a record that may still grow for a moment: it is then behind the group's position and nowhere else. */
const HELD_MS = 10_000;

type Group = 'vectadb-parse' | 'vectadb-trace' | 'vectadb-surreal-sink' | 'vectadb-qdrant-sink';

/** Where events are between raw-logs and the stores, read from the topics themselves; nothing is kept between questions. */
export class EventTrail implements TrailPort {
  private cluster: Promise<ClusterClient> | null = null;
  private epoch: Promise<string> | null = null;

  constructor(private readonly options: EventTrailOptions) {}

  follow(eventId: string, looked: Looked[]): Promise<Trail> {
    return this.asking(async (cluster) => {
      const epoch = await this.epochOfRawLogs();
      const { codec } = this.options;
      const raw = await this.find(cluster, 'raw-logs', await this.unparsed(cluster), looked, (record) =>
        isRawOf(eventId, record.value, record, epoch, codec),
      );
      const parsed = await this.search(cluster, 'parsed-events', 'vectadb-trace', eventId, looked);
      const traced = await this.search(cluster, 'agent-events', 'vectadb-surreal-sink', eventId, looked);
      return {
        raw: raw && sighting(raw),
        parsed: parsed && { ...sighting(parsed), event: seenParsed(this.parsedIn(parsed, eventId)!) },
        traced: traced && { ...sighting(traced), event: seenTraced(this.tracedIn(traced, eventId)!) },
      };
    });
  }

  vectorOnItsWay(eventId: string, groupId: string, looked: Looked[]): Promise<Sighting | null> {
    return this.asking(async (cluster) => {
      const topic = 'agent-events';
      const partition = partitionOf(groupId, (await cluster.partitionsOf(topic)).length);
      const ranges = await this.unread(cluster, 'vectadb-qdrant-sink', topic);
      const own = ranges.filter((range) => range.partition === partition);
      const found = await this.find(cluster, topic, own, looked, (record) => this.isWanted(record, eventId));
      return found && sighting(found);
    });
  }

  letter(eventId: string, of: 'event' | 'vector', looked: Looked[]): Promise<Letter | null> {
    return this.asking(async (cluster) => {
      const epoch = await this.epochOfRawLogs();
      const ranges = await this.ranges(cluster, DEAD_LETTER_TOPIC, 'start');
      const found = await this.find(cluster, DEAD_LETTER_TOPIC, ranges, looked, (record) => {
        const { stage, of: original } = letterOf(record);
        if ((stage === 'qdrant-sink') !== (of === 'vector')) return false;
        return original.topic === 'raw-logs'
          ? isRawOf(eventId, record.value, original, epoch, this.options.codec)
          : this.isWanted(record, eventId);
      });
      return found && letterOf(found);
    });
  }

  async close(): Promise<void> {
    await (await this.cluster?.catch(() => null))?.disconnect();
  }

  private async search(
    cluster: ClusterClient,
    topic: string,
    group: Group,
    eventId: string,
    looked: Looked[],
  ): Promise<EncodedRecord | null> {
    const ranges = await this.unread(cluster, group, topic);
    return this.find(cluster, topic, ranges, looked, (record) => this.isWanted(record, eventId));
  }

  private isWanted(record: EncodedRecord, eventId: string): boolean {
    // an id travels as its own bytes, so most records need not be decoded
    if (record.value === null || !record.value.includes(eventId)) return false;
    return this.parsedIn(record, eventId) !== null || this.tracedIn(record, eventId) !== null;
  }

  private parsedIn({ value }: EncodedRecord, eventId: string): ParsedEvent | null {
    const pack = this.options.codec.decode<ParsedPack>(value!, ['parsed-pack']);
    if (!pack.ok) return null;
    return pack.value.value.entries.find(({ event }) => event?.event_id === eventId)?.event ?? null;
  }

  private tracedIn({ value }: EncodedRecord, eventId: string): AgentEvent | null {
    const read = this.options.codec.decode<AgentEvent | GroupLink>(value!, ['agent-event']);
    if (!read.ok) return null;
    const event = read.value.value as AgentEvent;
    return event.event_id === eventId ? event : null;
  }

  private async find(
    cluster: ClusterClient,
    topic: string,
    ranges: OffsetRange[],
    looked: Looked[],
    isWanted: (record: EncodedRecord) => boolean,
  ): Promise<EncodedRecord | null> {
    const { records, bytes, ms } = SEARCH;
    const limits = { records, bytes, deadlineMs: Date.now() + ms };
    const { codec, learn } = this.options;
    const { found, searched } = await findNewest(cluster, topic, ranges, limits, isWanted, async (some) => {
      for (const { value } of some) {
        const unknown = codec.unknownId(value);
        if (unknown !== undefined) await learn(unknown);
      }
    });
    looked.push(searched);
    return found;
  }

  /** What a group has not read yet. Its committed position may be a second old: then more is looked through, never less. */
  private async unread(cluster: ClusterClient, group: Group, topic: string): Promise<OffsetRange[]> {
    const committed = await cluster.committedOffsets(group, topic);
    const ranges = await this.ranges(cluster, topic, 'start');
    return ranges.map((range) => ({
      ...range,
      from: Math.max(range.from, committed.get(range.partition) ?? 0),
    }));
  }

  private async unparsed(cluster: ClusterClient): Promise<OffsetRange[]> {
    const topic = 'raw-logs';
    const unread = await this.unread(cluster, 'vectadb-parse', topic);
    const recent = await cluster.offsetsOf(topic, Date.now() - HELD_MS);
    return unread.map((range) => ({ ...range, from: Math.min(range.from, recent.get(range.partition)!) }));
  }

  private async ranges(cluster: ClusterClient, topic: string, from: 'start'): Promise<OffsetRange[]> {
    const [starts, ends] = await Promise.all([
      cluster.offsetsOf(topic, from),
      cluster.offsetsOf(topic, 'end'),
    ]);
    return [...starts].map(([partition, start]) => ({ partition, from: start, until: ends.get(partition)! }));
  }

  /** @throws Problem `kafka-unavailable` for whatever keeps the topics from being read. */
  private async asking<T>(ask: (cluster: ClusterClient) => Promise<T>): Promise<T> {
    const late = () => new Error(`no answer within ${LIMIT_MS} ms`);
    try {
      return await withinLimit(this.connected().then(ask), LIMIT_MS, late);
    } catch (error) {
      if (error instanceof Problem) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new Problem('kafka-unavailable', `the topics cannot be read: ${reason}`, { retryAfterS: 2 });
    }
  }

  private connected(): Promise<ClusterClient> {
    this.cluster ??= this.connect().catch((error: unknown) => {
      this.cluster = null; // the next question tries again
      throw error;
    });
    return this.cluster;
  }

  private async connect(): Promise<ClusterClient> {
    await this.options.codecReady;
    const cluster = new ClusterClient(this.options.kafka);
    await cluster.connect(['raw-logs', 'parsed-events', 'agent-events', DEAD_LETTER_TOPIC]);
    return cluster;
  }

  private epochOfRawLogs(): Promise<string> {
    this.epoch ??= readEpochs(this.options.kafka)
      .then((epochs) => epochs.get('raw-logs') ?? '')
      .catch((error: unknown) => {
        this.epoch = null;
        throw error;
      });
    return this.epoch;
  }
}

const sighting = ({ topic, partition, offset, timestampMs }: EncodedRecord): Sighting => ({
  topic,
  partition,
  offset,
  atMs: timestampMs,
});

const seenParsed = (event: ParsedEvent): SeenEvent => ({
  // which trace a group is in is for trace to say
  traceId: null,
  groupId: event.group_id,
  raw: event.raw,
  createdMs: event.created_ms,
  wantsVector: event.options?.generate_embeddings ?? true,
});

const seenTraced = (event: AgentEvent): SeenEvent => ({
  traceId: event.trace_id,
  groupId: event.group_id,
  raw: event.raw,
  createdMs: event.created_ms,
  wantsVector: event.options?.generate_embeddings ?? true,
});

function letterOf(record: EncodedRecord): Letter {
  const header = (name: string) => record.headers[`__connect.errors.${name}`]?.toString('utf8') ?? '';
  return {
    ...sighting(record),
    stage: header('stage'),
    code: header('exception.class.name'),
    message: header('exception.message'),
    of: {
      topic: header('topic'),
      partition: Number(header('partition')),
      offset: Number(header('offset')),
    },
  };
}
