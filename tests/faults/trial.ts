import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { waitFor } from '../../deploy/local/wait.js';
import { Random } from '../../lib/testing/random.js';
import { API_KEY, Pipeline } from '../pipeline/pipeline.js';
import { BOTH_STORES, Inspection, type StoreName } from './check/inspection.js';
import { Load, type LoadOptions } from './oracle/load.js';
import { Mint } from './oracle/mint.js';
import { Ledger, type Minted, type Way } from './oracle/minted.js';
import { batchSender, foreignSender, type Sender, singleSender } from './oracle/senders.js';
import type { Row, Size } from './row.js';

export interface TrialOptions {
  row: Row;
  seed: number;
  events: number;
  size: Size;
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

const USUAL_LOAD: Omit<LoadOptions, 'count'> = {
  eventsPerSecond: 700,
  ways: { batch: 0.4, single: 0.02, foreign: 0.28, lines: 0.3 },
};
/** A fresh event must be in both stores so soon after the faults have stopped, milliseconds. */
const FRESH_LIMIT_MS = 30_000;
const FINISH_LIMIT_MS = 120_000;

/** One row with one seed: a system of its own, the load, the faults, the comparison. */
export class Trial {
  readonly random: Random;
  readonly ledger = new Ledger();
  readonly thrown: Record<string, number> = {};
  readonly figures: Record<string, number> = {};
  /** What a row found wrong while it ran. */
  readonly complaints: string[] = [];
  readonly mint: Mint;
  load!: Load;
  private inspection!: Inspection;
  private senders!: Partial<Record<Way, Sender>>;
  private readonly closing: (() => Promise<void>)[] = [];

  private constructor(
    readonly options: TrialOptions,
    readonly system: Pipeline,
  ) {
    const { row, seed } = options;
    this.random = new Random(seed);
    this.mint = new Mint(new Random(seed ^ 0x5eed), `${row.name}:${seed}:${Date.now()}`, row.input);
  }

  static async run(options: TrialOptions): Promise<Outcome> {
    const system = await Pipeline.start(options.row.system);
    const trial = new Trial(options, system);
    try {
      return await trial.run();
    } finally {
      trial.load?.stop();
      await Promise.all(trial.closing.map((close) => close()));
      await system.stop();
    }
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
    const { row, events } = this.options;
    const inspection = await Inspection.open(this.system, pino({ level: 'silent' }));
    this.inspection = inspection;
    this.closing.push(() => inspection.close());
    this.senders = this.makeSenders();
    this.load = new Load(
      { ...USUAL_LOAD, ...row.load, count: events },
      this.mint,
      this.ledger,
      this.senders,
      new Random(this.options.seed ^ 0xd0b1e),
    );
    const begunMs = Date.now();
    this.load.start();
    await row.faults(this);
    this.figures.faults_seconds = secondsSince(begunMs);
    await Promise.all([this.fresh(BOTH_STORES), this.load.finish(FINISH_LIMIT_MS)]);
    this.figures.load_seconds = secondsSince(begunMs);
    const settlingMs = Date.now();
    const faults = await inspection.settle(this.ledger);
    this.figures.settle_seconds = secondsSince(settlingMs);
    return {
      events: this.ledger.acknowledged.size,
      thrown: this.thrown,
      faults: [
        ...this.complaints,
        ...faults,
        ...((await row.check?.(this)) ?? []),
        ...this.system.unexpectedEnds(),
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
      await Promise.all(items.map((item) => this.sendOnce(item, this.senders[item.way]!, signal)));
      const ids = items.map(({ ref }) => ref);
      const what = `a fresh event in ${stores.join(' and ')}`;
      await waitFor(what, () => this.inspection.holds(ids, stores), { limitMs, everyMs: 100, signal });
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

  private async sendOnce(item: Minted, sender: Sender, signal: AbortSignal): Promise<void> {
    await sender([item], signal);
    this.ledger.acknowledge([item]);
  }

  private makeSenders(): Partial<Record<Way, Sender>> {
    const gateway = { url: () => this.system.gatewayUrl, apiKey: API_KEY };
    const foreign = foreignSender(this.system.stack.brokers);
    const lines = foreignSender(this.system.stack.brokers);
    this.closing.push(foreign.close, lines.close);
    return {
      batch: batchSender(gateway),
      single: singleSender(gateway),
      foreign: foreign.send,
      lines: lines.send,
    };
  }
}

export const secondsSince = (ms: number): number => Math.round((Date.now() - ms) / 100) / 10;

/** A moment of at most `limitMs`. */
export const moment = (random: Random, limitMs: number): Promise<void> => delay(random.next() * limitMs);
