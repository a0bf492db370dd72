import { setTimeout as delay } from 'node:timers/promises';
import type { TestService } from '../../lib/testing/service.js';
import type { TestStack } from '../../lib/testing/stack.js';

/** A service that is started again whenever it ends, as the local stack, Compose and Kubernetes do. */
export class KeptService {
  kills = 0;
  private current: TestService | null = null;
  private ending = false;
  private readonly keeping: Promise<void>;
  /** Ends that were not asked for, with the last log lines. */
  readonly unexpected: string[] = [];

  constructor(
    private readonly stack: TestStack,
    private readonly name: string,
    private readonly slot: string,
    private readonly env: Record<string, string> = {},
  ) {
    this.keeping = this.keep();
  }

  get service(): TestService {
    if (!this.current) throw new Error(`${this.slot} is not running`);
    return this.current;
  }

  async waitReady(limitMs = 60_000): Promise<void> {
    const limit = Date.now() + limitMs;
    while (!this.current) {
      if (Date.now() > limit) throw new Error(`${this.slot} did not start`);
      await delay(20);
    }
    await this.current.waitReady(limitMs);
  }

  /** SIGKILL; it is started again at once. */
  async kill(): Promise<void> {
    const victim = this.current;
    if (!victim) return;
    this.kills++;
    this.current = null;
    await victim.kill();
  }

  async stop(): Promise<void> {
    this.ending = true;
    await this.current?.stop();
    await this.keeping;
  }

  private async keep(): Promise<void> {
    while (!this.ending) {
      const service = await this.stack.spawnService(this.name, {
        env: { VECTADB_STATE: `${this.stack.folder}/state-${this.slot}`, ...this.env },
      });
      this.current = service;
      const exit = await service.exited;
      if (this.current === service && !this.ending) {
        this.unexpected.push(
          `${this.slot} ended with ${JSON.stringify(exit)}:\n${service.output().slice(-2_000)}`,
        );
        this.current = null;
        await delay(500);
      }
    }
  }
}
