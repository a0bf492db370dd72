import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../../lib/config/config-error.js';
import type { SchemaName } from '../../../lib/model/codec.js';
import type { StartConfig } from '../config.js';

/** What the preparing process tells, in this order, the second when asked; `refused` in the place of what cannot be had. */
export type Prepared =
  | { kind: 'config'; config: StartConfig }
  | { kind: 'schema-ids'; ids: ReadonlyMap<SchemaName, number> }
  /** `faults`: of the configuration, if it is that. */
  | { kind: 'refused'; message: string; faults: string[] | null };

type Told<K extends Prepared['kind']> = Extract<Prepared, { kind: K }>;

/** What has to be known before there is anything to poll, found out by a process of its own (prepare.ts). */
export class Preparation {
  private readonly told = new Map<Prepared['kind'], Prepared>();
  private failure: Error | null = null;
  private wake: () => void = () => {};
  private readonly child: ChildProcess;

  /** @param logFd the file descriptor that it logs to */
  constructor(logFd: number) {
    this.child = fork(fileURLToPath(new URL('../prepare.js', import.meta.url)), [], {
      serialization: 'advanced',
      stdio: ['ignore', logFd, 2, 'ipc'],
    });
    this.child.on('message', (message) => {
      const prepared = message as Prepared;
      this.told.set(prepared.kind, prepared);
      if (prepared.kind === 'refused')
        this.failure = prepared.faults ? new ConfigError(prepared.faults) : new Error(prepared.message);
      this.wake();
    });
    this.child.once('error', (error) => this.fail(error));
    this.child.once('exit', (code, signal) =>
      this.fail(new Error(`the process that prepares the poller ended with ${signal ?? `code ${code}`}`)),
    );
  }

  /** @throws ConfigError naming every fault at once. */
  async config(): Promise<StartConfig> {
    return (await this.wait('config')).config;
  }

  /** The ids that our schemas have in the registry, which is waited for. @throws where it refuses a schema, or stays away. */
  async schemaIds(): Promise<ReadonlyMap<SchemaName, number>> {
    this.child.send('schema-ids', (error) => error && this.fail(error));
    return (await this.wait('schema-ids')).ids;
  }

  /** Nothing more is wanted. */
  end(): void {
    this.child.kill();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.wake();
  }

  /** One at a time. */
  private async wait<K extends Prepared['kind']>(kind: K): Promise<Told<K>> {
    for (;;) {
      const prepared = this.told.get(kind);
      if (prepared) return prepared as Told<K>;
      if (this.failure) throw this.failure;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
