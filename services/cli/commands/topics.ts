import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { projectRoot } from '../../../lib/config/root.js';
import { loadSchemas } from '../../../lib/config/schemas.js';
import { connectAdmin } from '../../../lib/kafka/admin.js';
import { applyTopics, isEmpty, type Plan, planTopics, refusals } from '../../../lib/kafka/topics/apply.js';
import { topicsMarkdown } from '../../../lib/kafka/topics/docs.js';
import { loadTopics } from '../../../lib/kafka/topics/topic-file.js';
import { readGenerationTopic } from '../../../lib/topology/generation.js';
import { kafkaContext, runCommand, table, writeLine } from '../kafka-command.js';

/** Exit code of `drift` where the cluster differs from the file. */
const DRIFT = 2;

interface Row {
  action: string;
  subject: string;
  detail: string;
}

/** `vectadb topics plan | apply | drift | list | docs`. */
export function register(program: Command): void {
  const topics = program.command('topics').description('make the cluster match topics.yaml and schemas/');
  topics
    .command('plan')
    .description('show what apply would change; exits 1 where it would be refused')
    .option('--json', 'for scripts')
    .action((options: { json?: boolean }) =>
      runCommand(async () => {
        const plan = await planTopics(kafkaContext());
        await print(plan, options.json, 'Nothing to change.');
        return refusals(plan).length > 0 ? 1 : 0;
      }),
    );
  topics
    .command('apply')
    .description('create and change topics, register schemas, mint epochs; all or nothing is checked first')
    .option('--json', 'for scripts')
    .action((options: { json?: boolean }) =>
      runCommand(async () => {
        await print(await applyTopics(kafkaContext()), options.json, 'Nothing to change.');
        return 0;
      }),
    );
  topics
    .command('drift')
    .description(`compare only: exits 0 where all is equal, ${DRIFT} where something differs`)
    .option('--json', 'for scripts')
    .action((options: { json?: boolean }) =>
      runCommand(async () => {
        const plan = await planTopics(kafkaContext());
        await print(plan, options.json, 'No drift.');
        return isEmpty(plan) ? 0 : DRIFT;
      }),
    );
  topics
    .command('list')
    .description('topics of the cluster')
    .option('--json', 'for scripts')
    .action((options: { json?: boolean }) => runCommand(() => listTopics(options.json)));
  topics
    .command('docs')
    .description('docs/topics.md from topics.yaml and schemas/')
    .option('--write', 'write the file instead of printing it')
    .action((options: { write?: boolean }) =>
      runCommand(async () => {
        const text = topicsMarkdown(loadTopics(), loadSchemas());
        if (!options.write) {
          await writeLine(text);
          return 0;
        }
        const path = join(projectRoot(), 'docs/topics.md');
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
        return 0;
      }),
    );
}

async function print(plan: Plan, json: boolean | undefined, nothing: string): Promise<void> {
  const rows = planRows(plan);
  if (json) {
    await writeLine(JSON.stringify({ changes: rows, refused: refusals(plan), unknown: plan.unknown }));
    return;
  }
  if (rows.length === 0) await writeLine(nothing);
  else
    await writeLine(
      table(
        ['action', 'what', 'how'],
        rows.map((row) => [row.action, row.subject, row.detail]),
      ),
    );
  if (plan.unknown.length > 0) await writeLine(`Not in topics.yaml, left alone: ${plan.unknown.join(', ')}`);
}

/** One row per change; refusals first, because they stop the rest. */
export function planRows(plan: Plan): Row[] {
  const rows: Row[] = [];
  for (const change of plan.schemas) {
    const subject = change.subject.name;
    if (change.kind === 'refused')
      for (const reason of change.reasons) rows.push({ action: 'refused', subject, detail: reason });
    else if (change.kind === 'register')
      rows.push({
        action: 'register',
        subject,
        detail: `schema ${change.subject.schemaName}, version ${change.version}`,
      });
    else rows.push({ action: 'level', subject, detail: `${change.from ?? 'none'} → BACKWARD_TRANSITIVE` });
  }
  for (const change of plan.topics) {
    const { topic } = change;
    const subject = topic.name;
    if (change.kind === 'create') {
      const config = Object.entries(topic.config).map(([name, value]) => `${name}=${value}`);
      const detail = `${topic.partitions} partitions, replication ${topic.replication}\n${config.join('\n')}`;
      rows.push({ action: 'create', subject, detail });
    } else if (change.kind === 'grow') {
      rows.push({ action: 'grow', subject, detail: `partitions ${change.from} → ${topic.partitions}` });
    } else if (change.kind === 'refused') {
      rows.push({ action: 'refused', subject, detail: change.reason });
    } else {
      const detail = change.changes.map(
        ({ name, from, to }) => `${name} ${from ?? 'unset'} → ${to ?? 'unset'}`,
      );
      rows.push({ action: 'configure', subject, detail: detail.join('\n') });
    }
  }
  for (const { topic, reason } of plan.epochs) rows.push({ action: 'epoch', subject: topic, detail: reason });
  return rows.sort((a, b) => Number(b.action === 'refused') - Number(a.action === 'refused'));
}

function replayed(name: string): string {
  const read = readGenerationTopic(name);
  return read === null ? '' : `Of the replay of generation ${read.generation}.`;
}

async function listTopics(json: boolean | undefined): Promise<number> {
  const { kafka, topics } = kafkaContext();
  const admin = await connectAdmin(kafka);
  try {
    const known = new Map(topics.map((topic) => [topic.name, topic]));
    const found = [...(await admin.describeTopics()).values()].sort((a, b) => a.name.localeCompare(b.name));
    const rows = await Promise.all(
      found.map(async (topic) => {
        const offsets = await admin.offsets(topic.name);
        return {
          topic: topic.name,
          partitions: topic.partitions,
          replication: topic.replication,
          offsets: offsets.reduce((sum, { start, end }) => sum + end - start, 0),
          managed: known.has(topic.name),
          doc: known.get(topic.name)?.doc ?? replayed(topic.name),
        };
      }),
    );
    if (json) await writeLine(JSON.stringify(rows));
    else
      await writeLine(
        table(
          ['topic', 'partitions', 'replicas', 'offsets', ''],
          rows.map((row) => [
            row.topic,
            row.partitions,
            row.replication,
            row.offsets,
            row.doc || 'not in topics.yaml',
          ]),
          [1, 2, 3],
        ),
      );
    return 0;
  } finally {
    await admin.close();
  }
}
