import pRetry from 'p-retry';
import { readGenerationTopic } from '../../topology/generation.js';
import { type ClusterAdmin, waitForLeaders, withAdmin } from '../admin.js';
import type { Registry } from '../registry.js';
import { FatalError, type KafkaSettings } from '../types.js';
import { type ActualTopic, diffTopics, type TopicChange } from './diff.js';
import { EPOCH_TOPIC, epochNeed, mintEpochs, readEpochRecords } from './epochs.js';
import type { SchemaChange } from './schema-plan.js';
import type { TopicDefinition } from './topic-file.js';

export interface EpochChange {
  kind: 'epoch';
  topic: string;
  /** Why it needs one. */
  reason: string;
}

/** All that an apply would do, found without changing anything. */
export interface Plan {
  topics: TopicChange[];
  schemas: SchemaChange[];
  epochs: EpochChange[];
  /** Topics of the cluster that neither the file names nor a replay has made: left alone. */
  unknown: string[];
}

/** Where the desired state comes from and where it goes. */
export interface TopicTarget {
  kafka: KafkaSettings;
  registry: Pick<Registry, 'plan' | 'registerAll'>;
  topics: TopicDefinition[];
}

/** An apply that was stopped before it changed anything. */
export class ApplyRefusedError extends FatalError {
  override name = 'ApplyRefusedError';
  constructor(readonly reasons: string[]) {
    super(`nothing was changed:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`);
  }
}

const SETTLE_LIMIT_MS = 30_000;

/** Compares topics, schemas and epochs with what there is. @throws when the cluster or the registry does not answer. */
export async function planTopics(target: TopicTarget): Promise<Plan> {
  return withAdmin(target.kafka, (admin) => plan(target, admin));
}

/**
 * Makes cluster and registry match. Everything is checked first, by the file, by the registry and by the broker.
 * Returns the plan that was carried out; a plan of nothing means that nothing differed.
 * @throws ApplyRefusedError before anything changes, with every reason.
 */
export async function applyTopics(target: TopicTarget, nowMs = Date.now()): Promise<Plan> {
  return withAdmin(target.kafka, async (admin) => {
    const planned = await plan(target, admin);
    const reasons = refusals(planned);
    if (reasons.length > 0) throw new ApplyRefusedError(reasons);
    const pick = (kind: TopicChange['kind']) =>
      planned.topics.filter((change) => change.kind === kind).map(({ topic }) => topic);
    const [created, configured, grown] = [pick('create'), pick('config'), pick('grow')];

    const carryOut = async (validateOnly: boolean) => {
      await admin.createTopics(created, validateOnly);
      await admin.replaceConfigs(configured, validateOnly);
      await admin.addPartitions(grown, validateOnly);
    };
    await carryOut(true).catch((error: Error) => {
      throw new ApplyRefusedError([error.message]);
    });
    if (planned.schemas.length > 0) await target.registry.registerAll();
    await carryOut(false);
    const actual = await settled(admin, target.topics);
    const wanting = [...created.map(({ name }) => name), ...planned.epochs.map(({ topic }) => topic)];
    if (wanting.length > 0) {
      await mintEpochs(
        target.kafka,
        wanting.map((name) => actual.get(name)!),
        nowMs,
      );
    }
    return planned;
  });
}

/** Whether the plan holds anything that differs. */
export const isEmpty = (plan: Plan): boolean =>
  plan.topics.length === 0 && plan.schemas.length === 0 && plan.epochs.length === 0;

/** Why the plan may not be carried out, one reason a line. */
export function refusals(plan: Plan): string[] {
  const schemas = plan.schemas.flatMap((change) =>
    change.kind === 'refused'
      ? change.reasons.map(
          (reason) => `${change.subject.name} (schemas/${change.subject.schemaName}.avsc): ${reason}`,
        )
      : [],
  );
  const topics = plan.topics.flatMap((change) =>
    change.kind === 'refused' ? [`${change.topic.name}: ${change.reason}`] : [],
  );
  return [...schemas, ...topics];
}

async function plan(target: TopicTarget, admin: ClusterAdmin): Promise<Plan> {
  const [actual, schemas] = await Promise.all([admin.describeTopics(), target.registry.plan()]);
  const records = actual.has(EPOCH_TOPIC) ? await readEpochRecords(target.kafka) : new Map();
  const names = new Set(target.topics.map(({ name }) => name));
  return {
    topics: diffTopics(target.topics, actual),
    schemas,
    epochs: target.topics.flatMap(({ name }): EpochChange[] => {
      const topic = actual.get(name);
      const reason = topic && epochNeed(topic, records.get(name));
      return reason ? [{ kind: 'epoch', topic: name, reason }] : [];
    }),
    unknown: [...actual.keys()].filter((name) => !names.has(name) && !isOfGeneration(name, names)).sort(),
  };
}

/** A replay makes and removes the topics of its generation. */
function isOfGeneration(name: string, known: ReadonlySet<string>): boolean {
  const read = readGenerationTopic(name);
  return read !== null && known.has(read.topic);
}

/**
 * Waits until the cluster shows what was asked for: KRaft brokers learn of a change a moment after it was accepted.
 * Where the broker gives ids to topics, every topic has its own by then.
 */
async function settled(admin: ClusterAdmin, topics: TopicDefinition[]): Promise<Map<string, ActualTopic>> {
  await waitForLeaders(
    admin,
    topics.map(({ name }) => name),
    SETTLE_LIMIT_MS,
  );
  return pRetry(
    async () => {
      const actual = await admin.describeTopics();
      const open = diffTopics(topics, actual).map(({ kind, topic }) => `${topic.name} (${kind})`);
      const someHaveIds = [...actual.values()].some(({ id }) => id !== undefined);
      const withoutId = topics.filter(({ name }) => someHaveIds && actual.get(name)?.id === undefined);
      open.push(...withoutId.map(({ name }) => `${name} (id)`));
      if (open.length > 0) throw new Error(`the cluster does not show the change yet: ${open.join(', ')}`);
      return actual;
    },
    { retries: 1_000, minTimeout: 50, maxTimeout: 500, maxRetryTime: SETTLE_LIMIT_MS },
  );
}
