import type { ClusterAdmin, GroupDescription } from './admin.js';

/** VectaDB's consumer groups and what each reads. */
export const GROUP_INPUTS: Record<string, string[]> = {
  'vectadb-parse': ['raw-logs'],
  'vectadb-trace': ['parsed-events'],
  'vectadb-aggregate': ['group-states'],
  'vectadb-surreal-sink': ['agent-events', 'agent-traces'],
  'vectadb-qdrant-sink': ['agent-events'],
};

/**
 * Groups of the exactly-once runner: their true position is in their changelog; what they commit to Kafka, about once a
 * second, is for display only.
 */
export const EXACTLY_ONCE_GROUPS = new Set(['vectadb-parse', 'vectadb-trace', 'vectadb-aggregate']);

export interface PartitionLag {
  topic: string;
  partition: number;
  /** Committed offset; null: never committed. */
  position: number | null;
  /** Last stable offset: what follows belongs to a transaction that is still open. */
  end: number;
  /** Offsets between position (else the log's start) and end; transaction markers count, so it is no count of records. */
  lag: number;
  /** Member that owns it, `client@host`; null: nobody. */
  member: string | null;
}

export interface GroupLag {
  group: string;
  state: string;
  members: number;
  lag: number;
  exactlyOnce: boolean;
  partitions: PartitionLag[];
}

/** Position, end and lag of each group and partition. Topics that do not exist are left out. */
export async function readLag(admin: ClusterAdmin, groups = Object.keys(GROUP_INPUTS)): Promise<GroupLag[]> {
  const existing = await admin.describeTopics();
  const described = new Map((await admin.describeGroups(groups)).map((group) => [group.groupId, group]));
  const offsets = new Map<string, ReturnType<ClusterAdmin['offsets']>>();
  const offsetsOf = (topic: string) => {
    if (!offsets.has(topic)) offsets.set(topic, admin.offsets(topic));
    return offsets.get(topic)!;
  };
  return Promise.all(
    groups.map(async (group): Promise<GroupLag> => {
      const committed = await admin.committed(group);
      const description = described.get(group);
      const topics = [...new Set([...(GROUP_INPUTS[group] ?? []), ...committed.map(({ topic }) => topic)])];
      const partitions: PartitionLag[] = [];
      for (const topic of topics.filter((name) => existing.has(name))) {
        for (const { partition, start, end } of await offsetsOf(topic)) {
          const position =
            committed.find((one) => one.topic === topic && one.partition === partition)?.offset ?? null;
          const lag = Math.max(0, end - Math.max(position ?? start, start));
          partitions.push({
            topic,
            partition,
            position,
            end,
            lag,
            member: ownerOf(description, topic, partition),
          });
        }
      }
      return {
        group,
        state: description?.state ?? 'Dead',
        members: description?.members.length ?? 0,
        lag: partitions.reduce((sum, { lag }) => sum + lag, 0),
        exactlyOnce: EXACTLY_ONCE_GROUPS.has(group),
        partitions,
      };
    }),
  );
}

function ownerOf(group: GroupDescription | undefined, topic: string, partition: number): string | null {
  const member = group?.members.find(({ partitions }) =>
    partitions.some((one) => one.topic === topic && one.partition === partition),
  );
  return member ? `${member.clientId}@${member.host}` : null;
}
