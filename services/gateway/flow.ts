import { setTimeout as delay } from 'node:timers/promises';
import { hourOf } from '../../lib/model/flow-account.js';
import type { Logger } from '../../lib/telemetry/logger.js';
import { type FlowHour, type FlowTotals, flowHour, gapsOf, missingOf, totalOf } from './core/flow.js';
import type { FlowPort, Ports } from './ports.js';

/** Balance of the last 24 hours, the current one included. */
export interface FlowReport {
  /** Unix milliseconds. */
  atMs: number;
  total: FlowTotals;
  /** Newest first. */
  hours: FlowHour[];
}

const HOURS = 24;

export interface FlowOptions {
  source: FlowPort;
  store: Pick<Ports['store'], 'storedHours'>;
  now: () => number;
  logger: Pick<Logger, 'error' | 'warn'>;
  /** Between two measurements. */
  everyMs?: number;
}

/**
 * Whether what was accepted is stored, refused or on its way. Measured every ten seconds; what is missing is told when two
 * measurements in a row miss it, since the counts of the stages are not taken at the same moment.
 */
export class Flow {
  private missing = new Map<number, number>();
  private current: FlowReport | null = null;
  private failure = 'not measured yet';
  private readonly stop = new AbortController();

  constructor(private readonly options: FlowOptions) {}

  /** The last measurement; null, and why, where the one after it has failed. */
  get report(): { report: FlowReport | null; failure: string } {
    return { report: this.current, failure: this.failure };
  }

  /** A measurement that is under way at the end is left to fail. */
  async close(): Promise<void> {
    this.stop.abort();
    await this.options.source.close();
  }

  /** Measures until closed; never rejects. */
  async run(): Promise<void> {
    const { signal } = this.stop;
    while (!signal.aborted) {
      await this.measure();
      await delay(this.options.everyMs ?? 10_000, undefined, { signal }).catch(() => {
        // closing: the loop ends
      });
    }
  }

  /** Takes one measurement; never rejects. */
  async measure(): Promise<void> {
    try {
      this.current = await this.balance();
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      if (this.current !== null && !this.stop.signal.aborted)
        this.options.logger.warn({ reason: failure }, 'the flow cannot be measured');
      this.failure = failure;
      this.current = null;
    }
  }

  /** The way in is asked first, the store last: what moves on meanwhile is met again, and nothing seems to be lost. */
  private async balance(): Promise<FlowReport> {
    const { source, store, now, logger } = this.options;
    const nowMs = now();
    const until = hourOf(nowMs) + 1;
    const from = until - HOURS;
    const accounts = await source.accounts(from);
    const positions = await source.positions();
    const stored = await store.storedHours(from);
    const hours: FlowHour[] = [];
    const missing = new Map<number, number>();
    for (const gaps of gapsOf(accounts, stored, from, until)) {
      const unread = await source.unread(positions, gaps);
      const now = missingOf(gaps, unread, nowMs);
      if (now > 0) missing.set(gaps.hour, now);
      const unaccounted = Math.min(now, this.missing.get(gaps.hour) ?? 0);
      hours.push(flowHour(gaps, unread.raw, unaccounted));
      if (unaccounted > 0)
        logger.error({ hour: hours.at(-1)!.hour, unaccounted, gaps }, 'accepted events are nowhere');
    }
    this.missing = missing;
    return { atMs: nowMs, total: totalOf(hours), hours: hours.reverse() };
  }
}
