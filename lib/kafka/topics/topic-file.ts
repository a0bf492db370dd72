import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isMap, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { ConfigError } from '../../config/config-error.js';
import { projectRoot } from '../../config/root.js';
import { SCHEMA_NAMES, type SchemaName } from '../../model/codec.js';
import { canonicalConfig, topicConfigFault } from './topic-configs.js';

/** One topic as topics.yaml wants it. */
export interface TopicDefinition {
  name: string;
  doc: string;
  /** Record types of its values; empty where values are not Avro of ours. */
  value: SchemaName[];
  /** Written and read by VectaDB alone. */
  internal: boolean;
  /** A key's partition holds state, so the partition of a key must never change. */
  keyedState: boolean;
  /** Topic whose state this changelog holds, partition by partition. */
  changelogOf?: string;
  partitions: number;
  replication: number;
  /** Every override, defaults of the file included; values as Kafka writes them. */
  config: Record<string, string>;
}

export interface TopicFileOptions {
  /** Replication factor of every topic. */
  replication?: number;
  /** In place of `defaults.partitions`. */
  defaultPartitions?: number;
}

const configs = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String));

const topicSchema = z.strictObject({
  doc: z.string().min(1),
  value: z.array(z.enum(SCHEMA_NAMES)).default([]),
  internal: z.boolean().default(false),
  keyed_state: z.boolean().default(false),
  changelog_of: z.string().optional(),
  partitions: z.number().int().min(1).max(10_000).optional(),
  config: configs.default({}),
});

const fileSchema = z.strictObject({
  defaults: z
    .strictObject({
      partitions: z.number().int().min(1).max(10_000).default(6),
      config: configs.default({}),
    })
    .prefault({}),
  topics: z.record(
    z.string().regex(/^[a-zA-Z0-9._-]{1,249}$/, 'a topic name has 1 to 249 of a-z A-Z 0-9 . _ -'),
    topicSchema,
  ),
});

/** Above this many replicas one may be lost without losing what was acknowledged, so two must have it. */
const REPLICATION_FOR_TWO_IN_SYNC = 3;

/** Reads the installation's topics.yaml. @throws ConfigError as {@link parseTopics}. */
export function loadTopics(
  options: TopicFileOptions = {},
  path = join(projectRoot(), 'topics.yaml'),
): TopicDefinition[] {
  return parseTopics(readFileSync(path, 'utf8'), relative(process.cwd(), path) || path, options);
}

/**
 * Reads a topics file: topics in its order, defaults applied. With a replication factor of 3 or more,
 * `min.insync.replicas` is at least 2, so that what was acknowledged outlives one broker.
 * @throws ConfigError with every fault, each with file, line and path. `name` stands for the file in messages.
 */
export function parseTopics(text: string, name: string, options: TopicFileOptions = {}): TopicDefinition[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((error) => `${name}:${error.linePos?.[0].line ?? 1}: ${error.message}`),
    );
  }
  const lineOf = (path: PropertyKey[]): number => {
    // the line of the deepest part of the path that is in the file; a missing field's is that of its owner
    for (let depth = path.length; depth > 0; depth--) {
      const parent = document.getIn(path.slice(0, depth - 1), true);
      const pair = isMap(parent)
        ? parent.items.find(({ key }) => String(key) === path[depth - 1])
        : undefined;
      const node = (pair?.key ?? document.getIn(path.slice(0, depth), true)) as
        | { range?: number[] }
        | undefined;
      if (node?.range) return lines.linePos(node.range[0]!).line;
    }
    return 1;
  };
  const faults: { path: PropertyKey[]; message: string }[] = [];
  const read = fileSchema.safeParse(document.toJS() ?? {});
  for (const issue of read.error?.issues ?? []) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys)
        faults.push({ path: [...issue.path, key], message: 'is not a known field' });
    } else faults.push({ path: issue.path, message: issue.message });
  }
  const topics = read.success ? definitions(read.data, options) : [];
  if (read.success) faults.push(...semanticFaults(read.data, topics));
  if (faults.length > 0) {
    throw new ConfigError(
      faults
        .map(({ path, message }) => ({
          line: lineOf(path),
          message: `${path.map(String).join(' > ')}: ${message}`,
        }))
        .sort((a, b) => a.line - b.line)
        .map(({ line, message }) => `${name}:${line}: ${message}`),
    );
  }
  return topics;
}

function definitions(file: z.output<typeof fileSchema>, options: TopicFileOptions): TopicDefinition[] {
  const replication = options.replication ?? 1;
  return Object.entries(file.topics).map(([name, topic]) => {
    const config: Record<string, string> = {};
    for (const [key, value] of Object.entries({ ...file.defaults.config, ...topic.config }))
      config[key] = canonicalConfig(key, value);
    const inSync = Number(config['min.insync.replicas'] ?? 1);
    if (replication >= REPLICATION_FOR_TWO_IN_SYNC && inSync < 2) config['min.insync.replicas'] = '2';
    return {
      name,
      doc: topic.doc,
      value: topic.value,
      internal: topic.internal,
      keyedState: topic.keyed_state,
      ...(topic.changelog_of === undefined ? {} : { changelogOf: topic.changelog_of }),
      partitions: topic.partitions ?? options.defaultPartitions ?? file.defaults.partitions,
      replication,
      config,
    };
  });
}

function semanticFaults(file: z.output<typeof fileSchema>, topics: TopicDefinition[]) {
  const faults: { path: PropertyKey[]; message: string }[] = [];
  const checkConfigs = (path: PropertyKey[], config: Record<string, string>) => {
    for (const [key, value] of Object.entries(config)) {
      const message = topicConfigFault(key, value);
      if (message) faults.push({ path: [...path, key], message });
    }
  };
  checkConfigs(['defaults', 'config'], file.defaults.config);
  for (const topic of topics) {
    const path = ['topics', topic.name];
    checkConfigs([...path, 'config'], file.topics[topic.name]!.config);
    const inSync = Number(topic.config['min.insync.replicas'] ?? 1);
    if (inSync > topic.replication) {
      faults.push({
        path: [...path, 'config', 'min.insync.replicas'],
        message: `min.insync.replicas is ${inSync} but the replication factor ${topic.replication}: nothing could be written`,
      });
    }
    if (topic.changelogOf === undefined) continue;
    const source = topics.find((other) => other.name === topic.changelogOf);
    if (!source) {
      faults.push({ path: [...path, 'changelog_of'], message: `there is no topic ${topic.changelogOf}` });
    } else if (source.partitions !== topic.partitions) {
      faults.push({
        path: [...path, 'partitions'],
        message: `has ${topic.partitions} partitions, its source ${source.name} ${source.partitions}: each holds the state of one`,
      });
    }
  }
  return faults;
}
