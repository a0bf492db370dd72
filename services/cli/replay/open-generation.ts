import { UserError } from '../../../deploy/local/stack.js';
import { type ClusterAdmin, waitForLeaders, withAdmin } from '../../../lib/kafka/admin.js';
import type { ClusterClient } from '../../../lib/kafka/cluster.js';
import { type GenerationRecord, isOpen } from '../../../lib/kafka/generations/generation-record.js';
import { generationTopics } from '../../../lib/kafka/generations/generation-topics.js';
import { readGenerations, writeGeneration } from '../../../lib/kafka/generations/generations.js';
import type { TopicDefinition } from '../../../lib/kafka/topics/topic-file.js';
import type { KafkaSettings } from '../../../lib/kafka/types.js';
import { FIRST_GENERATION } from '../../../lib/topology/generation.js';

/** What is to be replayed. Times are Unix milliseconds. */
export interface Wanted {
  fromMs: number;
  /** null: up to now. */
  toMs: number | null;
  /** Fingerprint of rules and configuration. */
  rules: string;
}

export interface Opened {
  generation: number;
  record: GenerationRecord;
}

export interface Cluster {
  kafka: KafkaSettings;
  client: ClusterClient;
  topics: TopicDefinition[];
}

/** Read before the range, so that streams and sessions are in their context. */
const CONTEXT_MS = 3_600_000;

/** The generation that is neither promoted nor discarded; null: there is none. */
export async function openGeneration({ client }: Cluster): Promise<Opened | null> {
  const [open] = [...(await readGenerations(client))].filter(([, record]) => isOpen(record));
  return open === undefined ? null : { generation: open[0], record: open[1] };
}

/**
 * The open generation where it is of what is wanted, to go on with; else a new one with topics of its own.
 * @throws UserError where one of something else is open, or where there is nothing to replay.
 */
export async function beginGeneration(cluster: Cluster, wanted: Wanted, nowMs: number): Promise<Opened> {
  const known = await openGeneration(cluster);
  if (known) {
    const { record } = known;
    const isSame =
      record.from_ms === wanted.fromMs && record.to_asked_ms === wanted.toMs && record.rules === wanted.rules;
    if (!isSame || (record.state !== 'running' && record.state !== 'ready'))
      throw new UserError(isOpenStill(known));
    await withAdmin(cluster.kafka, (admin) => createTopics(admin, cluster.topics, known.generation));
    return known;
  }
  const generation = Math.max(FIRST_GENERATION, ...(await readGenerations(cluster.client)).keys()) + 1;
  return withAdmin(cluster.kafka, async (admin) => {
    const record = await frozen(admin, wanted, nowMs);
    // the record first: topics without one would be found by nobody
    await writeGeneration(cluster.kafka, generation, record);
    await createTopics(admin, cluster.topics, generation);
    return { generation, record };
  });
}

/** Notes what has become of a generation. */
export async function moveTo(
  { kafka }: Cluster,
  { generation, record }: Opened,
  state: GenerationRecord['state'],
  nowMs: number,
): Promise<Opened> {
  const next = { ...record, state, changed_ms: nowMs };
  await writeGeneration(kafka, generation, next);
  return { generation, record: next };
}

/** Removes what a generation has of its own; it is discarded when this resolves. Can be called again after any failure. */
export async function discardGeneration(cluster: Cluster, opened: Opened, nowMs: number): Promise<void> {
  const discarding = await moveTo(cluster, opened, 'discarding', nowMs);
  await removeTopics(cluster, opened.generation);
  await moveTo(cluster, discarding, 'discarded', nowMs);
}

/** Removes the topics of a generation, where they are still there. */
export async function removeTopics({ kafka, topics }: Cluster, generation: number): Promise<void> {
  await withAdmin(kafka, (admin) =>
    admin.deleteTopics(generationTopics(topics, generation).map(({ name }) => name)),
  );
}

/** Removes what a promotion that was interrupted at its very end has left. */
export async function sweep(cluster: Cluster): Promise<void> {
  const promoted = [...(await readGenerations(cluster.client))].filter(
    ([, { state }]) => state === 'promoted',
  );
  const [last] = promoted.map(([generation]) => generation).sort((a, b) => b - a);
  if (last !== undefined) await removeTopics(cluster, last);
}

/** Where raw-logs begins and ends for this replay: what is appended later is not its. */
async function frozen(admin: ClusterAdmin, wanted: Wanted, nowMs: number): Promise<GenerationRecord> {
  const { fromMs, toMs, rules } = wanted;
  if (fromMs >= Math.min(toMs ?? nowMs, nowMs))
    throw new UserError(`--from must be earlier than ${toMs === null ? 'now' : '--to and than now'}`);
  const ends = await admin.offsets('raw-logs');
  const starts = await admin.offsetsAt('raw-logs', fromMs - CONTEXT_MS);
  const partitions = ends.map(({ partition, start, end }) => {
    const at = starts.find((one) => one.partition === partition)?.offset ?? end;
    return { start: Math.min(Math.max(at, start), end), end };
  });
  if (partitions.every(({ start, end }) => start === end))
    throw new UserError(`raw-logs holds nothing since ${new Date(fromMs - CONTEXT_MS).toISOString()}`);
  return {
    state: 'running',
    from_ms: fromMs,
    to_ms: Math.min(toMs ?? nowMs, nowMs),
    to_asked_ms: toMs,
    context_ms: fromMs - CONTEXT_MS,
    until_ms: nowMs,
    rules,
    partitions,
    catch_up: null,
    copied: null,
    created_ms: nowMs,
    changed_ms: nowMs,
  };
}

async function createTopics(
  admin: ClusterAdmin,
  topics: TopicDefinition[],
  generation: number,
): Promise<void> {
  const existing = await admin.describeTopics();
  // partitions as the cluster has them: the file may ask for more than was applied
  const wanted = generationTopics(topics, generation).map((topic) => {
    const live = existing.get(topic.name.replace(/\.g\d+$/, ''));
    if (!live) throw new UserError('topics are missing: run `vectadb topics apply` first');
    return { ...topic, partitions: live.partitions };
  });
  await admin.createTopics(
    wanted.filter(({ name }) => !existing.has(name)),
    false,
  );
  await waitForLeaders(
    admin,
    wanted.map(({ name }) => name),
  );
}

const isOpenStill = ({ generation, record }: Opened): string => {
  const { state, from_ms, to_asked_ms } = record;
  const range = `${new Date(from_ms).toISOString()} to ${to_asked_ms === null ? 'its beginning' : new Date(to_asked_ms).toISOString()}`;
  return (
    `generation ${generation} (${range}) is ${state}: \`vectadb replay --promote\` or \`--discard\` it first` +
    (state === 'running' ? ', or go on with it by the same arguments' : '')
  );
};
