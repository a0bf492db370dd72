import { Command, Option } from 'commander';
import { loadAppConfig } from '../../lib/config/app-config.js';
import { kafkaSettings, registrySettings } from '../../lib/config/connections.js';
import { maskerOf } from '../../lib/config/masking-file.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { demandKafkaAccess } from '../../lib/kafka/access.js';
import { faultPointAt, noFaultPoint } from '../../lib/kafka/exactly-once/fault-point.js';
import { ExactlyOnceRunner } from '../../lib/kafka/exactly-once/runner.js';
import { StreamWork } from '../../lib/kafka/exactly-once/stream-work.js';
import { LiveGeneration } from '../../lib/kafka/generations/live-generation.js';
import { memberFileIn } from '../../lib/kafka/member-file.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import { readEpochs } from '../../lib/kafka/topics/epochs.js';
import { untilAnswered } from '../../lib/kafka/until-answered.js';
import { Codec } from '../../lib/model/codec.js';
import { createLogger } from '../../lib/telemetry/logger.js';
import { exposeMasking } from '../../lib/telemetry/masking-metrics.js';
import { createRegistry, startProbeServer } from '../../lib/telemetry/probe-server.js';
import { patternCheck, readVerdicts } from './adapters/pattern-check.js';
import { loadRules } from './adapters/rule-files.js';
import { verdictFileIn } from './adapters/verdict-file.js';
import { readConfig } from './config.js';
import { Coverage } from './core/parse/coverage.js';
import { buildTopology } from './core/topology.js';
import { processorHealth } from './health.js';
import { exposeCoverage, exposeRunners, traceCounter } from './metrics.js';

const SERVICE = 'processor';
const STAGES = ['parse', 'trace', 'aggregate'];
/** An orderly end may take this long; what is not committed by then is done again by the next owner. */
const STOP_LIMIT_MS = 9_000;

const program = new Command(SERVICE)
  .description('parse → trace → aggregate: raw-logs to agent-events and agent-traces')
  .addOption(new Option('--only <stage>', 'run one stage').choices(STAGES))
  .parse();
const { only } = program.opts<{ only?: string }>();
const config = readConfig();
const logger = createLogger(SERVICE, config.LOG_LEVEL);

try {
  let phase = 'starting';
  let runners: ExactlyOnceRunner[] = [];
  const metrics = createRegistry(SERVICE);
  const probes = await startProbeServer(
    config.METRICS_PORT,
    metrics,
    () =>
      processorHealth(
        phase,
        runners.map((runner) => runner.status()),
      ),
    config.METRICS_HOST,
  );
  const stopping = new AbortController();
  const stop = async (signal: string) => {
    phase = 'stopping';
    stopping.abort();
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.warn('not everything could be closed in time; what was not committed is done again');
      process.exit(0);
    }, STOP_LIMIT_MS).unref();
    await Promise.all(runners.map((runner) => runner.close()));
    await probes.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal));

  const appConfig = loadAppConfig(config.VECTADB_CONFIG);
  const rules = loadRules(appConfig, {
    configPath: config.VECTADB_CONFIG,
    check: patternCheck(readVerdicts(), verdictFileIn(config.VECTADB_STATE) ?? undefined),
  });
  for (const { name, origin, linear } of rules.all()) {
    if (linear.length > 0)
      logger.warn(
        { rule: name, at: `${origin.file}:${origin.line}`, linear },
        'matched by the linear engine, which is slower: bound its quantifiers',
      );
  }
  const masker = maskerOf(appConfig.masking, config.VECTADB_CONFIG);
  const kafka = kafkaSettings(config, SERVICE);
  await demandKafkaAccess(kafka, logger);
  const codec = new Codec(loadSchemas());
  const registry = connectRegistry(registrySettings(config), codec, { logger });
  phase = `waiting for the schema registry at ${registrySettings(config).url}`;
  await registry.resolveIds();
  phase = `waiting for Kafka at ${kafka.brokers.join(', ')}`;
  const epochs = await untilAnswered('reading the epochs', () => readEpochs(kafka), { logger });
  const coverage = new Coverage();
  const live = await untilAnswered('reading the generations', () => LiveGeneration.connect(kafka, logger), {
    logger,
  });
  phase = 'joining';
  const faultPoint = config.FAULT_POINT
    ? faultPointAt(config.FAULT_POINT, (signal) => process.kill(process.pid, signal))
    : noFaultPoint;
  const stages = only === undefined ? STAGES : [only];
  const observerOf = exposeRunners(metrics, stages, () => runners);
  const onTrace = stages.includes('aggregate') ? traceCounter(metrics) : () => {};
  const runnersOf = (generation: number) =>
    buildTopology({
      codec,
      config: appConfig,
      rules,
      masker,
      epochs,
      generation,
      observe: coverage.take,
      onTrace,
      accounts: true,
    })
      .subTopologies.filter((sub) => only === undefined || sub.name === only)
      .map(
        (sub) =>
          new ExactlyOnceRunner({
            kafka,
            work: new StreamWork({
              sub,
              codec,
              learnSchema: (id) => registry.learn(id),
              onLoss: config.ON_LOSS,
              confirm: () => live.confirm(generation),
            }),
            logger: logger.child({ stage: sub.name }),
            memberFile: memberFileIn(config.VECTADB_STATE, sub.groupId),
            faultPoint,
            observer: observerOf(sub.name),
          }),
      );
  if (only === undefined || only === 'parse') {
    exposeCoverage(metrics, coverage);
    exposeMasking(metrics, masker);
  }
  // a replay that is promoted raises the generation: everything begins again in it, from its changelogs
  while (!stopping.signal.aborted) {
    const generation = live.current;
    runners = runnersOf(generation);
    for (const runner of runners) await runner.start();
    if (stopping.signal.aborted) break;
    phase = 'running';
    logger.info({ stages, generation, probes: probes.port }, 'running');
    await Promise.race([...runners.map((runner) => runner.failed), live.raisedAbove(generation)]);
    phase = 'going on in another generation';
    await Promise.all(runners.map((runner) => runner.close()));
  }
} catch (error) {
  logger.fatal({ err: error }, 'stopped by an error');
  process.exit(1);
}
