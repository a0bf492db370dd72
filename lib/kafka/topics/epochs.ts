import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { ClusterClient } from '../cluster.js';
import { readToEnd } from '../partition-reader.js';
import { createProducer } from '../producer.js';
import { fetchTopicIds } from '../topic-ids.js';
import { FatalError, type KafkaSettings } from '../types.js';
import type { ActualTopic } from './diff.js';

export const EPOCH_TOPIC = 'topic-epochs';

/**
 * What topic-epochs says of a topic. The epoch is part of the ids of events that have no identity but their position
 * (`epoch/topic/partition/offset`), so a topic made anew, whose offsets start again at 0, must have another one.
 */
export interface EpochRecord {
  /** Kafka's own id of the topic where the broker gives one, else a random UUID. */
  epoch: string;
  /** When it was minted, Unix milliseconds. */
  created_ms: number;
  /** Kafka's id of the topic it was minted for; null: the broker gave none. */
  topic_id: string | null;
}

const epochRecord: z.ZodType<EpochRecord> = z.looseObject({
  epoch: z.string().min(1),
  created_ms: z.number(),
  topic_id: z.string().nullable().default(null),
}) as unknown as z.ZodType<EpochRecord>;

const READ_LIMIT_MS = 15_000;

/**
 * Epoch of each topic, for ids that are derived from positions.
 * @throws FatalError when a topic was made anew since its epoch was minted (ids would be given twice) and when
 * topic-epochs does not exist: both are mended by `vectadb topics apply`. An Error when it cannot be read in time.
 */
export async function readEpochs(kafka: KafkaSettings): Promise<Map<string, string>> {
  const [ids, records] = await Promise.all([fetchTopicIds(kafka), readEpochRecords(kafka)]);
  const stale = [...records]
    .filter(([topic, record]) => isStale(record, ids.get(topic)))
    .map(([topic]) => topic);
  if (stale.length > 0) {
    throw new FatalError(
      `made anew since its epoch was minted: ${stale.join(', ')}; run \`vectadb topics apply\` first`,
    );
  }
  return new Map([...records].map(([topic, { epoch }]) => [topic, epoch]));
}

/** Whether the record is of another topic of the same name. */
export const isStale = (record: EpochRecord, topicId: string | undefined): boolean =>
  record.topic_id !== null && topicId !== undefined && record.topic_id !== topicId;

/** Why a topic needs an epoch, or undefined when it has its own. */
export function epochNeed(actual: ActualTopic, record: EpochRecord | undefined): string | undefined {
  if (!record) return 'has none yet';
  return isStale(record, actual.id) ? 'the topic was made anew' : undefined;
}

/**
 * Reads topic-epochs to its end; the latest record of a key wins.
 * @throws FatalError when the topic does not exist or holds what is no epoch, naming the offset.
 */
export async function readEpochRecords(kafka: KafkaSettings): Promise<Map<string, EpochRecord>> {
  const cluster = new ClusterClient(kafka);
  const records = new Map<string, EpochRecord>();
  try {
    await connectTo(cluster, EPOCH_TOPIC);
    await readToEnd(cluster, EPOCH_TOPIC, READ_LIMIT_MS, (batch, partition) => {
      for (const { key, value, offset } of batch) {
        const topic = key?.toString('utf8') ?? '';
        if (value === null) records.delete(topic);
        else records.set(topic, decodeEpoch(value, `${EPOCH_TOPIC}/${partition} offset ${offset}`));
      }
    });
    return records;
  } finally {
    await cluster.disconnect();
  }
}

async function connectTo(cluster: ClusterClient, topic: string): Promise<void> {
  try {
    await cluster.connect([topic]);
  } catch (error) {
    if ((error as { type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION')
      throw new FatalError(`topic ${topic} does not exist: run \`vectadb topics apply\``);
    throw error;
  }
}

function decodeEpoch(value: Buffer, where: string): EpochRecord {
  try {
    return epochRecord.parse(JSON.parse(value.toString('utf8')));
  } catch (error) {
    throw new FatalError(`${where} is no epoch: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Mints and writes an epoch for each of `topics`. Two that mint at once agree where the broker gives ids. */
export async function mintEpochs(
  kafka: KafkaSettings,
  topics: ActualTopic[],
  nowMs: number,
): Promise<Map<string, EpochRecord>> {
  const minted = new Map(
    topics.map(({ name, id }) => [
      name,
      { epoch: id ?? randomUUID(), created_ms: nowMs, topic_id: id ?? null },
    ]),
  );
  const producer = await createProducer(kafka, 0);
  try {
    await producer.send(
      EPOCH_TOPIC,
      [...minted].map(([key, record]) => ({ key, value: Buffer.from(JSON.stringify(record)) })),
    );
    return minted;
  } finally {
    await producer.close();
  }
}
