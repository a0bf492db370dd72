import { randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { projectRoot } from '../../lib/config/root.js';
import { archiveOptions, makeArchive } from './class-archive.js';
import { type LocalComponent, type StartOptions, startComponent } from './component.js';
import { installFromMaven, type Progress, run } from './install.js';
import { requireJava } from './java.js';

export const KAFKA_VERSION = '4.1.0';

const home = (cacheDir: string) => join(cacheDir, `kafka-${KAFKA_VERSION}`);

const archive = (cacheDir: string) => join(cacheDir, `kafka-${KAFKA_VERSION}-classes`);

export const kafkaInstalled = (cacheDir: string): boolean => existsSync(home(cacheDir));

/** Class path of the broker and its command-line tools (org.apache.kafka.tools.*), in a fixed order for the class archive. */
export function kafkaClassPath(cacheDir: string): string {
  const libs = join(home(cacheDir), 'libs');
  return readdirSync(libs)
    .sort()
    .map((jar) => join(libs, jar))
    .join(':');
}

export interface BrokerSettings {
  port: number;
  controllerPort: number;
  dataDir: string;
  /** Where a proxy stands in front of it: the proxy's port, which clients are told, and one by which the broker finds itself. */
  behind?: { port: number; innerPort: number };
  /** Listeners beside the plain one, and what else they need: logins, certificates. */
  secure?: { listeners: SecureListener[]; properties: Record<string, string> };
}

export interface SecureListener {
  name: string;
  protocol: 'SSL' | 'SASL_SSL' | 'SASL_PLAINTEXT';
  port: number;
}

/** Settings of a single broker that is its own controller. Times are short because nobody else joins it. */
export function brokerProperties({
  port,
  controllerPort,
  dataDir,
  behind,
  secure = { listeners: [], properties: {} },
}: BrokerSettings): string {
  const more = secure.listeners.map((one) => `,${one.name}://127.0.0.1:${one.port}`).join('');
  const protocols = secure.listeners.map((one) => `,${one.name}:${one.protocol}`).join('');
  const inner = behind ? `,INNER://127.0.0.1:${behind.innerPort}` : '';
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}${inner}${more}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${behind?.port ?? port}${inner}${more}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': behind ? 'INNER' : 'PLAINTEXT',
    'listener.security.protocol.map': `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT${behind ? ',INNER:PLAINTEXT' : ''}${protocols}`,
    'log.dirs': dataDir,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'auto.create.topics.enable': false,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    // A killed broker may register again only when its old session has ended; the default of 9 s delays every restart.
    'broker.session.timeout.ms': 2_000,
    'broker.heartbeat.interval.ms': 500,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // How soon the transaction of a dead producer is ended once its time-out has passed.
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1_000,
    'log.cleaner.enable': true,
    'log.cleaner.dedupe.buffer.size': 16_777_216,
    // Ceiling of the max.message.bytes in topics.yaml; each topic has its own limit below it.
    'message.max.bytes': 16_777_216,
    'replica.fetch.max.bytes': 16_777_216,
    ...secure.properties,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/**
 * Downloads the broker, and formats an empty log folder once as a template: a copy of it spares every new broker a JVM
 * start. Installed already: returns at once.
 */
export async function installKafka(cacheDir: string, progress?: Progress): Promise<void> {
  const pom = join(projectRoot(), 'deploy/local/maven/kafka.xml');
  await installFromMaven(pom, home(cacheDir), 'kafka', progress, async (draft) => {
    progress?.('kafka: formatting a log folder');
    const properties = join(draft, 'format.properties');
    const template = join(draft, 'template');
    writeFileSync(properties, brokerProperties({ port: 9092, controllerPort: 9093, dataDir: template }));
    await run(
      requireJava(),
      [
        '-cp',
        join(draft, 'libs', '*'),
        'kafka.tools.StorageTool',
        'format',
        '-t',
        clusterId(),
        '-c',
        properties,
      ],
      { logFile: join(draft, 'format.txt'), limitMs: 60_000 },
    );
  });
  await makeArchive(
    archive(cacheDir),
    'kafka',
    ({ jvm, ports: [port, controllerPort], dataDir }) =>
      startKafka({ port, controllerPort, dataDir, cacheDir, jvm, logFile: join(dataDir, 'trial.log') }),
    progress,
  );
}

/** 16 random bytes, base64url without padding, as Kafka writes its uuids. */
function clusterId(): string {
  for (;;) {
    const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
    if (!id.startsWith('-')) return id; // a leading dash is read as an option by the format tool
  }
}

/** Gives a new broker a formatted log folder with ids of its own. */
function format(cacheDir: string, dataDir: string): void {
  if (existsSync(join(dataDir, 'meta.properties'))) return;
  const draft = `${dataDir}.part`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(dataDir, { recursive: true });
  cpSync(join(home(cacheDir), 'template'), draft, { recursive: true });
  const meta = join(draft, 'meta.properties');
  writeFileSync(
    meta,
    readFileSync(meta, 'utf8')
      .replace(/^cluster\.id=.*$/m, `cluster.id=${clusterId()}`)
      .replace(/^directory\.id=.*$/m, `directory.id=${clusterId()}`),
  );
  rmSync(dataDir, { recursive: true, force: true });
  renameSync(draft, dataDir);
}

/** ApiVersions, version 0, correlation id 1, no client id: the smallest question a broker answers. */
const API_VERSIONS = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]);

/** True when a broker on `port` answers the Kafka protocol; it does so only once it takes requests. */
export const brokerAnswers = (port: number, host = '127.0.0.1'): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
    socket.once('connect', () => socket.write(API_VERSIONS));
    socket.once('data', (data) => end(data.length >= 10 && data.readInt32BE(4) === 1));
  });

export interface KafkaOptions extends StartOptions {
  controllerPort: number;
  heapMb?: number;
  /** A broker that lives for minutes: compiled quickly rather than well. */
  shortLived?: boolean;
  /** More JVM options. */
  jvm?: string[];
  behind?: BrokerSettings['behind'];
  secure?: BrokerSettings['secure'];
}

/** Starts the broker on `dataDir` and resolves when it takes requests. `url` is its bootstrap address. */
export async function startKafka(options: KafkaOptions): Promise<LocalComponent> {
  const java = requireJava();
  const logs = join(options.dataDir, 'log');
  format(options.cacheDir, logs);
  const properties = join(options.dataDir, 'server.properties');
  writeFileSync(properties, brokerProperties({ ...options, dataDir: logs }));
  return startComponent(
    {
      command: java,
      args: [
        `-Xmx${options.heapMb ?? 512}m`,
        '-Xms128m',
        ...(options.shortLived ? ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'] : ['-XX:+UseG1GC']),
        '-XX:+ExitOnOutOfMemoryError',
        ...(options.jvm ?? archiveOptions(archive(options.cacheDir))),
        '-Dorg.slf4j.simpleLogger.showDateTime=true',
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
        '-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn',
        '-cp',
        kafkaClassPath(options.cacheDir),
        'kafka.Kafka',
        properties,
      ],
      logFile: options.logFile,
    },
    {
      what: `Kafka on port ${options.port}`,
      url: `127.0.0.1:${options.port}`,
      check: () => brokerAnswers(options.port),
      limitMs: 60_000,
      signal: options.signal,
    },
  );
}
