import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { UserError } from '../../../deploy/local/stack.js';
import { type AppConfig, loadAppConfig } from '../../../lib/config/app-config.js';
import { readEnvironment, STACK, text } from '../../../lib/config/env.js';
import { ClusterClient } from '../../../lib/kafka/cluster.js';
import { faultPointAt, noFaultPoint } from '../../../lib/kafka/exactly-once/fault-point.js';
import { readEpochs } from '../../../lib/kafka/topics/epochs.js';
import { canonicalJson } from '../../../lib/model/json.js';
import { readTimestamp } from '../../../lib/model/timestamp.js';
import { connectSurreal } from '../../../lib/stores/surreal/connection.js';
import { replayTopology } from '../../../lib/topology/generation.js';
import { loadRules, readRuleFile } from '../../processor/adapters/rule-files.js';
import type { CompiledRules } from '../../processor/core/rules/compiled-rules.js';
import { buildTopology } from '../../processor/core/topology.js';
import { kafkaContext, runCommand, writeLine } from '../kafka-command.js';
import { compare } from '../replay/compare.js';
import type { Difference } from '../replay/difference.js';
import { renderDifference } from '../replay/difference-view.js';
import {
  beginGeneration,
  type Cluster,
  discardGeneration,
  moveTo,
  type Opened,
  openGeneration,
} from '../replay/open-generation.js';
import { showProgress } from '../replay/progress.js';
import { ReplayedRows } from '../replay/replayed-rows.js';
import { runReplay } from '../replay/run.js';
import { CONFIG_OPTION } from '../rules-command.js';

interface Options {
  from?: string;
  to?: string;
  patterns?: string;
  config: string;
  discard?: boolean;
  json?: boolean;
}

const VARIABLES = {
  SURREAL_URL: STACK.SURREAL_URL,
  SURREAL_USER: STACK.SURREAL_USER,
  SURREAL_PASS: STACK.SURREAL_PASS,
  SURREAL_NAMESPACE: STACK.SURREAL_NAMESPACE,
  SURREAL_DATABASE: STACK.SURREAL_DATABASE,
  FAULT_POINT: {
    schema: text(''),
    doc: 'For tests: NAME:N ends the process with SIGKILL the N-th time that the named moment is reached',
  },
} as const;

/** A trace may have been closed by quiet a little later than in the history, by the time that the live stages take. */
const CLOSE_MARGIN_MS = 120_000;

/** `vectadb replay`: raw-logs once more, beside what runs, and what it would change. */
export function register(program: Command): void {
  program
    .command('replay')
    .description(
      'process raw-logs again in a generation of its own and show what differs from what is stored',
    )
    .option('--from <time>', 'events appended from this time on; an hour before is read for context')
    .option('--to <time>', 'events appended before this time; left out: all that is there now')
    .option('--patterns <file>', 'rules to try: a rule file, before the rules of the configuration')
    .option(...CONFIG_OPTION)
    .addOption(new Option('--discard', 'remove the open generation and its topics').conflicts(['from', 'to']))
    .option('--json', 'the difference as one JSON object')
    .action((options: Options) => runCommand(() => replay(options)));
}

async function replay(options: Options): Promise<number> {
  const { kafka, topics, registry, codec } = kafkaContext();
  const client = new ClusterClient(kafka);
  const cluster: Cluster = { kafka, client, topics };
  try {
    if (options.discard) return await discard(cluster);
    const { config, rules } = readRulesToTry(options);
    const fingerprint = fingerprintOf(config, rules);
    const wanted = {
      fromMs: timeOf('--from', options.from),
      toMs: options.to === undefined ? null : timeOf('--to', options.to),
      rules: fingerprint,
    };
    await registry.resolveIds();
    const epochs = await readEpochs(kafka);
    let opened = await beginGeneration(cluster, wanted, Date.now());
    const { generation, record } = opened;
    if (record.state === 'running') {
      const { FAULT_POINT } = readEnvironment(VARIABLES);
      const progress = showProgress(process.stderr, generation, record);
      const built = buildTopology({ codec, config, rules, epochs, generation });
      await runReplay({
        kafka,
        cluster: client,
        generation,
        record,
        codec,
        topology: replayTopology(built, generation),
        learnSchema: (id) => registry.learn(id),
        faultPoint: FAULT_POINT
          ? faultPointAt(FAULT_POINT, () => process.kill(process.pid, 'SIGKILL'))
          : noFaultPoint,
        onSlice: progress.at,
        onRetry: progress.retry,
      });
      progress.end();
      opened = await moveTo(cluster, opened, 'ready', Date.now());
    }
    const rows = await ReplayedRows.read(client, codec, generation);
    try {
      const closeMs = config.trace_detection.auto_close_after_minutes * 60_000 + CLOSE_MARGIN_MS;
      await print(opened, await differenceOf(rows, opened, closeMs), options.json);
    } finally {
      rows.close();
    }
    return 0;
  } finally {
    await client.disconnect();
  }
}

async function discard(cluster: Cluster): Promise<number> {
  const open = await openGeneration(cluster);
  if (open === null) {
    await writeLine('No generation is open.');
    return 0;
  }
  if (open.record.state === 'promoting')
    throw new UserError(`generation ${open.generation} is being promoted: finish it with --promote`);
  await discardGeneration(cluster, open, Date.now());
  await writeLine(`Generation ${open.generation} is discarded.`);
  return 0;
}

async function differenceOf(rows: ReplayedRows, { record }: Opened, graceMs: number): Promise<Difference> {
  const settings = readEnvironment(VARIABLES);
  const store = await connectSurreal({
    url: settings.SURREAL_URL,
    user: settings.SURREAL_USER,
    password: settings.SURREAL_PASS,
    namespace: settings.SURREAL_NAMESPACE,
    database: settings.SURREAL_DATABASE,
  });
  try {
    return await compare(store, rows, record, graceMs);
  } finally {
    await store.close();
  }
}

async function print(
  { generation, record }: Opened,
  difference: Difference,
  json: boolean | undefined,
): Promise<void> {
  const { state, from_ms, to_ms } = record;
  if (json) {
    const range = { from: new Date(from_ms).toISOString(), to: new Date(to_ms).toISOString() };
    await writeLine(JSON.stringify({ generation, state, ...range, ...difference }));
    return;
  }
  await writeLine(renderDifference(generation, record, difference));
}

/** The configuration, and its rules behind those to try. @throws ConfigError naming every fault. */
function readRulesToTry({ config: path, patterns }: Options): { config: AppConfig; rules: CompiledRules } {
  const config = loadAppConfig(path);
  if (patterns !== undefined && !existsSync(patterns))
    throw new UserError(`--patterns: there is no ${patterns}`);
  const first = patterns === undefined ? [] : readRuleFile(patterns);
  return { config, rules: loadRules(config, { configPath: existsSync(path) ? path : undefined, first }) };
}

/** What of rules and configuration decides the rows. */
function fingerprintOf(config: AppConfig, rules: CompiledRules): string {
  const versions = rules.all().map(({ name, version }) => [name, version]);
  const { parser, trace_detection, log_groups } = config;
  const decides = canonicalJson(
    JSON.parse(JSON.stringify({ parser, trace_detection, log_groups, versions })),
  );
  return createHash('sha256').update(decides).digest('hex').slice(0, 16);
}

function timeOf(option: string, value: string | undefined): number {
  const read = readTimestamp(value);
  if (!read.ok) throw new UserError(`${option} ${read.reason}`);
  return read.ms;
}
