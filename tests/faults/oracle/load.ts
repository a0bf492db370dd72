import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../../lib/testing/random.js';
import type { Mint } from './mint.js';
import type { Ledger, Minted, Way } from './minted.js';
import type { Sender } from './senders.js';

export interface LoadOptions {
  /** Events in all; while faults go on, some more trickle. */
  count: number;
  eventsPerSecond: number;
  /** Share of each way; they add up to 1. */
  ways: Partial<Record<Way, number>>;
  /** Share of structured events that are sent twice. */
  duplicates?: number;
}

const TICK_MS = 50;
const SENT_AT_ONCE = 500;
/** A way that is not acknowledged any more gets no more to send than this. */
const MAX_WAITING = 3_000;
const TRICKLE_PER_SECOND = 20;
const DUPLICATING: Way[] = ['batch', 'single', 'foreign'];

interface Lane {
  way: Way;
  share: number;
  owed: number;
  waiting: Minted[];
  sender: Sender;
}

/** Sends what is minted at a steady rate by several ways at once, each in its order, until it is told to finish. */
export class Load {
  private readonly lanes: Lane[];
  private minted = 0;
  private eventsPerSecond: number;
  private sent = 0;
  private finishing = false;
  private readonly abort = new AbortController();
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: LoadOptions,
    private readonly mint: Mint,
    private readonly ledger: Ledger,
    senders: Partial<Record<Way, Sender>>,
    private readonly random: Random,
  ) {
    this.eventsPerSecond = options.eventsPerSecond;
    this.lanes = Object.entries(options.ways).map(([way, share]) => {
      const sender = senders[way as Way];
      if (!sender) throw new Error(`there is no way in by ${way}`);
      return { way: way as Way, share, owed: 0, waiting: [], sender };
    });
  }

  /** Share of the events that are acknowledged, 0 to 1. */
  get progress(): number {
    return Math.min(1, this.sent / this.options.count);
  }

  /** How many were acknowledged, those of the trickle included. */
  get acknowledged(): number {
    return this.sent;
  }

  start(): void {
    this.running = Promise.all([this.produce(), ...this.lanes.map((lane) => this.drain(lane))]);
    this.running.catch(() => {
      // whoever calls `finish` is told
    });
  }

  /** Resolves when this share of the events is acknowledged. @throws what ended the sending. */
  async reaches(progress: number): Promise<void> {
    await Promise.race([this.running, this.passes(progress)]);
  }

  /** From now on so many events a second. */
  goOnAt(eventsPerSecond: number): void {
    this.eventsPerSecond = eventsPerSecond;
  }

  /** Ends the trickle; resolves when everything is acknowledged. @throws what is still open after the limit. */
  async finish(limitMs: number): Promise<void> {
    this.finishing = true;
    const timer = setTimeout(() => this.abort.abort(), limitMs);
    try {
      await this.running;
    } catch (error) {
      if (!this.abort.signal.aborted) throw error;
      const open = this.lanes.map(({ way, waiting }) => `${way} ${waiting.length}`).join(', ');
      throw new Error(`not everything was acknowledged ${limitMs} ms after the faults: ${open}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gives up. */
  stop(): void {
    this.abort.abort();
  }

  private async passes(progress: number): Promise<void> {
    while (this.progress < progress && !this.abort.signal.aborted) await delay(TICK_MS);
  }

  private async produce(): Promise<void> {
    const { count } = this.options;
    let last = Date.now();
    for (;;) {
      const isDone = this.minted >= count;
      if (isDone && this.finishing) return;
      await delay(TICK_MS, undefined, { signal: this.abort.signal });
      const now = Date.now();
      const perSecond = isDone ? TRICKLE_PER_SECOND : this.eventsPerSecond;
      for (const lane of this.lanes) this.owe(lane, (lane.share * perSecond * (now - last)) / 1_000);
      last = now;
    }
  }

  private owe(lane: Lane, events: number): void {
    // what a stalled way missed is not made up for in one burst
    lane.owed = Math.min(lane.owed + events, SENT_AT_ONCE);
    while (lane.owed >= 1 && lane.waiting.length < MAX_WAITING) {
      lane.owed--;
      this.minted++;
      const item = this.mint.next(lane.way);
      this.ledger.mint(item);
      lane.waiting.push(item);
      this.repeat(item);
    }
  }

  private repeat(item: Minted): void {
    const { duplicates = 0 } = this.options;
    if (duplicates === 0 || item.kind !== 'event' || !this.random.chance(duplicates)) return;
    const others = this.lanes.filter(({ way }) => DUPLICATING.includes(way));
    if (others.length > 0) this.random.pick(others).waiting.push(item);
  }

  private async drain(lane: Lane): Promise<void> {
    for (;;) {
      const items = lane.waiting.slice(0, SENT_AT_ONCE);
      if (items.length === 0) {
        if (this.finishing && this.minted >= this.options.count) return;
        await delay(TICK_MS, undefined, { signal: this.abort.signal });
        continue;
      }
      await lane.sender(items, this.abort.signal);
      lane.waiting.splice(0, items.length);
      this.ledger.acknowledge(items);
      this.sent += items.length;
    }
  }
}
