import { setTimeout as delay } from 'node:timers/promises';
import { StoreRefusedError } from '../../lib/stores/surreal/errors.js';

const CONFLICT_RETRIES = 6;
const CONFLICT_DELAY_MS = 15;

export interface Attempt<Item> {
  write: (items: Item[]) => Promise<void>;
  /** Resolves where the store takes what is beyond doubt; rejects where it refuses everything. */
  probe: () => Promise<void>;
  /** What the store refuses while it takes others. Durable when it resolves. */
  refused: (item: Item, reason: string) => Promise<void>;
  signal: AbortSignal;
  onRetry: () => void;
}

/**
 * Writes items together and, where the store refuses them, by halves, until what it refuses stands alone. One bad item
 * costs some 2·log2(n) writes and holds up nothing.
 *
 * @throws StoreUnavailableError, and what the probe rejects with: then nothing is wrong with the items.
 */
export async function writeOrIsolate<Item>(items: Item[], attempt: Attempt<Item>): Promise<void> {
  if (items.length === 0) return;
  for (let retry = 0; ; retry++) {
    attempt.signal.throwIfAborted();
    try {
      await attempt.write(items);
      return;
    } catch (error) {
      // JSON or a time that cannot be encoded is as much the item's fault as what the store itself refuses
      if (!(error instanceof StoreRefusedError) && !(error instanceof SyntaxError)) throw error;
      if (error instanceof StoreRefusedError && error.conflict) {
        if (retry >= CONFLICT_RETRIES) throw error;
        attempt.onRetry();
        await delay(CONFLICT_DELAY_MS * 2 ** retry, undefined, { signal: attempt.signal });
        continue;
      }
      if (items.length === 1) {
        await attempt.probe();
        await attempt.refused(items[0]!, error.message);
        return;
      }
      break;
    }
  }
  const middle = items.length >> 1;
  await writeOrIsolate(items.slice(0, middle), attempt);
  await writeOrIsolate(items.slice(middle), attempt);
}
