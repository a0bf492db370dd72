import { setTimeout as sleep } from 'node:timers/promises';
import { DateTime } from 'luxon';
import type { QdrantStore } from '../../lib/stores/qdrant/store.js';
import type { Logger } from '../../lib/telemetry/logger.js';

export interface RetentionOptions {
  store: QdrantStore;
  retentionDays: number;
  intervalMs: number;
  logger: Logger;
  onDeleted: (points: number) => void;
  signal: AbortSignal;
}

/** Most points deleted in one run: what is left over goes with the next. */
const PAGES_PER_RUN = 200;
/** Between two pages, so that writes and searches go on. */
const PAUSE_MS = 20;

/** Deletes expired events now and every `intervalMs`, until `signal` aborts. A run that fails is made up for by the next. */
export async function runRetention(options: RetentionOptions): Promise<void> {
  const { logger, signal, intervalMs } = options;
  while (!signal.aborted) {
    try {
      const deleted = await expire(options);
      if (deleted > 0)
        logger.info({ deleted, retentionDays: options.retentionDays }, 'expired events deleted');
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ reason: String(error) }, 'retention failed; the next run makes up for it');
    }
    await sleep(intervalMs, undefined, { signal }).catch(() => {
      // aborted: the loop ends
    });
  }
}

async function expire({ store, retentionDays, onDeleted, signal }: RetentionOptions): Promise<number> {
  const before = DateTime.utc().minus({ days: retentionDays }).toMillis();
  let total = 0;
  for (let page = 0; page < PAGES_PER_RUN; page++) {
    const deleted = await store.deleteSome({ to_ms: before });
    onDeleted(deleted);
    total += deleted;
    if (deleted === 0) break;
    await sleep(PAUSE_MS, undefined, { signal });
  }
  return total;
}
