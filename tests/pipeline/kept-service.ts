import { setTimeout as delay } from 'node:timers/promises';
import type { TestService } from '../../lib/testing/service.js';
import type { TestStack } from '../../lib/testing/stack.js';

type Exit = Awaited<TestService['exited']>;

/** A service that is started again whenever it ends, as the local stack, Compose and Kubernetes do. */
export class KeptService {
  kills = 0;
  /** Ends that {@link mayEnd} took for what the test wanted. */
  wantedEnds = 0;
  /** Whether an end that nobody asked for is what the test wants, as at a fault point; left out: never. */
  mayEnd: ((exit: Exit) => boolean) | null = null;
  /** Variables for the next start alone. */
  nextEnv: Record<string, string> = {};
  private current: TestService | null = null;
  private ending = false;
  private readonly keeping: Promise<void>;
  /** Ends that were not asked for, with the last log lines. */
  readonly unexpected: string[] = [];

  /** @param env asked anew at each start. */
  constructor(
    private readonly stack: TestStack,
    private readonly name: string,
    private readonly slot: string,
    private readonly env: () => Record<string, string> = () => ({}),
  ) {
    this.keeping = this.keep();
  }

  get service(): TestService {
    if (!this.current) throw new Error(`${this.slot} is not running`);
    return this.current;
  }

  get isRunning(): boolean {
    return this.current !== null;
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

  /** SIGTERM, which it must follow within 10 s with exit code 0; it is started again at once. */
  async restart(): Promise<void> {
    const victim = this.current;
    if (!victim) return;
    this.current = null;
    await this.terminate(victim);
  }

  async stop(): Promise<void> {
    this.ending = true;
    if (this.current) await this.terminate(this.current);
    await this.keeping;
  }

  /** SIGKILL, and it is not started again. */
  async abandon(): Promise<void> {
    this.ending = true;
    await this.current?.kill();
    await this.keeping;
  }

  private async terminate(victim: TestService): Promise<void> {
    const exit = await victim.stop();
    // by the signal itself: it had only just been started
    if (exit.code === 0 || exit.signal === 'SIGTERM') return;
    const end = exit.signal === 'SIGKILL' ? 'did not end within 10 s of SIGTERM' : 'ended badly on SIGTERM';
    this.unexpected.push(`${this.slot} ${end} (${JSON.stringify(exit)}):\n${victim.output().slice(-2_000)}`);
  }

  private async keep(): Promise<void> {
    while (!this.ending) {
      const { nextEnv } = this;
      this.nextEnv = {};
      const service = await this.stack.spawnService(this.name, {
        id: this.slot,
        env: { VECTADB_STATE: `${this.stack.folder}/state-${this.slot}`, ...this.env(), ...nextEnv },
      });
      if (this.ending) {
        await service.kill();
        return;
      }
      this.current = service;
      const exit = await service.exited;
      if (this.current !== service || this.ending) continue;
      this.current = null;
      if (this.mayEnd?.(exit)) {
        this.wantedEnds++;
        continue;
      }
      this.unexpected.push(
        `${this.slot} ended with ${JSON.stringify(exit)}:\n${service.output().slice(-2_000)}`,
      );
      await delay(500);
    }
  }
}
