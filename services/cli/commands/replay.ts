import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { UserError } from '../../../deploy/local/stack.js';
import { type AppConfig, loadAppConfig } from '../../../lib/config/app-config.js';
import { SURREAL, surrealSettings } from '../../../lib/config/connections.js';
import { readEnvironment, text } from '../../../lib/config/env.js';
import { maskerOf } from '../../../lib/config/masking-file.js';
import { ClusterClient } from '../../../lib/kafka/cluster.js';
import { type FaultPoint, faultPointAt, noFaultPoint } from '../../../lib/kafka/exactly-once/fault-point.js';
import type { GenerationRecord } from '../../../lib/kafka/generations/generation-record.js';
import { readEpochs } from '../../../lib/kafka/topics/epochs.js';
import { canonicalJson } from '../../../lib/model/json.js';
import { readTimestamp } from '../../../lib/model/timestamp.js';
import { connectSurreal, type SurrealStore } from '../../../lib/stores/surreal/connection.js';
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
  sweep,
} from '../replay/open-generation.js';
import { showProgress } from '../replay/progress.js';
import { type Promoted, promote } from '../replay/promote.js';
import { ReplayedRows } from '../replay/replayed-rows.js';
import { runReplay } from '../replay/run.js';
import { CONFIG_OPTION } from '../rules-command.js';

interface Options {
  from?: string;
  to?: string;
  patterns?: string;
  config: string;
  promote?: boolean;
  discard?: boolean;
  json?: boolean;
}

const VARIABLES = {
  ...SURREAL,
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
    .addOption(
      new Option(
        '--promote',
        'put the rows of the open generation in the place of those that are stored',
      ).conflicts(['from', 'to', 'discard']),
    )
    .addOption(new Option('--discard', 'remove the open generation and its topics').conflicts(['from', 'to']))
    .option('--json', 'the difference as one JSON object')
    .action((options: Options) => runCommand(() => replay(options)));
}

async function replay(options: Options): Promise<number> {
  const { kafka, topics, registry, codec } = kafkaContext();
  const client = new ClusterClient(kafka);
  const cluster: Cluster = { kafka, client, topics };
  try {
    await sweep(cluster);
    if (options.discard) return await discard(cluster);
    const { config, rules } = readRulesToTry(options);
    const fingerprint = fingerprintOf(config, rules);
    const opened = options.promote
      ? await toPromote(cluster, fingerprint)
      : await begin(cluster, options, fingerprint);
    if (opened === null) {
      await writeLine('No generation is open.');
      return 0;
    }
    await registry.resolveIds();
    const { generation } = opened;
    const built = buildTopology({
      codec,
      config,
      rules,
      masker: maskerOf(config.masking),
      epochs: await readEpochs(kafka),
      generation,
    });
    const faultPoint = faultPointOf(readEnvironment(VARIABLES).FAULT_POINT);
    const run = async (record: GenerationRecord) => {
      const progress = showProgress(process.stderr, generation, record);
      await runReplay({
        kafka,
        cluster: client,
        generation,
        record,
        codec,
        topology: replayTopology(built, generation),
        learnSchema: (id) => registry.learn(id),
        faultPoint,
        onSlice: progress.at,
        onRetry: progress.retry,
      });
      progress.end();
    };
    const autoCloseMs = config.trace_detection.auto_close_after_minutes * 60_000;
    const store = await openStore();
    try {
      if (options.promote) {
        const onStep = (step: string) => void process.stderr.write(`generation ${generation}: ${step}\n`);
        const parts = { cluster, codec, store, opened, catchUp: run, faultPoint, autoCloseMs, onStep };
        await printPromoted(generation, await promote(parts), options.json);
        return 0;
      }
      if (opened.record.state === 'running') await run(opened.record);
      const ready = await moveTo(cluster, opened, 'ready', Date.now());
      const rows = await ReplayedRows.read(client, codec, generation);
      try {
        await print(
          ready,
          await compare(store, rows, ready.record, autoCloseMs + CLOSE_MARGIN_MS),
          options.json,
        );
      } finally {
        rows.close();
      }
      return 0;
    } finally {
      await store.close();
    }
  } finally {
    await client.disconnect();
  }
}

async function begin(cluster: Cluster, options: Options, rules: string): Promise<Opened> {
  const fromMs = timeOf('--from', options.from);
  const toMs = options.to === undefined ? null : timeOf('--to', options.to);
  return beginGeneration(cluster, { fromMs, toMs, rules }, Date.now());
}

/** The open generation, where it may be promoted; null: none is open. */
async function toPromote(cluster: Cluster, rules: string): Promise<Opened | null> {
  const open = await openGeneration(cluster);
  if (open === null) return null;
  const { state } = open.record;
  if (state !== 'ready' && state !== 'promoting')
    throw new UserError(`generation ${open.generation} is ${state}: let its replay come to its end first`);
  if (open.record.rules !== rules) {
    throw new UserError(
      `generation ${open.generation} was made by other rules: give --promote the --config and --patterns of its replay`,
    );
  }
  return open;
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

async function openStore(): Promise<SurrealStore> {
  const settings = readEnvironment(VARIABLES);
  return connectSurreal(surrealSettings(settings));
}

const faultPointOf = (spec: string): FaultPoint =>
  spec ? faultPointAt(spec, () => process.kill(process.pid, 'SIGKILL')) : noFaultPoint;

async function printPromoted(
  generation: number,
  promoted: Promoted,
  json: boolean | undefined,
): Promise<void> {
  const { events, kept, retracted, traces, removed } = promoted;
  await writeLine(
    json
      ? JSON.stringify({ generation, state: 'promoted', ...promoted })
      : `Generation ${generation} is promoted: ${events} events and ${traces} traces sent, ${kept} events kept as they were, ${retracted} taken back, ${removed} traces removed.`,
  );
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
