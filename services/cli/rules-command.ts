import { existsSync } from 'node:fs';
import { type AppConfig, loadAppConfig } from '../../lib/config/app-config.js';
import { loadPrices, ownPrices } from '../../lib/config/price-file.js';
import type { PriceTable } from '../../lib/model/cost/price-table.js';
import { loadRules } from '../processor/adapters/rule-files.js';
import type { CompiledRules } from '../processor/core/rules/compiled-rules.js';

/** `--config` of every command that runs rules. */
export const CONFIG_OPTION = [
  '-c, --config <file>',
  'config.yaml with rules of your own',
  process.env.VECTADB_CONFIG ?? 'config.yaml',
] as const;

/** The configuration of a file, its defaults where there is none, with its rules. @throws ConfigError naming every fault. */
export function readRules(path: string): { config: AppConfig; rules: CompiledRules } {
  const config = loadAppConfig(path);
  return { config, rules: loadRules(config, { configPath: existsSync(path) ? path : undefined }) };
}

/** The price table that a configuration names, the built-in one behind it. @throws ConfigError naming every fault. */
export const readPrices = (path: string, { prices }: AppConfig): PriceTable =>
  loadPrices(prices === undefined ? undefined : ownPrices(path, prices));
