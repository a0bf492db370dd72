import { modelNames } from './model-names.js';

/** What a model costs from a day on; USD per million tokens. */
export interface ModelPrice {
  name: string;
  input: number;
  output: number;
  /** Input read from the provider's prompt cache; absent: as `input`. */
  cached_input?: number;
  /** Input written to the provider's prompt cache; absent: as `input`. */
  cache_write?: number;
  /** First day, `YYYY-MM-DD` in UTC; absent: always. */
  effective?: string;
  /** Other names; `*` stands for anything. */
  aliases?: string[];
  source?: string;
}

/** Prices by name, each oldest first; made by {@link priceTable}. */
export interface PriceTable {
  named: ReadonlyMap<string, readonly ModelPrice[]>;
  /** Aliases that hold `*`; those with more of their own characters first. */
  patterns: readonly { pattern: RegExp; prices: readonly ModelPrice[] }[];
}

const DAY_START = 'T00:00:00Z';

/**
 * Prices ready to be looked up. Of two lists the first that knows a name has it, so a user's own list comes before the
 * built-in one.
 */
export function priceTable(...lists: (readonly ModelPrice[])[]): PriceTable {
  const named = new Map<string, readonly ModelPrice[]>();
  const patterns: { pattern: RegExp; prices: readonly ModelPrice[]; length: number }[] = [];
  for (const list of lists) {
    const models = new Map<string, ModelPrice[]>();
    for (const price of list) {
      const name = price.name.toLowerCase();
      models.set(name, [...(models.get(name) ?? []), price].sort(byDay));
    }
    // names before aliases: a model's own price is never another's
    for (const [name, prices] of models) if (!named.has(name)) named.set(name, prices);
    const mine: typeof patterns = [];
    for (const prices of models.values()) {
      for (const alias of new Set(prices.flatMap((price) => price.aliases ?? []).map(lowerCase))) {
        if (alias.includes('*')) {
          mine.push({ pattern: globOf(alias), prices, length: alias.replaceAll('*', '').length });
        } else if (!named.has(alias)) named.set(alias, prices);
      }
    }
    patterns.push(...mine.sort((a, b) => b.length - a.length));
  }
  return { named, patterns };
}

/** The price of a model at a moment (Unix milliseconds): the last that was in force, or the first ever known; null: none. */
export function priceOf(table: PriceTable, model: string, atMs: number): ModelPrice | null {
  const names = modelNames(model);
  for (const name of names) {
    const prices = table.named.get(name);
    if (prices) return inForce(prices, atMs);
  }
  for (const { pattern, prices } of table.patterns) {
    if (names.some((name) => pattern.test(name))) return inForce(prices, atMs);
  }
  return null;
}

const inForce = (prices: readonly ModelPrice[], atMs: number): ModelPrice =>
  prices.findLast((price) => startOf(price) <= atMs) ?? prices[0]!;

const startOf = ({ effective }: ModelPrice): number =>
  effective === undefined ? Number.NEGATIVE_INFINITY : Date.parse(`${effective}${DAY_START}`);

const byDay = (a: ModelPrice, b: ModelPrice): number => {
  const [first, second] = [startOf(a), startOf(b)];
  return first === second ? 0 : first < second ? -1 : 1;
};

const lowerCase = (text: string): string => text.trim().toLowerCase();

const globOf = (glob: string): RegExp => new RegExp(`^${glob.split('*').map(escaped).join('.*')}$`);

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
