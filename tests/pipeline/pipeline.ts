import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../../lib/config/root.js';
import { createProducer } from '../../lib/kafka/producer.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import { KeptService } from './kept-service.js';
import type { MintedEvent } from './oracle.js';

export const API_KEY = 'pipeline-test-key';

/** The whole system on a stack of its own: gateway, processors, both sinks, each restarted when it ends. */
export class Pipeline {
  readonly services = new Map<string, KeptService>();

  private constructor(readonly stack: TestStack) {}

  static async start(processors = 1): Promise<Pipeline> {
    const stack = await startStack({ kafka: true, registry: true, surreal: true, qdrant: true });
    try {
      await vectadb(stack, ['topics', 'apply']);
      const pipeline = new Pipeline(stack);
      pipeline.add('gateway', 'gateway', { VECTADB_API_KEY: API_KEY, RATE_LIMIT_PER_MINUTE: '10000000' });
      for (let i = 0; i < processors; i++) pipeline.add('processor', `processor-${i}`);
      pipeline.add('surreal-sink', 'surreal-sink');
      pipeline.add('qdrant-sink', 'qdrant-sink');
      await Promise.all([...pipeline.services.values()].map((service) => service.waitReady(120_000)));
      return pipeline;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  add(name: string, slot: string, env: Record<string, string> = {}): void {
    this.services.set(slot, new KeptService(this.stack, name, slot, env));
  }

  service(slot: string): KeptService {
    const service = this.services.get(slot);
    if (!service) throw new Error(`${slot} is not part of this pipeline`);
    return service;
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
    return [...this.services.values()].flatMap((service) => service.unexpected);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.services.values()].map((service) => service.stop()));
    await this.stack.stop();
  }
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
