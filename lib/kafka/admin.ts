import kafkajs from 'kafkajs';
import pRetry from 'p-retry';
import { accessFaultOf } from './access.js';
import { createKafka } from './cluster.js';
import { fetchTopicIds } from './topic-ids.js';
import type { ActualTopic } from './topics/diff.js';
import type { TopicDefinition } from './topics/topic-file.js';
import { FatalError, type KafkaSettings } from './types.js';

// named imports of these are not found: kafkajs is CommonJS
const { AssignerProtocol, ConfigResourceTypes, ConfigSource } = kafkajs;

/** What VectaDB asks of a cluster beside reading and writing. */
export interface ClusterAdmin {
  /** Every topic but Kafka's own (`__…`), with the overrides set on it. */
  describeTopics(): Promise<Map<string, ActualTopic>>;
  /** Names of topics with a partition that has no leader now; topics not known yet count. */
  leaderless(topics: string[]): Promise<string[]>;
  /** Creates what does not exist yet. `validateOnly`: the broker says whether it would, and changes nothing. */
  createTopics(topics: TopicDefinition[], validateOnly: boolean): Promise<void>;
  /** Replaces the whole set of overrides of each topic. */
  replaceConfigs(topics: TopicDefinition[], validateOnly: boolean): Promise<void>;
  /** Raises the number of partitions to `partitions` of each topic. */
  addPartitions(topics: TopicDefinition[], validateOnly: boolean): Promise<void>;
  /** Start and end of each partition; the end is the last stable offset, as far as read_committed readers get. */
  offsets(topic: string): Promise<{ partition: number; start: number; end: number }[]>;
  /** First offset of each partition that was appended at `ms` (Unix milliseconds) or later; the end where there is none. */
  offsetsAt(topic: string, ms: number): Promise<{ partition: number; offset: number }[]>;
  /** Deletes those of `topics` that exist. */
  deleteTopics(topics: string[]): Promise<void>;
  /** Committed offset of each partition that the group has committed, by topic. */
  committed(groupId: string): Promise<{ topic: string; partition: number; offset: number }[]>;
  /** State and members of groups; one that does not exist has state `Dead`. */
  describeGroups(groupIds: string[]): Promise<GroupDescription[]>;
  listGroups(): Promise<string[]>;
  close(): Promise<void>;
}

export interface GroupDescription {
  groupId: string;
  /** Kafka's: Stable, PreparingRebalance, CompletingRebalance, Empty, Dead. */
  state: string;
  members: {
    memberId: string;
    clientId: string;
    host: string;
    partitions: { topic: string; partition: number }[];
  }[];
}

const REQUEST_LIMIT_MS = 15_000;

/** Connects, does one piece of work, closes. @throws as {@link connectAdmin}, and what the work throws. */
export async function withAdmin<T>(
  settings: KafkaSettings,
  work: (admin: ClusterAdmin) => Promise<T>,
): Promise<T> {
  const admin = await connectAdmin(settings);
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

/** Connects to the cluster. @throws an Error naming the brokers when none answers within some seconds. */
export async function connectAdmin(settings: KafkaSettings): Promise<ClusterAdmin> {
  const kafka = createKafka(settings, { retries: 3, initialRetryTime: 100, maxRetryTime: 2_000 });
  const admin = kafka.admin();
  try {
    await admin.connect();
    // a listener that wants a login lets anybody connect, and closes at the first question
    await admin.describeCluster();
  } catch (error) {
    const fault = await accessFaultOf(settings, error);
    const at = settings.brokers.join(', ');
    if (fault !== null) throw new FatalError(`Kafka at ${at}: ${fault}`);
    throw new Error(`Kafka does not answer at ${at} (KAFKA_BROKERS): ${message(error)}`);
  }

  const topicResource = (topic: TopicDefinition) => ({
    type: ConfigResourceTypes.TOPIC,
    name: topic.name,
    configEntries: Object.entries(topic.config).map(([name, value]) => ({ name, value })),
  });

  return {
    async describeTopics() {
      const [metadata, ids] = await Promise.all([admin.fetchTopicMetadata(), fetchTopicIds(settings)]);
      const topics = metadata.topics.filter(({ name }) => !name.startsWith('__'));
      if (topics.length === 0) return new Map();
      const described = await admin.describeConfigs({
        includeSynonyms: false,
        resources: topics.map(({ name }) => ({ type: ConfigResourceTypes.TOPIC, name })),
      });
      const overrides = new Map(
        described.resources.map((resource) => [
          resource.resourceName,
          Object.fromEntries(
            resource.configEntries
              .filter((entry) => entry.configSource === ConfigSource.TOPIC_CONFIG)
              .map((entry) => [entry.configName, entry.configValue]),
          ),
        ]),
      );
      return new Map(
        topics.map(({ name, partitions }) => [
          name,
          {
            name,
            partitions: partitions.length,
            replication: Math.min(...partitions.map(({ replicas }) => replicas.length)),
            overrides: overrides.get(name) ?? {},
            ...(ids.has(name) ? { id: ids.get(name)! } : {}),
          },
        ]),
      );
    },

    async leaderless(topics) {
      const { topics: found } = await admin.fetchTopicMetadata();
      return topics.filter((name) => {
        const partitions = found.find((topic) => topic.name === name)?.partitions ?? [];
        return partitions.length === 0 || partitions.some(({ leader }) => leader < 0);
      });
    },

    async createTopics(topics, validateOnly) {
      if (topics.length === 0) return;
      await explained('create topics', () =>
        admin.createTopics({
          validateOnly,
          timeout: REQUEST_LIMIT_MS,
          // kafkajs's own wait has no message; waitForLeaders does it
          waitForLeaders: false,
          topics: topics.map((topic) => ({
            topic: topic.name,
            numPartitions: topic.partitions,
            replicationFactor: topic.replication,
            configEntries: topicResource(topic).configEntries,
          })),
        }),
      );
    },

    async replaceConfigs(topics, validateOnly) {
      if (topics.length === 0) return;
      await explained('change topic configurations', () =>
        admin.alterConfigs({ validateOnly, resources: topics.map(topicResource) }),
      );
    },

    async addPartitions(topics, validateOnly) {
      if (topics.length === 0) return;
      await explained('add partitions', () =>
        admin.createPartitions({
          validateOnly,
          timeout: REQUEST_LIMIT_MS,
          topicPartitions: topics.map((topic) => ({ topic: topic.name, count: topic.partitions })),
        }),
      );
    },

    async offsets(topic) {
      const offsets = await admin.fetchTopicOffsets(topic);
      return offsets
        .map(({ partition, low, high }) => ({ partition, start: Number(low), end: Number(high) }))
        .sort((a, b) => a.partition - b.partition);
    },

    async offsetsAt(topic, ms) {
      const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, ms);
      return offsets
        .map(({ partition, offset }) => ({ partition, offset: Number(offset) }))
        .sort((a, b) => a.partition - b.partition);
    },

    async deleteTopics(topics) {
      const existing = new Set(await admin.listTopics());
      const found = topics.filter((topic) => existing.has(topic));
      if (found.length === 0) return;
      await explained('delete topics', () =>
        admin.deleteTopics({ topics: found, timeout: REQUEST_LIMIT_MS }),
      );
    },

    async committed(groupId) {
      const topics = await admin.fetchOffsets({ groupId });
      return topics.flatMap(({ topic, partitions }) =>
        partitions
          .filter(({ offset }) => Number(offset) >= 0)
          .map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })),
      );
    },

    async describeGroups(groupIds) {
      const { groups } = await admin.describeGroups(groupIds);
      return groups.map((group) => ({
        groupId: group.groupId,
        state: group.state,
        members: group.members.map((member) => ({
          memberId: member.memberId,
          clientId: member.clientId,
          host: member.clientHost.replace(/^\//, ''),
          partitions: assignedPartitions(member.memberAssignment),
        })),
      }));
    },

    async listGroups() {
      const { groups } = await admin.listGroups();
      return groups.map(({ groupId }) => groupId).sort();
    },

    close: () => admin.disconnect(),
  };
}

/** Waits until every partition of `topics` has a leader: KRaft brokers learn of a new topic a moment after its creation. */
export async function waitForLeaders(admin: ClusterAdmin, topics: string[], limitMs = 30_000): Promise<void> {
  if (topics.length === 0) return;
  await pRetry(
    async () => {
      const missing = await admin.leaderless(topics);
      if (missing.length > 0) throw new Error(`no leader yet for ${missing.join(', ')}`);
    },
    { retries: 1_000, minTimeout: 50, maxTimeout: 500, maxRetryTime: limitMs },
  );
}

/** Empty while the group is rebalancing: a member has no assignment then. */
function assignedPartitions(assignment: Buffer): { topic: string; partition: number }[] {
  if (assignment.length === 0) return [];
  const decoded = AssignerProtocol.MemberAssignment.decode(assignment);
  return Object.entries(decoded?.assignment ?? {}).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

/** kafkajs gathers the errors of several topics without naming them in its message. */
async function explained<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const inner = (error as { errors?: { topic?: string; message: string }[] }).errors;
    const reasons = inner?.map((one) => `${one.topic ?? ''}: ${one.message}`) ?? [message(error)];
    throw new Error(`the broker refuses to ${what}: ${reasons.join('; ')}`, { cause: error });
  }
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));
