import './before-imports.js';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { ConfigError } from '../../lib/config/config-error.js';
import { compileMasking } from '../../lib/config/masking-rules.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { demandKafkaAccess } from '../../lib/kafka/access.js';
import { faultPointAt, noFaultPoint } from '../../lib/kafka/exactly-once/fault-point.js';
import { ExactlyOnceRunner } from '../../lib/kafka/exactly-once/runner.js';
import { memberFileIn } from '../../lib/kafka/member-file.js';
import { Codec } from '../../lib/model/codec.js';
import { createLogger } from '../../lib/telemetry/logger.js';
import { exposeMasking } from '../../lib/telemetry/masking-metrics.js';
import { createRegistry, startProbeServer } from '../../lib/telemetry/probe-server.js';
import { wallClock } from './adapters/clock.js';
import type { GroupDirectory } from './adapters/directory.js';
import { PollerWork } from './adapters/poller-work.js';
import { Preparation } from './adapters/preparation.js';
import { IdMemory } from './core/id-memory.js';
import { dryRun } from './dry-run.js';
import { exposeGauges, exposeShards } from './gauges.js';
import { pollerHealth } from './health.js';
import { PollerMetrics } from './metrics.js';
import { CredentialsError, checkCredentials, makeDirectory, makeTargets } from './poller.js';

const SERVICE = 'cloudwatch-poller';
/** An orderly end may take this long; what is not committed by then is read again by the next owner. */
const STOP_LIMIT_MS = 9_000;
/** Some 390,000 ids; what is over it is read back when it is asked for. */
const ID_MEMORY_BYTES = 3 * 1024 * 1024;
const MOVED_CLOCK_SLEEP_MS = 250;
const LONGEST_SLEEP_MS = 60_000;

const program = new Command(SERVICE)
  .description('CloudWatch Logs to raw-logs, exactly once')
  .option('--once', 'read every group once, then end; exit code 1 where one could not be read')
  .option('--dry-run', 'print what would be sent, as JSON lines, and send nothing')
  .parse();
const { once = false, dryRun: dry = false } = program.opts<{ once?: boolean; dryRun?: boolean }>();

// what a dry run prints has standard output for itself
const logFd = dry ? 2 : 1;
const logger = createLogger(SERVICE, process.env.LOG_LEVEL || 'info', logFd);

try {
  const preparation = new Preparation(logFd);
  const config = await preparation.config();
  const { environment } = config;
  for (const name of config.unused)
    logger.warn({ setting: name }, 'this setting of config.yaml is not used: lines go to Kafka');
  if (config.targets.length === 0) logger.warn('config.yaml names no log_groups: there is nothing to read');
  let phase = 'starting';
  let runner: ExactlyOnceRunner | null = null;
  let work: PollerWork | null = null;
  let directory: GroupDirectory | null = null;
  const registry = createRegistry(SERVICE);
  const health = () => {
    const readers = [...(work?.readers() ?? [])];
    return pollerHealth(phase, runner?.status() ?? null, {
      read: readers.length,
      troubles: readers.flatMap(({ label, trouble }) => (trouble ? [{ group: label, ...trouble }] : [])),
      unlisted: [...(directory?.troubles ?? [])].map(([target, trouble]) => ({ target, ...trouble })),
    });
  };
  const { METRICS_PORT, METRICS_HOST } = environment;
  const probes = await startProbeServer(METRICS_PORT, registry, health, METRICS_HOST);
  const stopping = new AbortController();
  const stop = async (signal: string, code = 0) => {
    phase = 'stopping';
    stopping.abort();
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.warn('not everything could be closed in time; what was not committed is read again');
      process.exit(code);
    }, STOP_LIMIT_MS).unref();
    await runner?.close();
    await probes.close();
    process.exit(code);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal));

  const clock = wallClock(environment.VECTADB_CLOCK_OFFSET_FILE);
  const targets = makeTargets(config);
  await checkCredentials(targets, logger);
  directory = makeDirectory(targets, config, logger);
  await directory.refresh();
  const masker = compileMasking(config.masking);
  exposeMasking(registry, masker);
  const { kafka } = config;
  await demandKafkaAccess(kafka, logger);
  const reading = {
    masker,
    lanes: config.lanes,
    clock,
    maxSleepMs: environment.VECTADB_CLOCK_OFFSET_FILE === '' ? LONGEST_SLEEP_MS : MOVED_CLOCK_SLEEP_MS,
    metrics: new PollerMetrics(
      registry,
      targets.map(({ api }) => api.label),
    ),
    logger,
    directory,
    startBackMs: config.startBackMs,
    once,
  };
  if (dry) {
    preparation.end();
    phase = 'running';
    const read = await dryRun(kafka, { ...reading, signal: stopping.signal, print: console.log });
    await stop('the dry run has ended', read && directory.troubles.size === 0 ? 0 : 1);
  }
  phase = `waiting for the schema registry at ${config.registry.url}`;
  const codec = new Codec(loadSchemas());
  for (const [name, id] of await preparation.schemaIds()) codec.register(name, id);
  phase = 'starting';
  const idMemory = new IdMemory(ID_MEMORY_BYTES);
  work = new PollerWork({
    ...reading,
    forgetAfterMs: config.forgetAfterMs,
    codec,
    idMemory,
  });
  exposeGauges(registry, { work, targets, directory, clock, idMemory });
  runner = new ExactlyOnceRunner({
    kafka,
    work,
    logger,
    memberFile: memberFileIn(environment.VECTADB_STATE, work.groupId),
    producerLimits: { maxBatchRecords: config.batchSize },
    faultPoint: environment.FAULT_POINT
      ? faultPointAt(environment.FAULT_POINT, (signal) => process.kill(process.pid, signal))
      : noFaultPoint,
    observer: exposeShards(registry, () => runner?.status() ?? null),
  });
  await runner.start();
  phase = 'running';
  logger.info({ groups: directory.groups().size, probes: probes.port }, 'running');
  if (once) {
    const cycle = oneCycle(runner, work);
    const succeeded = await Promise.race([cycle, runner.failed]);
    await stop('the one cycle has ended', succeeded && directory.troubles.size === 0 ? 0 : 1);
  }
  await Promise.race([runner.failed, directory.run()]);
  await new Promise(() => {});
} catch (error) {
  if (error instanceof ConfigError || error instanceof CredentialsError) logger.fatal(error.message);
  else logger.fatal({ err: error }, 'stopped by an error');
  process.exit(1);
}

/** Resolves when every shard that the group gave us has been read once. */
async function oneCycle(of: ExactlyOnceRunner, pollers: PollerWork): Promise<boolean> {
  for (;;) {
    const { joined, partitions } = of.status();
    const shards = [...pollers.shards.values()];
    const ended =
      shards.length === partitions.length && shards.every(({ cycleSucceeded }) => cycleSucceeded !== null);
    if (joined && ended) return shards.every(({ cycleSucceeded }) => cycleSucceeded);
    await delay(50);
  }
}
