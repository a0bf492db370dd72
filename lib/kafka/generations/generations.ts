import type { ClusterClient } from '../cluster.js';
import { readToEnd } from '../partition-reader.js';
import { createProducer } from '../producer.js';
import { FatalError, type KafkaSettings } from '../types.js';
import { decodeGeneration, encodeGeneration, type GenerationRecord } from './generation-record.js';

export const GENERATIONS_TOPIC = 'generations';

const READ_LIMIT_MS = 15_000;

/** Every generation by its number. @throws FatalError where the topic is missing or holds what is none. */
export async function readGenerations(cluster: ClusterClient): Promise<Map<number, GenerationRecord>> {
  const found = new Map<number, GenerationRecord>();
  try {
    await cluster.connect([GENERATIONS_TOPIC]);
  } catch (error) {
    if ((error as { type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION')
      throw new FatalError(`topic ${GENERATIONS_TOPIC} does not exist: run \`vectadb topics apply\``);
    throw error;
  }
  await readToEnd(cluster, GENERATIONS_TOPIC, READ_LIMIT_MS, (records, partition) => {
    for (const { key, value, offset } of records) {
      const generation = Number(key?.toString('utf8'));
      if (value === null) found.delete(generation);
      else
        found.set(generation, decodeGeneration(value, `${GENERATIONS_TOPIC}/${partition} offset ${offset}`));
    }
  });
  return found;
}

/** Durable when it resolves. */
export async function writeGeneration(
  kafka: KafkaSettings,
  generation: number,
  record: GenerationRecord,
): Promise<void> {
  const producer = await createProducer(kafka, 0);
  try {
    await producer.send(GENERATIONS_TOPIC, [{ key: String(generation), value: encodeGeneration(record) }]);
  } finally {
    await producer.close();
  }
}
