import { createRequire } from 'node:module';
import { Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs';
import pRetry from 'p-retry';
import type { EncodedRecord } from '../topology/topology.js';
import { type AbortedTransaction, committedRecords } from './aborted.js';
import { decodeRecordSet } from './record-batch.js';
import type { KafkaSettings } from './types.js';

/**
 * The one file that reaches into kafkajs (pinned exactly): its public API has no manual partition assignment and no way
 * to read one partition. Covered by tests against a real broker.
 */
const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => KafkaDecoder;
const fetchRequest = require('kafkajs/src/protocol/requests/fetch/v11/request') as (
  options: object,
) => object;

interface KafkaDecoder {
  readInt8(): number;
  readInt16(): number;
  readInt32(): number;
  readInt64(): { toString(): string };
  readString(): string;
  readBytes(size?: number): Buffer;
  readArray<T>(read: (decoder: KafkaDecoder) => T): T[];
}

interface Broker {
  nodeId: number;
  connectionPool: { send(request: object): Promise<unknown> };
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  offsetFetch(request: {
    groupId: string;
    topics: { topic: string; partitions: { partition: number }[] }[];
  }): Promise<{ responses: { topic: string; partitions: { partition: number; offset: string }[] }[] }>;
}

interface KafkaJsCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
  addMultipleTargetTopics(topics: string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findBroker(options: { nodeId: number | string }): Promise<Broker>;
  removeBroker(address: { host: string; port: number }): void;
  findGroupCoordinator(options: { groupId: string }): Promise<Broker>;
  findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[];
  fetchTopicsOffset(
    topics: {
      topic: string;
      partitions: { partition: number }[];
      fromBeginning: boolean;
      fromTimestamp?: number;
    }[],
  ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
}

/** A kafkajs instance with our defaults. `retry` rules everything made from it, InitProducerId included. */
export function createKafka(settings: KafkaSettings, retry: KafkaConfig['retry'] = {}): Kafka {
  return new Kafka({
    clientId: settings.clientId,
    brokers: settings.brokers,
    ...(settings.tls ? { ssl: settings.tls } : {}),
    ...(settings.sasl ? { sasl: settings.sasl as SASLOptions } : {}),
    retry,
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    logLevel: logLevel.NOTHING,
  });
}

export interface FetchRequest {
  topic: string;
  partition: number;
  offset: number;
  maxBytes: number;
}

/** What a fetch gave for one partition. `nextOffset` is past markers, aborted and compacted records. */
export interface FetchedPartition {
  topic: string;
  partition: number;
  /** Kafka protocol error code; 0 is none. */
  errorCode: number;
  highWatermark: number;
  lastStableOffset: number;
  logStartOffset: number;
  records: EncodedRecord[];
  nextOffset: number;
  bytes: number;
}

export const FETCH_ERRORS = { OFFSET_OUT_OF_RANGE: 1, UNKNOWN_TOPIC_OR_PARTITION: 3, NOT_LEADER: 6 } as const;

/** Connection to a cluster for reading single partitions, read_committed. Safe to share between readers of one node. */
export class ClusterClient {
  private readonly cluster: KafkaJsCluster;
  private readonly topics = new Set<string>();

  constructor(settings: KafkaSettings) {
    const kafka = createKafka(settings, { retries: 2, initialRetryTime: 50, maxRetryTime: 1_000 });
    const symbol = Object.getOwnPropertySymbols(kafka).find(
      (s) => s.description === 'private:Kafka:createCluster',
    );
    if (!symbol) throw new Error('kafkajs is not the version this file was written for');
    const create = (kafka as unknown as Record<symbol, (options: object) => KafkaJsCluster>)[symbol]!;
    this.cluster = create.call(kafka, { metadataMaxAge: 300_000, allowAutoTopicCreation: false });
  }

  async connect(topics: string[]): Promise<void> {
    await this.cluster.connect();
    await this.ensureTopics(topics);
  }

  async disconnect(): Promise<void> {
    await this.cluster.disconnect();
  }

  /** Reloads leaders and partition counts. */
  async refresh(): Promise<void> {
    if (!this.cluster.isConnected()) await this.cluster.connect();
    await this.cluster.refreshMetadata();
  }

  private async ensureTopics(topics: string[]): Promise<void> {
    const missing = topics.filter((topic) => !this.topics.has(topic));
    if (missing.length === 0) return;
    await this.cluster.addMultipleTargetTopics(missing);
    for (const topic of missing) this.topics.add(topic);
  }

  /** Partition numbers of a topic, ascending. @throws when the cluster does not have it. */
  async partitionsOf(topic: string): Promise<number[]> {
    await this.ensureTopics([topic]);
    const metadata = this.cluster.findTopicPartitionMetadata(topic);
    if (metadata.length === 0) throw new Error(`topic ${topic} does not exist: run \`vectadb topics apply\``);
    return metadata.map(({ partitionId }) => partitionId).sort((a, b) => a - b);
  }

  /** Node id of a partition's leader, or undefined while it has none. */
  leaderOf(topic: string, partition: number): number | undefined {
    const leader = this.cluster
      .findTopicPartitionMetadata(topic)
      .find((p) => p.partitionId === partition)?.leader;
    return leader === undefined || leader < 0 ? undefined : leader;
  }

  /**
   * First offset (log start), or the last stable offset: kafkajs asks read_committed. Waits out a moment without a leader,
   * as after the topic was made or its leader moved.
   */
  async offsetOf(topic: string, partition: number, which: 'start' | 'end'): Promise<number> {
    await this.ensureTopics([topic]);
    const ask = () =>
      this.cluster.fetchTopicsOffset([
        { topic, partitions: [{ partition }], fromBeginning: which === 'start' },
      ]);
    const [found] = await pRetry(ask, {
      retries: 12,
      minTimeout: 50,
      maxTimeout: 1_000,
      shouldRetry: ({ error }) => (error as { retriable?: boolean }).retriable === true,
      onFailedAttempt: () => this.cluster.refreshMetadata(),
    });
    return Number(found!.partitions[0]!.offset);
  }

  /** Committed offset of a group, or undefined. */
  async committedOffset(groupId: string, topic: string, partition: number): Promise<number | undefined> {
    const coordinator = await this.cluster.findGroupCoordinator({ groupId });
    const { responses } = await coordinator.offsetFetch({
      groupId,
      topics: [{ topic, partitions: [{ partition }] }],
    });
    const offset = Number(responses[0]?.partitions[0]?.offset ?? -1);
    return offset < 0 ? undefined : offset;
  }

  /**
   * Of each partition: its first offset, its last stable one, or that of the first record appended at or after `at` (Unix
   * milliseconds; the last stable one where there is none). @throws while a partition has no leader.
   */
  async offsetsOf(topic: string, at: 'start' | 'end' | number): Promise<Map<number, number>> {
    const numbers = await this.partitionsOf(topic);
    const ask = async (which: 'start' | 'end' | number) => {
      const [found] = await this.cluster.fetchTopicsOffset([
        {
          topic,
          partitions: numbers.map((partition) => ({ partition })),
          fromBeginning: which === 'start',
          ...(typeof which === 'number' ? { fromTimestamp: which } : {}),
        },
      ]);
      return new Map(found!.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    };
    const offsets = await ask(at);
    if (typeof at !== 'number' || [...offsets.values()].every((offset) => offset >= 0)) return offsets;
    const ends = await ask('end');
    return new Map(
      [...offsets].map(([partition, offset]) => [partition, offset < 0 ? ends.get(partition)! : offset]),
    );
  }

  /** Committed offset of a group in each partition of a topic; one that was never committed is left out. */
  async committedOffsets(groupId: string, topic: string): Promise<Map<number, number>> {
    const partitions = (await this.partitionsOf(topic)).map((partition) => ({ partition }));
    const coordinator = await this.cluster.findGroupCoordinator({ groupId });
    const { responses } = await coordinator.offsetFetch({ groupId, topics: [{ topic, partitions }] });
    const committed = (responses[0]?.partitions ?? []).map(({ partition, offset }) => [
      partition,
      Number(offset),
    ]);
    return new Map((committed as [number, number][]).filter(([, offset]) => offset >= 0));
  }

  /** Tells the coordinator that a member is gone, so that its partitions need not wait for its session to end. */
  async leaveGroup(groupId: string, memberId: string): Promise<void> {
    const coordinator = await this.cluster.findGroupCoordinator({ groupId });
    await coordinator.leaveGroup({ groupId, memberId });
  }

  /** One fetch from one node. Answers as soon as there is data, at the latest after `maxWaitMs`. */
  async fetch(
    nodeId: number,
    requests: FetchRequest[],
    maxWaitMs: number,
    maxBytes: number,
  ): Promise<FetchedPartition[]> {
    const broker = await this.cluster.findBroker({ nodeId });
    const topics = new Map<string, { partition: number; fetchOffset: string; maxBytes: number }[]>();
    const wanted = new Map<string, number>();
    for (const { topic, partition, offset, maxBytes: bytes } of requests) {
      if (!topics.has(topic)) topics.set(topic, []);
      topics.get(topic)!.push({ partition, fetchOffset: String(offset), maxBytes: bytes });
      wanted.set(`${topic}/${partition}`, offset);
    }
    try {
      return (await broker.connectionPool.send({
        request: fetchRequest({
          replicaId: -1,
          maxWaitTime: maxWaitMs,
          minBytes: 1,
          maxBytes,
          isolationLevel: 1,
          topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
        }),
        response: {
          decode: async (raw: Buffer) => ({ clientSideThrottleTime: 0, raw }),
          parse: async ({ raw }: { raw: Buffer }) => decodeFetchResponse(raw, wanted),
        },
        logResponseError: false,
      })) as FetchedPartition[];
    } catch (error) {
      const { host, port, name } = error as { host?: string; port?: number; name?: string };
      // as kafkajs's own consumer does: a closed connection is made anew by the next findBroker
      if (name === 'KafkaJSConnectionClosedError' && host && port) this.cluster.removeBroker({ host, port });
      throw error;
    }
  }
}

/** FetchResponse version 11, https://kafka.apache.org/protocol#The_Messages_Fetch. */
function decodeFetchResponse(raw: Buffer, wanted: Map<string, number>): FetchedPartition[] {
  const decoder = new Decoder(raw);
  decoder.readInt32(); // throttle time: the broker does the throttling
  const errorCode = decoder.readInt16();
  decoder.readInt32(); // session id: sessions are not used
  if (errorCode !== 0) throw new Error(`fetch failed with Kafka error code ${errorCode}`);
  return decoder
    .readArray((topics) => {
      const topic = topics.readString();
      return topics.readArray((d): FetchedPartition => {
        const partition = d.readInt32();
        const partitionError = d.readInt16();
        const highWatermark = Number(d.readInt64());
        const lastStableOffset = Number(d.readInt64());
        const logStartOffset = Number(d.readInt64());
        const aborted = d.readArray(
          (a): AbortedTransaction => ({
            producerId: BigInt(a.readInt64().toString()),
            firstOffset: Number(a.readInt64()),
          }),
        );
        d.readInt32(); // preferred read replica: only leaders are read
        const size = d.readInt32();
        const bytes = size > 0 ? d.readBytes(size) : Buffer.alloc(0);
        const from = wanted.get(`${topic}/${partition}`) ?? 0;
        const batches = decodeRecordSet(bytes, topic, partition);
        return {
          topic,
          partition,
          errorCode: partitionError,
          highWatermark,
          lastStableOffset,
          logStartOffset,
          records: committedRecords(batches, aborted ?? []).filter((record) => record.offset >= from),
          nextOffset: Math.max(from, (batches.at(-1)?.lastOffset ?? from - 1) + 1),
          bytes: bytes.length,
        };
      });
    })
    .flat();
}
