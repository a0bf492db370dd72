import { setTimeout as sleep } from 'node:timers/promises';
import { DateTime } from 'luxon';
import type { Logger } from '../telemetry/logger.js';

export interface RetentionOptions {
  retentionDays: number;
  intervalMs: number;
  /** Most pages deleted in one run: what is left over goes with the next. */
  pagesPerRun: number;
  /** Deletes a bounded number of things older than `before`; says how many events went, and whether there are more. */
  deletePage: (before: Date) => Promise<{ deleted: number; more: boolean }>;
  onDeleted: (events: number) => void;
  logger: Logger;
  signal: AbortSignal;
}

/** Between two pages, so that writes and reads go on, milliseconds. */
const PAUSE_MS = 20;

/** Deletes what has expired, now and every `intervalMs`, until `signal` aborts. A run that fails is made up for by the next. */
export async function runRetention(options: RetentionOptions): Promise<void> {
  const { logger, signal, intervalMs, retentionDays } = options;
  while (!signal.aborted) {
    try {
      const deleted = await expire(options);
      if (deleted > 0) logger.info({ deleted, retentionDays }, 'expired events deleted');
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ reason: String(error) }, 'retention failed; the next run makes up for it');
    }
    await sleep(intervalMs, undefined, { signal }).catch(() => {
      // aborted: the loop ends
    });
  }
}

async function expire({
  retentionDays,
  pagesPerRun,
  deletePage,
  onDeleted,
  signal,
}: RetentionOptions): Promise<number> {
  const before = DateTime.utc().minus({ days: retentionDays }).toJSDate();
  let total = 0;
  for (let page = 0; page < pagesPerRun; page++) {
    const { deleted, more } = await deletePage(before);
    onDeleted(deleted);
    total += deleted;
    if (!more) break;
    await sleep(PAUSE_MS, undefined, { signal });
  }
  return total;
}
