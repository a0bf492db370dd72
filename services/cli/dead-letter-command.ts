import { UserError } from '../../deploy/local/stack.js';
import { positionOf } from '../../lib/dead-letters/letter.js';
import { DeadLetters } from '../../lib/dead-letters/reading.js';
import type { LetterFilter } from '../../lib/dead-letters/selection.js';
import { TRAIL_TOPIC } from '../../lib/dead-letters/trail-entry.js';
import { withAdmin } from '../../lib/kafka/admin.js';
import { ClusterClient } from '../../lib/kafka/cluster.js';
import { DEAD_LETTER_TOPIC } from '../../lib/topology/dead-letter.js';
import type { LetterPosition } from '../../lib/topology/redrive.js';
import { type KafkaContext, kafkaContext } from './kafka-command.js';
import { readMoment } from './time-option.js';

/** Options that select letters, as `dlq list` and `dlq redrive` take them. */
export interface FilterOptions {
  since?: string;
  until?: string;
  topic?: string;
  stage?: string;
  cause?: string;
  contains?: string;
  limit?: string;
  json?: boolean;
}

/** @throws UserError naming the option that cannot be read. */
export function filterOf(options: FilterOptions): LetterFilter {
  const { since, until, topic, stage, cause, contains } = options;
  const nowMs = Date.now();
  return {
    sinceMs: since === undefined ? undefined : readMoment('--since', since, nowMs),
    untilMs: until === undefined ? undefined : readMoment('--until', until, nowMs),
    topic,
    stage,
    cause,
    contains,
  };
}

/** @throws UserError where it is no name of a letter. */
export function readPosition(name: string): LetterPosition {
  const position = positionOf(name);
  if (position === null) throw new UserError(`a letter is named PARTITION/OFFSET, as in 3/12; got '${name}'`);
  return position;
}

/** The letters as they are now, for the time of `work`. @throws UserError where the topics are not there. */
export async function withLetters(
  work: (parts: { letters: DeadLetters; context: KafkaContext; cluster: ClusterClient }) => Promise<number>,
): Promise<number> {
  const context = kafkaContext();
  const cluster = new ClusterClient(context.kafka);
  try {
    await connectTo(cluster, context);
    return await work({ letters: await DeadLetters.open(cluster), context, cluster });
  } finally {
    await cluster.disconnect();
  }
}

async function connectTo(cluster: ClusterClient, { kafka }: KafkaContext): Promise<void> {
  const topics = await withAdmin(kafka, (admin) => admin.describeTopics());
  for (const topic of [DEAD_LETTER_TOPIC, TRAIL_TOPIC])
    if (!topics.has(topic)) throw new UserError(`topic ${topic} does not exist: \`vectadb topics apply\``);
  await cluster.connect([DEAD_LETTER_TOPIC, TRAIL_TOPIC]);
}
