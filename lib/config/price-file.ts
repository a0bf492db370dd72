import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { type ModelPrice, type PriceTable, priceTable } from '../model/cost/price-table.js';
import { ConfigError } from './config-error.js';
import { projectRoot } from './root.js';

const usd = z.number().nonnegative().finite();
const day = z.string().refine((text) => {
  const atMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(text);
}, 'is no day of the calendar (YYYY-MM-DD)');

const modelPrice = z.strictObject({
  name: z.string().trim().min(1),
  input: usd,
  output: usd,
  cached_input: usd.optional(),
  cache_write: usd.optional(),
  effective: day.optional(),
  aliases: z.array(z.string().trim().min(1)).optional(),
  source: z.string().optional(),
});

const priceFile = z.strictObject({
  /** The day on which the list was last compared with its sources. */
  as_of: day.optional(),
  /** Web pages by the names that `source` of a model uses. */
  sources: z.record(z.string(), z.string()).optional(),
  models: z.array(modelPrice),
});

/** The list that comes with VectaDB. */
export const builtInPrices = (): string => join(projectRoot(), 'prices.yaml');

/** Where a `prices` of config.yaml points to: relative to that file. */
export const ownPrices = (configPath: string, prices: string): string => resolve(dirname(configPath), prices);

/**
 * The price table: the user's own list first where there is one, the built-in one behind it.
 * @throws ConfigError naming every fault with file, line and path.
 */
export function loadPrices(own?: string, builtIn = builtInPrices()): PriceTable {
  const lists = [...(own === undefined ? [] : [own]), builtIn].map((path) => {
    try {
      return parsePrices(readFileSync(path, 'utf8'), path);
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      throw new ConfigError([`${path}: cannot be read: ${(error as Error).message}`]);
    }
  });
  return priceTable(...lists);
}

/** As {@link loadPrices}, one list from text. `name` stands for the file in messages. */
export function parsePrices(text: string, name: string): ModelPrice[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((error) => `${name}:${error.linePos?.[0].line ?? 1}: ${error.message}`),
    );
  }
  const at = (path: (string | number)[]): number => {
    const node = document.getIn(path, true) as { range?: [number] } | undefined;
    return node?.range ? lines.linePos(node.range[0]).line : path.length > 0 ? at(path.slice(0, -1)) : 1;
  };
  const read = priceFile.safeParse(document.toJS() ?? {});
  if (!read.success) {
    throw new ConfigError(
      read.error.issues.map((issue) => {
        const path = issue.path as (string | number)[];
        return `${name}:${at(path)}: ${path.join('.') || 'the file'}: ${issue.message}`;
      }),
    );
  }
  const faults = clashes(read.data.models).map(
    ({ index, fault }) => `${name}:${at(['models', index])}: models.${index}: ${fault}`,
  );
  if (faults.length > 0) throw new ConfigError(faults);
  return read.data.models as ModelPrice[];
}

/** Two prices of one model from one day on, and names that two models claim. */
function clashes(models: z.output<typeof modelPrice>[]): { index: number; fault: string }[] {
  const owners = new Map<string, string>(models.map(({ name }) => [name.toLowerCase(), name.toLowerCase()]));
  const days = new Set<string>();
  const found: { index: number; fault: string }[] = [];
  models.forEach(({ name, effective, aliases }, index) => {
    const owner = name.toLowerCase();
    const from = JSON.stringify([owner, effective ?? null]);
    if (days.has(from)) {
      found.push({ index, fault: `'${name}' has two prices from ${effective ?? 'the beginning'} on` });
    }
    days.add(from);
    for (const alias of (aliases ?? []).map((one) => one.toLowerCase())) {
      const claimed = owners.get(alias);
      if (claimed !== undefined && claimed !== owner) {
        found.push({ index, fault: `alias '${alias}' belongs to '${claimed}' already` });
      } else owners.set(alias, owner);
    }
  });
  return found;
}
