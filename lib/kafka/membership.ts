import { EventEmitter } from 'node:events';
import { AssignerProtocol, type Consumer, type PartitionAssigner } from 'kafkajs';
import type { Logger } from '../telemetry/logger.js';
import { assignSticky } from './assigner.js';
import { type ClusterClient, createKafka } from './cluster.js';
import { forgetMember, recallMember, rememberMember } from './member-file.js';
import { FatalError, type KafkaSettings } from './types.js';
import { isOutage, untilAnswered } from './until-answered.js';

export interface MembershipOptions {
  kafka: KafkaSettings;
  groupId: string;
  topics: string[];
  cluster: ClusterClient;
  logger: Logger;
  /** Claims on partitions (`topic/partition` → fence offset), asked for at each join. */
  claims: () => Record<string, number>;
  sessionTimeoutMs: number;
  /** File that keeps this instance's member id, so that its next start can say that it is gone; null keeps none. */
  memberFile: string | null;
}

interface MembershipEvents {
  /** A rebalance has begun: what is owned may be about to go. */
  revoking: [];
  /** A new generation with its partitions, `topic/partition`. */
  assigned: [partitions: string[]];
  /** The coordinator has answered a heartbeat: this member is still in its generation. */
  heartbeat: [];
  /** The member cannot go on. */
  fatal: [error: Error];
}

const HEARTBEAT_MS = 1_000;

/**
 * Membership of a consumer group, and nothing else: a kafkajs consumer joins, keeps its heartbeat and is told its partitions, but
 * every partition of it stays paused; {@link FetchLoop} does the reading. Partitions are named `topic/partition`.
 */
export class Membership extends EventEmitter<MembershipEvents> {
  private consumer: Consumer | null = null;
  /** Counts generations as seen here; kafkajs's own events carry none. */
  generation = 0;
  memberId: string | null = null;
  joined = false;
  private readonly stop = new AbortController();
  private rejoining: Promise<void> = Promise.resolve();
  /** The latest attempt to join; it goes on for a moment when nobody waits for it any more. */
  private attempt: Promise<void> = Promise.resolve();

  constructor(private readonly options: MembershipOptions) {
    super();
  }

  /**
   * Joins the group; waits for a Kafka that does not answer yet. Resolves without having joined when it is closed meanwhile.
   * @throws what is no outage, and an outage that lasts.
   */
  async start(): Promise<void> {
    const { groupId, logger } = this.options;
    const { signal } = this.stop;
    try {
      await untilAnswered(`joining ${groupId}`, () => this.join(), { logger, signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Commits positions of a group at the current generation; refused by the broker when this member is out of date. */
  async commit(offsets: { topic: string; partition: number; offset: string }[]): Promise<void> {
    if (!this.consumer) throw new Error('the membership has not started');
    await this.consumer.commitOffsets(offsets);
  }

  /** Leaves the group. */
  async close(): Promise<void> {
    this.stop.abort();
    await this.rejoining;
    await this.consumer?.disconnect();
    await this.attempt.catch(() => {}); // whoever asked for it has been told
    if (this.options.memberFile) forgetMember(this.options.memberFile);
  }

  private join(): Promise<void> {
    this.attempt = this.tryToJoin();
    return this.attempt;
  }

  private async tryToJoin(): Promise<void> {
    const { kafka, groupId, topics, sessionTimeoutMs } = this.options;
    const { signal } = this.stop;
    await this.leaveAsBefore();
    signal.throwIfAborted();
    const consumer = createKafka(kafka).consumer({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: Math.max(sessionTimeoutMs, 10_000),
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: 250,
      allowAutoTopicCreation: false,
      partitionAssigners: [this.assigner()],
    });
    this.consumer = consumer;
    this.listenTo(consumer);
    try {
      await consumer.connect();
      await consumer.subscribe({ topics, fromBeginning: true });
      signal.throwIfAborted();
      await consumer.run({ autoCommit: false, eachBatch: async () => {} });
    } catch (error) {
      await consumer.disconnect().catch(() => {}); // it is not used any more
      throw error;
    }
  }

  /** Says that whoever was here before, a process that was killed or a consumer that crashed, is gone. */
  private async leaveAsBefore(): Promise<void> {
    const { groupId, cluster, logger, memberFile } = this.options;
    const predecessor = memberFile ? recallMember(memberFile) : this.memberId;
    if (!predecessor) return;
    try {
      await cluster.leaveGroup(groupId, predecessor);
      logger.info({ groupId, predecessor }, 'told the coordinator that the predecessor is gone');
    } catch (error) {
      // its session has ended by itself, or will: then joining only takes longer
      logger.debug({ err: error, groupId }, 'the predecessor had left already');
    }
  }

  private listenTo(consumer: Consumer): void {
    const { GROUP_JOIN, HEARTBEAT, REBALANCING, CRASH } = consumer.events;
    consumer.on(GROUP_JOIN, ({ payload }) => this.onJoin(payload.memberId, payload.memberAssignment));
    consumer.on(HEARTBEAT, () => {
      // a coordinator that was starting may have refused us, the new join as well, and then know us as before
      this.joined = true;
      this.emit('heartbeat');
    });
    consumer.on(REBALANCING, () => {
      this.joined = false;
      this.emit('revoking');
    });
    consumer.on(CRASH, ({ payload }) => this.onCrash(payload.error, payload.restart));
  }

  private onCrash(error: Error, restarts: boolean): void {
    const { groupId, logger } = this.options;
    this.joined = false;
    if (this.stop.signal.aborted) return;
    this.emit('assigned', []);
    if (restarts) logger.warn({ err: error, groupId }, 'the group membership restarts');
    else if (isOutage(error)) {
      // kafkajs gives up where no broker can be asked for the coordinator, as while the only one starts
      logger.warn({ err: error, groupId }, 'the group membership ended with an outage; joining anew');
      this.rejoining = this.rejoin();
    } else this.end(error);
  }

  private async rejoin(): Promise<void> {
    const { groupId, logger } = this.options;
    const { signal } = this.stop;
    try {
      await untilAnswered(`joining ${groupId} anew`, () => this.join(), {
        logger,
        signal,
        limitMs: Number.POSITIVE_INFINITY,
      });
    } catch (error) {
      if (!signal.aborted) this.end(error as Error);
    }
  }

  private end(error: Error): void {
    this.emit('fatal', new FatalError(`membership of ${this.options.groupId} ended: ${error.message}`));
  }

  private onJoin(memberId: string, assignment: Record<string, number[]>): void {
    this.memberId = memberId;
    this.generation++;
    this.joined = true;
    const { groupId, memberFile, logger } = this.options;
    const topics = Object.entries(assignment);
    // before the next fetch of kafkajs, which would otherwise read what we read
    this.consumer!.pause(topics.map(([topic, partitions]) => ({ topic, partitions })));
    if (memberFile) rememberMember(memberFile, memberId);
    const partitions = topics.flatMap(([topic, numbers]) => numbers.map((number) => `${topic}/${number}`));
    logger.info({ groupId, memberId, generation: this.generation, partitions }, 'joined the group');
    this.emit('assigned', partitions);
  }

  private assigner(): PartitionAssigner {
    const { MemberMetadata, MemberAssignment } = AssignerProtocol;
    const name = 'vectadb-sticky';
    const version = 1;
    return ({ cluster }) => ({
      name,
      version,
      protocol: ({ topics }) => ({
        name,
        metadata: MemberMetadata.encode({
          version,
          topics,
          userData: Buffer.from(JSON.stringify(this.options.claims())),
        }),
      }),
      assign: async ({ members, topics }) => {
        const partitions = topics.flatMap((topic) =>
          cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => `${topic}/${partitionId}`),
        );
        const assigned = assignSticky(
          partitions.sort(),
          members.map(({ memberId, memberMetadata }) => ({
            memberId,
            claims: JSON.parse(MemberMetadata.decode(memberMetadata)!.userData.toString() || '{}'),
          })),
        );
        return [...assigned].map(([memberId, names]) => {
          const assignment: Record<string, number[]> = {};
          for (const partition of names) {
            const [topic, number] = partition.split('/') as [string, string];
            assignment[topic] ??= [];
            assignment[topic].push(Number(number));
          }
          return {
            memberId,
            memberAssignment: MemberAssignment.encode({ version, assignment, userData: Buffer.alloc(0) }),
          };
        });
      },
    });
  }
}
