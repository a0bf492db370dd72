import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../lib/config/root.js';
import { cloudWatchOf } from './cloudwatch.js';
import { type LocalComponent, startComponent } from './component.js';
import { externalProbes } from './external-probes.js';
import { cacheFolder, homeFolder } from './home.js';
import { brokerAnswers, startKafka } from './kafka.js';
import { startMoto } from './moto.js';
import { withDependencies } from './order.js';
import { describeExit, startProcess } from './process.js';
import { startQdrant } from './qdrant.js';
import { startRegistry } from './registry.js';
import { clientAddresses, type LocalSettings } from './settings.js';
import { SMALL_PROCESS } from './small-process.js';
import { startSurreal } from './surreal.js';
import { answers, tail } from './wait.js';

/** What a component says of itself when asked. */
export interface Probe {
  ready: boolean;
  /** Why it is not ready, or how it is. */
  state?: string;
  details?: Record<string, unknown>;
}

/** One row of the table below: all that the supervisor, `status` and the port check know of a component. */
export interface Component {
  name: string;
  dependsOn: string[];
  /** How many run at first, and at most. */
  instances: number;
  maxInstances: number;
  /** An address of the user's own: nothing is started, it counts as ready. */
  external?: string;
  /** Ports it listens on, and the variable that moves each. */
  ports: (instance: number) => { port: number; variable: string }[];
  url: (instance: number) => string | null;
  /** Resolves when it is ready; for a step ({@link Component.once}) when it is done, with null. */
  start: (instance: number, signal: AbortSignal) => Promise<LocalComponent | null>;
  probe: (instance: number) => Promise<Probe>;
  /** A step runs to its end once and has no process afterwards. */
  once?: boolean;
  /** How long an orderly end may take, milliseconds. */
  stopLimitMs: number;
}

interface ServiceRow {
  name: string;
  dependsOn: string[];
  port: number;
  portVariable: string;
  instances: number;
  maxInstances: number;
  env?: (instance: number) => Record<string, string | undefined>;
}

/** Name of an instance in logs and messages: the first has the component's own name. */
export const instanceName = (name: string, instance: number): string =>
  instance === 0 ? name : `${name}-${instance + 1}`;

/** The table. A new service is one row in `services`. */
export function components(
  settings: LocalSettings,
  apiKey: string,
  environment: Record<string, string | undefined> = process.env,
): Component[] {
  const home = homeFolder(environment);
  const cacheDir = cacheFolder(environment);
  const logFile = (name: string) => join(home, 'logs', `${name}.log`);
  const dataDir = (name: string) => join(home, 'data', name);
  const addresses = clientAddresses(settings);
  const cloudwatch = cloudWatchOf(settings);
  const serviceEnvironment = {
    MODEL_PATH: join(home, 'models'),
    ...environment,
    ...addresses,
    NODE_ENV: undefined, // test mode shortens the Kafka client's retries
  };

  const ours = externalProbes({ ...environment, ...addresses });
  const http = (url: string): (() => Promise<Probe>) => {
    return async () => ({ ready: await answers(url) });
  };
  const store = (
    row: Pick<Component, 'name' | 'external' | 'ports' | 'url' | 'probe'> & {
      start: (options: Parameters<typeof startRegistry>[0]) => Promise<LocalComponent>;
    },
  ): Component => ({
    ...row,
    dependsOn: [],
    instances: 1,
    maxInstances: 1,
    stopLimitMs: 20_000,
    start: (_instance, signal) =>
      row.start({
        port: row.ports(0)[0]!.port,
        dataDir: dataDir(row.name),
        logFile: logFile(row.name),
        cacheDir,
        signal,
      }),
  });

  const service = (row: ServiceRow): Component => {
    const port = (instance: number) => row.port + instance;
    const url = (instance: number) => `http://127.0.0.1:${port(instance)}`;
    return {
      name: row.name,
      dependsOn: row.dependsOn,
      instances: row.instances,
      maxInstances: row.maxInstances,
      stopLimitMs: 15_000,
      ports: (instance) => [{ port: port(instance), variable: row.portVariable }],
      url,
      probe: async (instance) => probeService(url(instance)),
      start: async (instance, signal) => {
        const entry = join(projectRoot(), 'dist/services', row.name, 'main.js');
        if (!existsSync(entry)) throw new Error(`${entry} is not there: npm run build`);
        const label = instanceName(row.name, instance);
        return startComponent(
          {
            command: process.execPath,
            args: ['--enable-source-maps', entry],
            cwd: projectRoot(),
            env: {
              ...serviceEnvironment,
              METRICS_PORT: String(port(instance)),
              // A place of its own that the next process of this instance finds again.
              VECTADB_STATE: dataDir(label),
              ...row.env?.(instance),
            },
            logFile: logFile(label),
          },
          {
            what: `${label} ready on port ${port(instance)}`,
            url: url(instance),
            check: () => answers(`${url(instance)}/ready`),
            limitMs: 300_000,
            signal,
          },
        );
      },
    };
  };

  const services: ServiceRow[] = [
    {
      name: 'gateway',
      dependsOn: ['topics', 'surreal', 'qdrant'],
      port: settings.GATEWAY_PORT,
      portVariable: 'GATEWAY_PORT',
      instances: 1,
      maxInstances: 1,
      env: () => ({ GATEWAY_PORT: String(settings.GATEWAY_PORT), VECTADB_API_KEY: apiKey }),
    },
    {
      name: 'processor',
      dependsOn: ['topics'],
      port: settings.PROCESSOR_PORT,
      portVariable: 'PROCESSOR_PORT',
      instances: settings.PROCESSOR_INSTANCES,
      maxInstances: 20,
    },
    {
      name: 'surreal-sink',
      dependsOn: ['topics', 'surreal'],
      port: settings.SURREAL_SINK_PORT,
      portVariable: 'SURREAL_SINK_PORT',
      instances: settings.SURREAL_SINK_INSTANCES,
      maxInstances: 20,
    },
    {
      name: 'qdrant-sink',
      dependsOn: ['topics', 'qdrant'],
      port: settings.QDRANT_SINK_PORT,
      portVariable: 'QDRANT_SINK_PORT',
      instances: settings.QDRANT_SINK_INSTANCES,
      maxInstances: 20,
    },
    {
      name: 'cloudwatch-poller',
      dependsOn: ['topics', 'moto'],
      port: settings.CLOUDWATCH_POLLER_PORT,
      portVariable: 'CLOUDWATCH_POLLER_PORT',
      instances: settings.CLOUDWATCH_POLLER_INSTANCES,
      maxInstances: 8,
      env: () => ({ ...SMALL_PROCESS, ...cloudwatch.pollerEnv }),
    },
  ];

  const table: Component[] = [
    store({
      name: 'kafka',
      external: settings.KAFKA_BROKERS,
      ports: () => [
        { port: settings.KAFKA_PORT, variable: 'KAFKA_PORT' },
        { port: settings.KAFKA_CONTROLLER_PORT, variable: 'KAFKA_CONTROLLER_PORT' },
      ],
      url: () => addresses.KAFKA_BROKERS,
      probe: settings.KAFKA_BROKERS ? ours.kafka : () => probeBroker(addresses.KAFKA_BROKERS),
      start: (options) => startKafka({ ...options, controllerPort: settings.KAFKA_CONTROLLER_PORT }),
    }),
    store({
      name: 'registry',
      external: settings.SCHEMA_REGISTRY_URL,
      ports: () => [{ port: settings.REGISTRY_PORT, variable: 'REGISTRY_PORT' }],
      url: () => addresses.SCHEMA_REGISTRY_URL,
      probe: settings.SCHEMA_REGISTRY_URL ? ours.registry : http(`${addresses.SCHEMA_REGISTRY_URL}/subjects`),
      start: startRegistry,
    }),
    store({
      name: 'surreal',
      external: settings.SURREAL_URL,
      ports: () => [{ port: settings.SURREAL_PORT, variable: 'SURREAL_PORT' }],
      url: () => addresses.SURREAL_URL,
      probe: settings.SURREAL_URL
        ? ours.surreal
        : http(new URL('/health', addresses.SURREAL_URL.replace(/^ws/, 'http')).href),
      start: (options) =>
        startSurreal({ ...options, user: settings.SURREAL_USER, password: settings.SURREAL_PASS }),
    }),
    store({
      name: 'moto',
      external: cloudwatch.external,
      ports: () => [{ port: settings.MOTO_PORT, variable: 'MOTO_PORT' }],
      url: () => cloudwatch.url,
      // AWS answers nobody who brings no credentials: whether it can be read, the poller says
      probe: cloudwatch.external ? async () => ({ ready: true }) : http(`${cloudwatch.url}/moto-api/`),
      start: startMoto,
    }),
    store({
      name: 'qdrant',
      external: settings.QDRANT_URL,
      ports: () => [{ port: settings.QDRANT_PORT, variable: 'QDRANT_PORT' }],
      url: () => addresses.QDRANT_URL,
      probe: settings.QDRANT_URL ? ours.qdrant : http(`${addresses.QDRANT_URL}/readyz`),
      start: startQdrant,
    }),
    {
      name: 'topics',
      dependsOn: ['kafka', 'registry'],
      instances: 1,
      maxInstances: 1,
      once: true,
      stopLimitMs: 5_000,
      ports: () => [],
      url: () => null,
      probe: async () => ({ ready: true }),
      start: async (_instance, signal) => {
        await applyTopics({ ...serviceEnvironment }, logFile('topics'), signal);
        return null;
      },
    },
    ...services.map(service),
  ];
  return withDependencies(table, settings.VECTADB_ONLY);
}

/** `vectadb topics apply`, to its end. @throws with its last log lines when it fails. */
async function applyTopics(
  env: Record<string, string | undefined>,
  logFile: string,
  signal: AbortSignal,
): Promise<void> {
  const child = await startProcess({
    command: process.execPath,
    args: [join(projectRoot(), 'dist/services/cli/main.js'), 'topics', 'apply'],
    cwd: projectRoot(),
    env,
    logFile,
  });
  const abort = () => void child.stop(1_000);
  signal.addEventListener('abort', abort, { once: true });
  const timer = setTimeout(abort, 120_000);
  const exit = await child.exited;
  clearTimeout(timer);
  signal.removeEventListener('abort', abort);
  if (exit.code !== 0) throw new Error(`topics apply: ${describeExit(exit)}\n${tail(logFile, 10)}`);
}

/** A broker of the list answers the Kafka protocol. */
async function probeBroker(brokers: string): Promise<Probe> {
  for (const address of brokers.split(',')) {
    const at = address.lastIndexOf(':');
    if (await brokerAnswers(Number(address.slice(at + 1)), address.slice(0, at).trim()))
      return { ready: true };
  }
  return { ready: false, state: 'no broker answers' };
}

/** GET /ready, whose body says why a service is not ready. */
async function probeService(url: string): Promise<Probe> {
  const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(3_000) });
  const body = (await response.json().catch(() => ({}))) as Partial<Probe>;
  return { ready: response.ok, state: body.state, details: body.details };
}
