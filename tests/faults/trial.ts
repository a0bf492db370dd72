import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../deploy/local/wait.js';
import { Random } from '../../lib/testing/random.js';
import type { EncodedRecord } from '../../lib/topology/topology.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { readRecords } from './check/holdings.js';
import { BOTH_STORES, type StoreName } from './check/inspection.js';
import { Load, type LoadOptions } from './oracle/load.js';
import { Mint } from './oracle/mint.js';
import type { Ledger, Minted } from './oracle/minted.js';
import type { Sender } from './oracle/senders.js';
import type { Row, Size } from './row.js';
import { Session } from './session.js';

export interface TrialOptions {
  row: Row;
  seed: number;
  events: number;
  size: Size;
  /** Where the services are built, else dist. */
  dist?: string;
}

/** What came of one row with one seed. */
export interface Outcome {
  events: number;
  /** Faults thrown, by kind. */
  thrown: Record<string, number>;
  /** What is wrong; empty when all is well. */
  faults: string[];
  /** Times and counts worth keeping. */
  figures: Record<string, number>;
}

export const USUAL_LOAD: Omit<LoadOptions, 'count'> = {
  eventsPerSecond: 700,
  ways: { batch: 0.4, single: 0.02, foreign: 0.28, lines: 0.3 },
};
/** A fresh event must be in both stores so soon after the faults have stopped, milliseconds. */
const FRESH_LIMIT_MS = 30_000;
const FINISH_LIMIT_MS = 120_000;

/** One row with one seed: a system of its own, the load, the faults, the comparison. */
export class Trial {
  readonly random: Random;
  readonly thrown: Record<string, number> = {};
  readonly figures: Record<string, number> = {};
  /** What a row found wrong while it ran. */
  readonly complaints: string[] = [];
  readonly mint: Mint;
  readonly load: Load;

  private constructor(
    readonly options: TrialOptions,
    private readonly session: Session,
  ) {
    const { row, seed } = options;
    this.random = new Random(seed);
    this.mint = new Mint(new Random(seed ^ 0x5eed), `${row.name}:${seed}:${Date.now()}`, row.input);
    this.load = new Load(
      { ...USUAL_LOAD, ...row.load, duplicates: row.input?.duplicates, count: options.events },
      this.mint,
      session.ledger,
      session.senders,
      new Random(seed ^ 0xd0b1e),
    );
  }

  /** In a session of its own, or in one that has room for it. */
  static async run(options: TrialOptions, shared?: Session): Promise<Outcome> {
    const session = shared ?? (await Session.open({ ...options.row.system, dist: options.dist }));
    const trial = new Trial(options, session);
    try {
      if (shared) await shared.scaleTo(options.row.system ?? {});
      return await trial.run();
    } finally {
      trial.load.stop();
      if (!shared) await session.close();
    }
  }

  get system(): Pipeline {
    return this.session.system;
  }

  get ledger(): Ledger {
    return this.session.ledger;
  }

  get isShort(): boolean {
    return this.options.size === 'short';
  }

  /** Counts a fault that was thrown. */
  threw(kind: string): void {
    this.thrown[kind] = (this.thrown[kind] ?? 0) + 1;
  }

  /** Does something `times` times, spread over the load: each at a random moment of its share. */
  async spread(times: number, act: (index: number) => Promise<void>): Promise<void> {
    for (let index = 0; index < times; index++) {
      await this.load.reaches((index + this.random.next()) / (times + 1));
      await act(index);
    }
  }

  private async run(): Promise<Outcome> {
    const { row } = this.options;
    const before = this.ledger.acknowledged.size;
    const begunMs = Date.now();
    this.load.start();
    await row.faults(this);
    this.figures.faults_seconds = secondsSince(begunMs);
    await Promise.all([this.fresh(BOTH_STORES), this.load.finish(FINISH_LIMIT_MS)]);
    this.figures.load_seconds = secondsSince(begunMs);
    const settlingMs = Date.now();
    const faults = await this.session.inspection.settle(this.ledger);
    this.figures.settle_seconds = secondsSince(settlingMs);
    return {
      events: this.ledger.acknowledged.size - before,
      thrown: this.thrown,
      faults: [
        ...this.complaints,
        ...faults,
        ...((await row.check?.(this)) ?? []),
        ...this.session.newUnexpectedEnds(),
      ],
      figures: this.figures,
    };
  }

  /** Two events, one by HTTP and one by raw-logs, must be in these stores in time. */
  async fresh(stores: readonly StoreName[]): Promise<void> {
    const since = Date.now();
    const limitMs = this.options.row.freshLimitMs ?? FRESH_LIMIT_MS;
    const items = [this.mint.next('batch'), this.mint.next('foreign')];
    for (const item of items) this.ledger.mint(item);
    const signal = AbortSignal.timeout(limitMs);
    try {
      await Promise.all(items.map((item) => this.sendOnce(item, this.session.senders[item.way]!, signal)));
      const ids = items.map(({ ref }) => ref);
      const what = `a fresh event in ${stores.join(' and ')}`;
      await waitFor(what, () => this.session.inspection.holds(ids, stores), {
        limitMs,
        everyMs: 100,
        signal,
      });
      const seconds = secondsSince(since);
      this.figures.fresh_seconds = Math.max(this.figures.fresh_seconds ?? 0, seconds);
    } catch (error) {
      const why = signal.aborted
        ? `not after ${limitMs} ms`
        : error instanceof Error
          ? error.message
          : String(error);
      this.complaints.push(`a fresh event in ${stores.join(' and ')}: ${why}`);
    }
  }

  /** Every committed record of a topic. */
  readTopic(topic: string): Promise<EncodedRecord[]> {
    return readRecords(this.system.stack.brokers, topic);
  }

  /** Id by which the registry knows the schema of raw-logs. */
  get rawLogId(): number {
    return this.session.inspection.rawLogId;
  }

  private async sendOnce(item: Minted, sender: Sender, signal: AbortSignal): Promise<void> {
    await sender([item], signal);
    this.ledger.acknowledge([item]);
  }
}

export const secondsSince = (ms: number): number => Math.round((Date.now() - ms) / 100) / 10;

/** A moment of at most `limitMs`. */
export const moment = (random: Random, limitMs: number): Promise<void> => delay(random.next() * limitMs);
