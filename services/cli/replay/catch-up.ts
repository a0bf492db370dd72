import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../../../deploy/local/stack.js';
import type { ClusterAdmin } from '../../../lib/kafka/admin.js';
import { ChangelogPositions } from '../../../lib/kafka/changelog-positions.js';
import type { ClusterClient } from '../../../lib/kafka/cluster.js';
import type { GenerationRecord } from '../../../lib/kafka/generations/generation-record.js';

/** Where a partition begins and how far it is to be read. */
interface Target {
  partition: number;
  start: number;
  end: number;
}

const POLL_MS = 500;
/** A reader whose positions stand still for this long does not come along. */
const STALL_MS = 60_000;
const SINK = 'vectadb-surreal-sink';

/** What the live topology reads, stage by stage, and where it says how far it is. */
const STAGES = [
  ['parse', 'raw-logs', 'parse-changelog'],
  ['trace', 'parsed-events', 'trace-changelog'],
  ['aggregate', 'group-states', 'aggregate-changelog'],
] as const;

/** Resolves once everything of the range is stored as the live topology sees it. @throws as {@link waitUntil} */
export async function waitUntilStored(
  admin: ClusterAdmin,
  cluster: ClusterClient,
  { partitions }: GenerationRecord,
): Promise<void> {
  for (const [stage, topic, changelog] of STAGES) {
    const targets =
      topic === 'raw-logs'
        ? partitions.flatMap((range, partition) => (range.end > range.start ? [{ partition, ...range }] : []))
        : await admin.offsets(topic);
    const positions = new ChangelogPositions(cluster, changelog);
    await waitUntil(`the processor's ${stage}`, topic, targets, () => positions.poll());
  }
  for (const topic of ['agent-events', 'agent-traces'])
    await waitUntil(SINK, topic, await admin.offsets(topic), () => committed(admin, topic));
}

/**
 * Resolves once SurrealDB has what is in agent-events by now, and what was sent.
 * @param sent end of what was sent by partition: it may be readable a moment later only. @throws as {@link waitUntil}
 */
export async function waitForSink(admin: ClusterAdmin, sent: ReadonlyMap<number, number>): Promise<void> {
  const topic = 'agent-events';
  const targets = (await admin.offsets(topic)).map(({ partition, start, end }) => ({
    partition,
    start,
    end: Math.max(end, sent.get(partition) ?? 0),
  }));
  await waitUntil(SINK, topic, targets, () => committed(admin, topic));
}

/** @throws UserError naming the reader when its positions stand still for a minute. */
async function waitUntil(
  reader: string,
  topic: string,
  targets: readonly Target[],
  positions: () => Promise<ReadonlyMap<number, number>>,
): Promise<void> {
  let last = '';
  for (let movedMs = Date.now(); ; await delay(POLL_MS)) {
    const now = await positions();
    const left = targets.reduce(
      (sum, { partition, start, end }) => sum + Math.max(0, end - (now.get(partition) ?? start)),
      0,
    );
    if (left === 0) return;
    const text = JSON.stringify([...now]);
    if (text !== last) movedMs = Date.now();
    last = text;
    if (Date.now() - movedMs > STALL_MS) {
      throw new UserError(
        `${reader} is ${left} records of ${topic} behind and does not come along: see \`vectadb status\`, then give the same command again`,
      );
    }
  }
}

async function committed(admin: ClusterAdmin, topic: string): Promise<ReadonlyMap<number, number>> {
  const offsets = await admin.committed(SINK);
  return new Map(
    offsets.filter((one) => one.topic === topic).map(({ partition, offset }) => [partition, offset]),
  );
}
