import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { projectRoot } from '../../lib/config/root.js';
import { createProducer } from '../../lib/kafka/producer.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import { TcpProxy } from '../../lib/testing/tcp-proxy.js';
import { emulatorWriter } from '../../services/simulator/cloudwatch/emulator.js';
import type { LogWriter } from '../../services/simulator/cloudwatch/log-writer.js';
import { KeptService } from './kept-service.js';
import type { MintedEvent } from './oracle.js';
import { SmallDisk } from './small-disk.js';

export const API_KEY = 'pipeline-test-key';
/** Log group that the poller reads. */
export const LOG_GROUP = '/pipeline/agents';

export interface PipelineOptions {
  processors?: number;
  surrealSinks?: number;
  qdrantSinks?: number;
  /** With a poller of {@link LOG_GROUP}, and the emulator of CloudWatch. */
  poller?: boolean;
  /** Parts that the services reach through a proxy each, see {@link Pipeline.proxy}. */
  proxied?: ProxiedPart[];
  /** Size of a disk of its own for Kafka, see {@link Pipeline.kafkaDisk}. */
  kafkaDiskMb?: number;
  /** Where the services are built, else dist. */
  dist?: string;
}

export type ProxiedPart = 'kafka' | 'surreal' | 'qdrant';

/** The whole system on a stack of its own: gateway, processors, sinks, each restarted when it ends. */
export class Pipeline {
  readonly services = new Map<string, KeptService>();
  private readonly gone: KeptService[] = [];

  private constructor(
    readonly stack: TestStack,
    private readonly proxies: Partial<Record<ProxiedPart, TcpProxy>>,
    private readonly disk: SmallDisk | null,
  ) {}

  /** Mount point of Kafka's own disk; null where it has none. */
  get kafkaDisk(): string | null {
    return this.disk?.folder ?? null;
  }

  /** Puts events where the poller reads; null where there is no poller. */
  get cloudWatch(): LogWriter | null {
    const endpoint = this.stack.env.AWS_ENDPOINT_URL;
    return endpoint ? emulatorWriter(endpoint) : null;
  }

  static async start(options: PipelineOptions = {}): Promise<Pipeline> {
    const { processors = 1, surrealSinks = 1, qdrantSinks = 1, poller = false, proxied = [] } = options;
    const disk = options.kafkaDiskMb ? SmallDisk.mount(options.kafkaDiskMb) : null;
    const proxies: Partial<Record<ProxiedPart, TcpProxy>> = {};
    let stack: TestStack | null = null;
    try {
      // before the stack: the broker tells its clients the proxy's port
      for (const name of proxied)
        proxies[name] = await TcpProxy.start(() => addressOf(stack!.part(name).url));
      const kafkaBehindPort = proxies.kafka?.port;
      stack = await startStack({
        kafka: true,
        registry: true,
        surreal: true,
        qdrant: true,
        moto: poller,
        kafkaBehindPort,
        kafkaData: disk?.folder,
        dist: options.dist,
      });
      await vectadb(stack, ['topics', 'apply']);
      const pipeline = new Pipeline(stack, proxies, disk);
      pipeline.add('gateway', 'gateway', () => ({
        VECTADB_API_KEY: API_KEY,
        RATE_LIMIT_PER_MINUTE: '10000000',
      }));
      for (let i = 0; i < processors; i++) pipeline.add('processor', `processor-${i}`);
      for (let i = 0; i < surrealSinks; i++) pipeline.add('surreal-sink', `surreal-sink-${i}`);
      for (let i = 0; i < qdrantSinks; i++) pipeline.add('qdrant-sink', `qdrant-sink-${i}`);
      if (poller) pipeline.addPoller();
      await pipeline.ready();
      return pipeline;
    } catch (error) {
      await stack?.stop();
      disk?.unmount();
      await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
      throw error;
    }
  }

  add(name: string, slot: string, env?: () => Record<string, string>): KeptService {
    const service = new KeptService(this.stack, name, slot, () => ({ ...this.proxiedEnv(), ...env?.() }));
    this.services.set(slot, service);
    return service;
  }

  private addPoller(): void {
    const config = join(this.stack.folder, 'poller.yaml');
    writeFileSync(
      config,
      stringify({
        aws_region: 'us-east-1',
        log_groups: [{ name: LOG_GROUP }],
        poll_interval_seconds: 0.5,
        cloudwatch: { requests_per_second: 100, discovery_interval_seconds: 0.5 },
      }),
    );
    this.add('cloudwatch-poller', 'cloudwatch-poller-0', () => ({ VECTADB_CONFIG: config }));
  }

  /** One of them goes for good: by SIGTERM, or by SIGKILL. */
  async remove(slot: string, how: 'stop' | 'kill'): Promise<void> {
    const service = this.service(slot);
    this.services.delete(slot);
    this.gone.push(service);
    await (how === 'kill' ? service.abandon() : service.stop());
  }

  /** Resolves when every service says that it is ready. */
  async ready(limitMs = 120_000): Promise<void> {
    await Promise.all([...this.services.values()].map((service) => service.waitReady(limitMs)));
  }

  /** Those of one kind, in the order of their slots. */
  named(name: string): KeptService[] {
    return [...this.services].filter(([slot]) => slot.startsWith(name)).map(([, service]) => service);
  }

  service(slot: string): KeptService {
    const service = this.services.get(slot);
    if (!service) throw new Error(`${slot} is not part of this pipeline`);
    return service;
  }

  /** What stands between the services and a part. @throws where nothing does. */
  proxy(name: ProxiedPart): TcpProxy {
    const proxy = this.proxies[name];
    if (!proxy) throw new Error(`nothing stands before ${name}: Pipeline.start({ proxied: ['${name}'] })`);
    return proxy;
  }

  /** Addresses of the proxies; those without one are the stack's own. */
  private proxiedEnv(): Record<string, string> {
    const { kafka, surreal, qdrant } = this.proxies;
    return {
      ...(kafka && { KAFKA_BROKERS: `127.0.0.1:${kafka.port}` }),
      ...(surreal && { SURREAL_URL: `ws://127.0.0.1:${surreal.port}/rpc` }),
      ...(qdrant && { QDRANT_URL: `http://127.0.0.1:${qdrant.port}` }),
    };
  }

  get gatewayUrl(): string {
    return this.service('gateway').service.url;
  }

  /** Sends by POST /api/v1/events/batch until each batch is acknowledged. */
  async sendHttp(events: MintedEvent[], batchSize = 500): Promise<void> {
    for (let from = 0; from < events.length; from += batchSize) {
      await this.sendBatch(events.slice(from, from + batchSize));
    }
  }

  private async sendBatch(events: MintedEvent[]): Promise<void> {
    const limit = Date.now() + 60_000;
    for (;;) {
      let problem: string;
      try {
        const response = await fetch(`${this.gatewayUrl}/api/v1/events/batch`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            authorization: `Bearer ${API_KEY}`,
            prefer: 'respond-async',
          },
          body: JSON.stringify({ events }),
          signal: AbortSignal.timeout(20_000),
        });
        const text = await response.text();
        if (response.ok) {
          const { failed } = JSON.parse(text) as { failed: number };
          if (failed > 0) throw new Error(`${failed} of a batch were refused: ${text.slice(0, 300)}`);
          return;
        }
        if (response.status < 500) throw new Error(`refused: ${response.status} ${text.slice(0, 300)}`);
        problem = `${response.status} ${text.slice(0, 200)}`;
      } catch (error) {
        if (error instanceof Error && /refused/.test(error.message)) throw error;
        problem = String(error);
      }
      // not acknowledged: the same events are sent again, as a client would
      if (Date.now() > limit) throw new Error(`a batch was not acknowledged in a minute: ${problem}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Sends by a foreign producer straight into raw-logs, as JSON without any key. */
  async sendRaw(events: MintedEvent[]): Promise<void> {
    const producer = await createProducer({ brokers: this.stack.brokers, clientId: 'foreign' });
    for (let from = 0; from < events.length; from += 500) {
      await producer.send(
        'raw-logs',
        events
          .slice(from, from + 500)
          .map((event) => ({ key: null, value: Buffer.from(JSON.stringify(event)) })),
      );
    }
    await producer.close();
  }

  /** Ends by which a service was not asked to end; empty when all is well. */
  unexpectedEnds(): string[] {
    return [...this.services.values(), ...this.gone].flatMap((service) => service.unexpected);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.services.values()].map((service) => service.stop()));
    await this.stack.stop();
    this.disk?.unmount();
    await Promise.all(Object.values(this.proxies).map((proxy) => proxy.close()));
  }
}

/** Host and port of a part's address, `host:port` or a URL. */
function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url.includes('://') ? url : `tcp://${url}`);
  return { host: hostname, port: Number(port) };
}

/** Runs the command line against a stack; resolves with what it printed. @throws when it fails. */
export async function vectadb(stack: TestStack, args: string[], input?: string): Promise<string> {
  const child = spawn(process.execPath, [join(projectRoot(), 'dist/services/cli/main.js'), ...args], {
    cwd: projectRoot(),
    env: { ...process.env, ...stack.env, NODE_ENV: undefined },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input ?? '');
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  child.stderr.on('data', (data) => {
    output += data;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`vectadb ${args.join(' ')} exited with ${code}:\n${output.slice(-3_000)}`);
  return output;
}
