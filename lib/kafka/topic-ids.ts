import { createRequire } from 'node:module';
import { createKafka } from './cluster.js';
import type { KafkaSettings } from './types.js';

/**
 * Kafka's own ids of topics (KIP-516), by one Metadata request of version 12: kafkajs stops at version 6, which has
 * none. It is what tells a topic from another of the same name that was made after it.
 */
const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder') as new () => KafkaEncoder;
const Decoder = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => KafkaDecoder;

interface KafkaEncoder {
  writeUVarIntBytes(value?: Buffer): KafkaEncoder;
  writeUVarInt(value: number): KafkaEncoder;
  writeBoolean(value: boolean): KafkaEncoder;
}

interface KafkaDecoder {
  readBoolean(): boolean;
  readInt16(): number;
  readInt32(): number;
  readBytes(size: number): Buffer;
  readUVarIntString(): string | null;
  readUVarIntArray<T>(read: (decoder: KafkaDecoder) => T): T[];
  readTaggedFields(): void;
}

interface ControllerBroker {
  versions: Record<number, { maxVersion: number }> | null;
  connectionPool: { send(protocol: object): Promise<unknown> };
}

interface ControllerCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  findControllerBroker(): Promise<ControllerBroker>;
}

const METADATA = 3;
const METADATA_VERSION = 12;
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** Ids (UUIDs, lower case) of all topics by name; empty where the broker is older than Kafka 3.0 and gives none. */
export async function fetchTopicIds(settings: KafkaSettings): Promise<Map<string, string>> {
  const kafka = createKafka(settings);
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    (s) => s.description === 'private:Kafka:createCluster',
  );
  if (!symbol) throw new Error('kafkajs is not the version this file was written for');
  const create = (kafka as unknown as Record<symbol, (options: object) => ControllerCluster>)[symbol]!;
  const cluster = create.call(kafka, { metadataMaxAge: 300_000, allowAutoTopicCreation: false });
  await cluster.connect();
  try {
    await cluster.refreshMetadata();
    const broker = await cluster.findControllerBroker();
    if ((broker.versions?.[METADATA]?.maxVersion ?? 0) < METADATA_VERSION) return new Map();
    return (await broker.connectionPool.send({ request: allTopics, response: topicIds })) as Map<
      string,
      string
    >;
  } finally {
    await cluster.disconnect();
  }
}

/** https://kafka.apache.org/protocol#The_Messages_Metadata, request version 12, every topic. */
const allTopics = {
  apiKey: METADATA,
  apiVersion: METADATA_VERSION,
  apiName: 'Metadata',
  encode: async () =>
    new Encoder()
      .writeUVarIntBytes() // tagged fields of the header
      .writeUVarInt(0) // topics: null, that is all
      .writeBoolean(false) // allow_auto_topic_creation
      .writeBoolean(false) // include_topic_authorized_operations
      .writeUVarIntBytes(),
};

const topicIds = {
  decode: async (raw: Buffer) => {
    const decoder = new Decoder(raw);
    decoder.readTaggedFields();
    decoder.readInt32(); // throttle_time_ms
    decoder.readUVarIntArray((broker) => {
      broker.readInt32();
      broker.readUVarIntString();
      broker.readInt32();
      broker.readUVarIntString();
      broker.readTaggedFields();
    });
    decoder.readUVarIntString(); // cluster_id
    decoder.readInt32(); // controller_id
    const int32 = (d: KafkaDecoder) => d.readInt32();
    const topics = decoder.readUVarIntArray((topic) => {
      const errorCode = topic.readInt16();
      const name = topic.readUVarIntString();
      const id = topic.readBytes(16).toString('hex');
      topic.readBoolean(); // is_internal
      topic.readUVarIntArray((partition) => {
        partition.readInt16();
        for (let i = 0; i < 3; i++) partition.readInt32(); // index, leader, leader epoch
        for (let i = 0; i < 3; i++) partition.readUVarIntArray(int32); // replicas, in sync, offline
        partition.readTaggedFields();
      });
      topic.readInt32(); // topic_authorized_operations
      topic.readTaggedFields();
      return { errorCode, name, id: uuid(id) };
    });
    return { clientSideThrottleTime: 0, topics };
  },
  parse: async ({ topics }: { topics: { errorCode: number; name: string | null; id: string }[] }) =>
    new Map(
      topics.flatMap(({ errorCode, name, id }) =>
        errorCode === 0 && name && id !== NO_ID ? [[name, id]] : [],
      ),
    ),
};

const uuid = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
