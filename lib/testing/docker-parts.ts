import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { brokerAnswers, brokerProperties } from '../../deploy/local/kafka.js';
import { EMULATOR_CREDENTIALS } from '../../deploy/local/moto.js';
import { type Reservation, reservePort } from '../../deploy/local/ports.js';
import { answers, waitFor } from '../../deploy/local/wait.js';
import { projectRoot } from '../config/root.js';
import type { PartName, StackOptions, StartedParts, TestPart } from './stack.js';

const USER = 'root';
const PASSWORD = 'root';
/** Where a broker behind a proxy finds itself, inside its container. */
const INNER_PORT = 9094;

/** How a part runs as a container; `port` is the one reserved on the host. */
interface Recipe {
  image: string;
  /** Port inside; Kafka's is the host's, because it advertises it. */
  inside: (port: number) => number;
  env: (port: number, host: string) => Record<string, string>;
  command?: string[];
  entrypoint?: string[];
  files?: { source: string; target: string }[];
  url: (port: number, host: string) => string;
  settings: (url: string) => Record<string, string>;
  ready: (port: number, host: string) => Promise<boolean>;
  user?: string;
}

/** The broker's settings of the local stack, in the spelling of the image: `log.dirs` is KAFKA_LOG_DIRS. */
function brokerEnvironment(port: number, host: string, behindPort?: number): Record<string, string> {
  const behind = behindPort ? { port: behindPort, innerPort: INNER_PORT } : undefined;
  const lines = brokerProperties({ port, controllerPort: 9093, dataDir: '/var/lib/kafka/data', behind })
    .trim()
    .split('\n');
  const own = Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      return [
        `KAFKA_${line.slice(0, at).replaceAll('.', '_').toUpperCase()}`,
        line.slice(at + 1).replace('PLAINTEXT://127.0.0.1', 'PLAINTEXT://0.0.0.0'),
      ];
    }),
  );
  // a proxy of the tests stands on this machine, wherever the engine is
  const advertised = behindPort
    ? `PLAINTEXT://127.0.0.1:${behindPort},INNER://127.0.0.1:${INNER_PORT}`
    : `PLAINTEXT://${host}:${port}`;
  return { ...own, KAFKA_ADVERTISED_LISTENERS: advertised };
}

const recipes = (
  images: Record<string, string | undefined>,
  kafkaBehindPort?: number,
): Record<PartName, Recipe> => ({
  kafka: {
    image: images.KAFKA_IMAGE!,
    inside: (port) => port,
    env: (port, host) => brokerEnvironment(port, host, kafkaBehindPort),
    url: (port, host) => `${host}:${port}`,
    settings: (url) => ({ KAFKA_BROKERS: url }),
    ready: brokerAnswers,
  },
  registry: {
    image: images.REGISTRY_TEST_IMAGE!,
    inside: () => 8080,
    // A file, so that schemas survive a restart of the container as they do in the local stack.
    env: () => ({ QUARKUS_DATASOURCE_JDBC_URL: 'jdbc:h2:file:/tmp/registry/reg' }),
    url: (port, host) => `http://${host}:${port}/apis/ccompat/v7`,
    settings: (url) => ({ SCHEMA_REGISTRY_URL: url }),
    ready: (port, host) => answers(`http://${host}:${port}/health/ready`),
  },
  surreal: {
    image: images.SURREAL_IMAGE!,
    inside: () => 8000,
    env: () => ({}),
    command: ['start', '--user', USER, '--pass', PASSWORD, 'surrealkv:///tmp/surreal'],
    user: 'root',
    url: (port, host) => `ws://${host}:${port}/rpc`,
    settings: (url) => ({ SURREAL_URL: url, SURREAL_USER: USER, SURREAL_PASS: PASSWORD }),
    ready: (port, host) => answers(`http://${host}:${port}/health`),
  },
  qdrant: {
    image: images.QDRANT_IMAGE!,
    inside: () => 6333,
    env: () => ({ QDRANT__TELEMETRY_DISABLED: 'true' }),
    url: (port, host) => `http://${host}:${port}`,
    settings: (url) => ({ QDRANT_URL: url }),
    ready: (port, host) => answers(`http://${host}:${port}/readyz`),
  },
  moto: {
    image: images.MOTO_IMAGE!,
    inside: () => 5000,
    env: () => ({ MOTO_HOST: '0.0.0.0', MOTO_PORT: '5000' }),
    entrypoint: ['python', '/etc/moto/server.py'],
    files: [{ source: join(projectRoot(), 'deploy/local/moto/server.py'), target: '/etc/moto/server.py' }],
    url: (port, host) => `http://${host}:${port}`,
    settings: (url) => ({ AWS_ENDPOINT_URL: url, ...EMULATOR_CREDENTIALS }),
    ready: (port, host) => answers(`http://${host}:${port}/moto-api/`),
  },
});

/**
 * Starts the wanted parts as containers, each on a reserved host port that stays the same over restarts. Testcontainers'
 * own reaper removes them when this process is gone.
 */
export async function startDockerParts(
  wanted: readonly PartName[],
  folder: string,
  { kafkaBehindPort }: Pick<StackOptions, 'kafkaBehindPort'> = {},
): Promise<StartedParts> {
  const { GenericContainer, getContainerRuntimeClient } = await import('testcontainers');
  const client = await getContainerRuntimeClient();
  const host = client.info.containerRuntime.host;
  const all = recipes(parseEnv(readFileSync(join(projectRoot(), '.env'), 'utf8')), kafkaBehindPort);
  const parts: Partial<Record<PartName, TestPart>> = {};
  const env: Record<string, string> = {};
  const reservations: Reservation[] = [];
  const removals: (() => Promise<void>)[] = [];

  const start = async (name: PartName) => {
    const recipe = all[name];
    const reservation = await reservePort();
    reservations.push(reservation);
    const { port } = reservation;
    const logFile = join(folder, 'logs', `${name}.log`);
    let container = new GenericContainer(recipe.image)
      .withExposedPorts({ container: recipe.inside(port), host: port })
      .withEnvironment(recipe.env(port, host))
      .withStartupTimeout(120_000)
      .withLogConsumer((stream) => stream.pipe(createWriteStream(logFile, { flags: 'a' })));
    if (recipe.command) container = container.withCommand(recipe.command);
    if (recipe.entrypoint) container = container.withEntrypoint(recipe.entrypoint);
    if (recipe.files) container = container.withCopyFilesToContainer(recipe.files);
    if (recipe.user) container = container.withUser(recipe.user);
    const started = await container.start();
    removals.push(async () => {
      await started.stop({ timeout: 0, remove: true, removeVolumes: true });
    });
    const engine = client.container.getById(started.getId());
    const ready = () =>
      waitFor(`${name} on port ${port}`, () => recipe.ready(port, host), { limitMs: 120_000 });
    await ready();
    const running = async () => (await engine.inspect()).State.Running;
    const url = recipe.url(port, host);
    parts[name] = {
      url,
      logFile,
      kill: async () => {
        await engine.kill({ signal: 'SIGKILL' });
        await waitFor(`the end of ${name}`, async () => !(await running()), { limitMs: 10_000 });
      },
      stop: async () => {
        await engine.stop({ t: 10 });
      },
      restart: async () => {
        if (await running()) await engine.stop({ t: 10 });
        await engine.start();
        await ready();
      },
      pause: async () => {
        await engine.pause();
      },
      resume: async () => {
        await engine.unpause();
      },
      running,
    };
    Object.assign(env, recipe.settings(url));
  };

  const destroy = async () => {
    await Promise.all(removals.map((remove) => remove()));
    for (const reservation of reservations) reservation.release();
  };
  const results = await Promise.allSettled(wanted.map(start));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    await destroy();
    throw failed.reason;
  }
  return { parts, env, destroy };
}
