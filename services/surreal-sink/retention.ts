import { setTimeout as sleep } from 'node:timers/promises';
import { DateTime } from 'luxon';
import type { SurrealStore } from '../../lib/stores/surreal/connection.js';
import { deleteOlderThan } from '../../lib/stores/surreal/retention.js';
import type { Logger } from '../../lib/telemetry/logger.js';

export interface RetentionOptions {
  store: SurrealStore;
  retentionDays: number;
  intervalMs: number;
  logger: Logger;
  onDeleted: (events: number) => void;
  signal: AbortSignal;
}

const TRACES_PER_PAGE = 50;
/** Most pages deleted in one run: what is left over goes with the next. */
const PAGES_PER_RUN = 400;
/** Between two pages, so that writes and reads go on. */
const PAUSE_MS = 20;

/** Deletes expired traces every `intervalMs` until `signal` aborts. A run that fails is made up for by the next. */
export async function runRetention(options: RetentionOptions): Promise<void> {
  const { logger, signal, intervalMs, retentionDays } = options;
  while (!signal.aborted) {
    try {
      const deleted = await expire(options);
      if (deleted.traces > 0) logger.info({ ...deleted, retentionDays }, 'expired traces deleted');
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ reason: String(error) }, 'retention failed; the next run makes up for it');
    }
    await sleep(intervalMs, undefined, { signal }).catch(() => {
      // aborted: the loop ends
    });
  }
}

async function expire({ store, retentionDays, onDeleted, signal }: RetentionOptions) {
  const before = DateTime.utc().minus({ days: retentionDays }).toJSDate();
  const total = { traces: 0, events: 0 };
  for (let page = 0; page < PAGES_PER_RUN; page++) {
    const deleted = await deleteOlderThan(store, before, TRACES_PER_PAGE);
    onDeleted(deleted.events);
    total.traces += deleted.traces;
    total.events += deleted.events;
    if (deleted.traces < TRACES_PER_PAGE) break;
    await sleep(PAUSE_MS, undefined, { signal });
  }
  return total;
}
