import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../lib/telemetry/logger.js';
import { failuresInRow, restartDelayMs } from './backoff.js';
import type { LocalComponent } from './component.js';
import { type Component, instanceName } from './components.js';
import { describeExit } from './process.js';

export type SlotState =
  | 'waiting' // for what it depends on
  | 'starting'
  | 'ready'
  | 'done' // a step that succeeded
  | 'failing' // it ended or did not start; it is started again after a pause
  | 'stopping'
  | 'stopped'
  | 'external'; // the user's own, not started by us

/** What the supervisor provides to a slot. */
export interface SlotContext {
  logger: Logger;
  /** Resolves once everything the component depends on is ready; rejects when the signal aborts. */
  dependenciesReady: (component: Component, signal: AbortSignal) => Promise<void>;
  changed: () => void;
}

/**
 * One instance of a component, kept running from start() to stop(): what ends is started again after a growing pause. Never
 * two processes of one slot at once.
 */
export class Slot {
  state: SlotState = 'waiting';
  pid: number | null = null;
  /** Starts after the first one. */
  restarts = 0;
  /** Why it last failed; null while all is well. */
  reason: string | null = null;
  since = new Date();
  private failures = 0;
  private readonly stopping = new AbortController();
  private finished: Promise<void> = Promise.resolve();
  readonly name: string;

  constructor(
    readonly component: Component,
    readonly instance: number,
    private readonly context: SlotContext,
  ) {
    this.name = instanceName(component.name, instance);
  }

  get isReady(): boolean {
    return this.state === 'ready' || this.state === 'done' || this.state === 'external';
  }

  start(): void {
    if (this.component.external) this.become('external');
    else this.finished = this.run();
  }

  /** Ends it in an orderly way and keeps it ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.finished;
  }

  private become(state: SlotState, pid: number | null = null): void {
    this.state = state;
    this.pid = pid;
    this.since = new Date();
    this.context.logger.info({ component: this.name, state, pid: pid ?? undefined }, 'state');
    this.context.changed();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      let startedAt = Date.now();
      try {
        this.become('waiting');
        await this.context.dependenciesReady(this.component, signal);
        this.become('starting');
        startedAt = Date.now();
        const running = await this.component.start(this.instance, signal);
        this.reason = null;
        if (running) await this.attend(running);
        else {
          this.become('done');
          return;
        }
      } catch (error) {
        if (signal.aborted) break;
        this.failures = failuresInRow(this.failures, Date.now() - startedAt);
        this.restarts++;
        this.reason = error instanceof Error ? error.message : String(error);
        const delayMs = restartDelayMs(this.failures);
        this.context.logger.error({ component: this.name, reason: this.reason, delayMs }, 'restarting');
        this.become('failing');
        // Rejects only when stopping, which the loop's condition sees.
        await sleep(delayMs, undefined, { signal }).catch(() => {});
      }
    }
    this.become('stopped');
  }

  /** Stays with a running process. Resolves after stop(); @throws when the process ended of itself. */
  private async attend(running: LocalComponent): Promise<void> {
    const { signal } = this.stopping;
    this.become('ready', running.pid);
    const told = new Promise<null>((resolve) => {
      if (signal.aborted) resolve(null);
      else signal.addEventListener('abort', () => resolve(null), { once: true });
    });
    const exit = await Promise.race([running.process.exited, told]);
    if (exit) throw new Error(`ended with ${describeExit(exit)}`);
    this.become('stopping', running.pid);
    await running.stop(this.component.stopLimitMs);
  }
}
