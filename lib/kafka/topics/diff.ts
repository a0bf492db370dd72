import { canonicalConfig } from './topic-configs.js';
import type { TopicDefinition } from './topic-file.js';

/** One topic as the cluster has it. */
export interface ActualTopic {
  name: string;
  partitions: number;
  /** Least number of replicas that a partition of it has. */
  replication: number;
  /** Overrides set on the topic itself; what it inherits from the broker is left out. */
  overrides: Record<string, string>;
  /** Kafka's own id of this very topic (a re-created one has another); undefined where the broker has none. */
  id?: string;
}

export interface ConfigChange {
  name: string;
  /** null: not set on the topic. */
  from: string | null;
  /** null: the broker's default. */
  to: string | null;
}

export type TopicChange =
  | { kind: 'create'; topic: TopicDefinition }
  | { kind: 'config'; topic: TopicDefinition; changes: ConfigChange[] }
  | { kind: 'grow'; topic: TopicDefinition; from: number }
  | { kind: 'refused'; topic: TopicDefinition; reason: string };

/**
 * What turns `actual` into `desired`, in the order of the file. Topics that the file does not name are left alone. A
 * `refused` change stops an apply before anything changes.
 */
export function diffTopics(desired: TopicDefinition[], actual: Map<string, ActualTopic>): TopicChange[] {
  return desired.flatMap((topic): TopicChange[] => {
    const found = actual.get(topic.name);
    if (!found) return [{ kind: 'create', topic }];
    const changes: TopicChange[] = [];
    const reason = refusal(topic, found);
    if (reason) changes.push({ kind: 'refused', topic, reason });
    else if (topic.partitions > found.partitions)
      changes.push({ kind: 'grow', topic, from: found.partitions });
    if (topic.replication !== found.replication) {
      changes.push({
        kind: 'refused',
        topic,
        reason:
          `replication factor ${found.replication}, wanted ${topic.replication}: replicas are moved with ` +
          'kafka-reassign-partitions, or set KAFKA_REPLICATION to what the cluster has',
      });
    }
    const configs = diffConfig(topic.config, found.overrides);
    if (configs.length > 0) changes.push({ kind: 'config', topic, changes: configs });
    return changes;
  });
}

function refusal(topic: TopicDefinition, found: ActualTopic): string | undefined {
  if (topic.partitions < found.partitions) {
    return `${found.partitions} partitions, wanted ${topic.partitions}: Kafka cannot take partitions away; set partitions to ${found.partitions}`;
  }
  if (topic.partitions > found.partitions && topic.keyedState) {
    return (
      `${found.partitions} partitions, wanted ${topic.partitions}: its keys have state in their partitions, and a key ` +
      `that moves to another loses it; set partitions to ${found.partitions}, or start with new topics`
    );
  }
  return undefined;
}

/** Overrides that differ, by name. */
export function diffConfig(desired: Record<string, string>, actual: Record<string, string>): ConfigChange[] {
  const names = [...new Set([...Object.keys(desired), ...Object.keys(actual)])].sort();
  return names.flatMap((name) => {
    const to = desired[name] ?? null;
    const from = actual[name] ?? null;
    const equal = from !== null && to !== null && canonicalConfig(name, from) === canonicalConfig(name, to);
    return equal ? [] : [{ name, from, to }];
  });
}
