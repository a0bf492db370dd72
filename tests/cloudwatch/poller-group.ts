import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { SMALL_PROCESS } from '../../deploy/local/small-process.js';
import type { TestStack } from '../../lib/testing/stack.js';
import { KeptService } from '../pipeline/kept-service.js';

export interface PollerGroupOptions {
  /** Tells folders, slots and log files of one run from those of another on the same stack. */
  name: string;
  /** Address of the CloudWatch API. */
  endpoint: string;
  /** config.yaml as a value. */
  config: Record<string, unknown>;
  /** Distance of the pollers' clock from ours at first, milliseconds. */
  clockOffsetMs?: number;
  env?: Record<string, string>;
}

/** Pollers with one configuration and one clock of their own. Each is started again when it ends. */
export class PollerGroup {
  readonly pollers: KeptService[] = [];
  private readonly retired: KeptService[] = [];
  private readonly folder: string;
  private offsetMs: number;
  private slots = 0;

  constructor(
    private readonly stack: TestStack,
    private readonly options: PollerGroupOptions,
  ) {
    this.folder = join(stack.folder, options.name);
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(this.configFile, stringify(options.config));
    this.offsetMs = options.clockOffsetMs ?? 0;
    this.writeOffset();
  }

  /** Path of config.yaml. */
  get configFile(): string {
    return join(this.folder, 'config.yaml');
  }

  /** The pollers' clock, Unix milliseconds. */
  nowMs = (): number => Date.now() + this.offsetMs;

  advance(ms: number): void {
    this.offsetMs += ms;
    this.writeOffset();
  }

  join(): KeptService {
    const slot = `${this.options.name}-${this.slots++}`;
    const poller = new KeptService(this.stack, 'cloudwatch-poller', slot, () => ({
      VECTADB_CONFIG: this.configFile,
      VECTADB_CLOCK_OFFSET_FILE: join(this.folder, 'clock-offset'),
      AWS_ENDPOINT_URL: this.options.endpoint,
      LOG_LEVEL: 'info',
      ...SMALL_PROCESS,
      ...this.options.env,
    }));
    this.pollers.push(poller);
    return poller;
  }

  /** The youngest poller goes, by SIGTERM or SIGKILL, and does not come back. */
  async leave(kill: boolean): Promise<void> {
    const poller = this.pollers.pop();
    if (!poller) return;
    this.retired.push(poller);
    await (kill ? poller.abandon() : poller.stop());
  }

  async stop(): Promise<void> {
    while (this.pollers.length > 0) await this.leave(false);
  }

  /** Ends that were not asked for, and orderly ends that were none. */
  unexpectedEnds(): string[] {
    return [...this.pollers, ...this.retired].flatMap((poller) => poller.unexpected);
  }

  /** What the pollers say of themselves, for a failed test: health, metrics, last log lines. */
  async states(): Promise<string[]> {
    return Promise.all(
      this.pollers.map(async ({ service }) => {
        const ask = async (path: string) =>
          (
            await fetch(`${service.url}${path}`, { signal: AbortSignal.timeout(3_000) })
              .then((answer) => answer.text())
              .catch(String)
          ).slice(0, 20_000);
        const metrics = (await ask('/metrics'))
          .split('\n')
          .filter((line) => /^vectadb_cloudwatch/.test(line));
        return [await ask('/health'), ...metrics, service.output().slice(-6_000)].join('\n');
      }),
    );
  }

  /** In one step: a poller may be reading it. */
  private writeOffset(): void {
    const file = join(this.folder, 'clock-offset');
    writeFileSync(`${file}.new`, String(this.offsetMs));
    renameSync(`${file}.new`, file);
  }
}
