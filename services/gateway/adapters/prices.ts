import { statSync } from 'node:fs';
import { loadAppConfig } from '../../../lib/config/app-config.js';
import { ConfigError } from '../../../lib/config/config-error.js';
import { builtInPrices, loadPrices, ownPrices } from '../../../lib/config/price-file.js';
import type { PriceTable } from '../../../lib/model/cost/price-table.js';
import type { Logger } from '../../../lib/telemetry/logger.js';

/** Files are looked at no more often than this. */
const LOOK_MS = 2_000;

/**
 * The price table as its files say it now: an edit counts from the next answer on. A list with faults is named in the log, and the
 * last good one stands.
 * @throws ConfigError, on the first reading only
 */
export function pricesOf(
  configPath: string,
  now: () => number,
  logger?: Pick<Logger, 'info' | 'error'>,
): () => PriceTable {
  const { prices } = loadAppConfig(configPath);
  const own = prices === undefined ? undefined : ownPrices(configPath, prices);
  const files = [builtInPrices(), ...(own === undefined ? [] : [own])];
  const stateOf = () => files.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0).join();
  let table = loadPrices(own);
  let state = stateOf();
  let lookedMs = now();
  return () => {
    if (now() - lookedMs < LOOK_MS) return table;
    lookedMs = now();
    const current = stateOf();
    if (current === state) return table;
    state = current;
    try {
      table = loadPrices(own);
      logger?.info({ files }, 'prices read anew');
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      logger?.error({ faults: error.faults }, 'the price list has faults: the one before stands');
    }
    return table;
  };
}
