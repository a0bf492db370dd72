import type { ModelStats } from '../events.js';
import { type PriceTable, priceOf } from './price-table.js';

/** What the tokens of one model cost. */
export interface ModelCost {
  /** null: not known, which is not nothing; `why` says what is missing. */
  usd: number | null;
  why: 'priced' | 'no_price' | 'no_tokens';
  /** Entry of the price table. */
  priced_as: string | null;
  /** Some tokens were told as a total alone: they count as input, which is the cheaper. */
  at_least: boolean;
}

/** What a trace cost, as far as its events tell tokens and the table knows prices. */
export interface CostEstimate {
  /** Sum over the models whose cost is known, USD; null where there is none. */
  usd: number | null;
  /** Every model's cost is known, and none is a lower bound. */
  complete: boolean;
  /** Models whose cost is not known. */
  unknown: string[];
  models: Record<string, ModelCost>;
}

type Tokens = Pick<ModelStats, 'prompt_tokens' | 'completion_tokens' | 'total_tokens'> &
  Partial<Pick<ModelStats, 'cached_tokens' | 'cache_write_tokens'>>;

const PER = 1_000_000;
/** A hundred-millionth of a dollar: sums of prices per million tokens have no finer digits that mean anything. */
const DIGITS = 1e8;

/**
 * Cost of a trace by its models' tokens.
 * @param models as in a trace; prompt tokens include those read from and written to the provider's cache.
 * @param atMs when the trace began, Unix milliseconds: the price of that day counts.
 */
export function estimateCost(
  models: Readonly<Record<string, Tokens>>,
  table: PriceTable,
  atMs: number,
): CostEstimate {
  const estimate: CostEstimate = { usd: null, complete: true, unknown: [], models: {} };
  for (const [model, tokens] of Object.entries(models)) {
    const cost = costOf(model, tokens, table, atMs);
    estimate.models[model] = cost;
    if (cost.usd === null) estimate.unknown.push(model);
    else estimate.usd = rounded((estimate.usd ?? 0) + cost.usd);
    if (cost.usd === null || cost.at_least) estimate.complete = false;
  }
  return estimate;
}

function costOf(model: string, tokens: Tokens, table: PriceTable, atMs: number): ModelCost {
  const price = priceOf(table, model, atMs);
  const { prompt_tokens: prompt, completion_tokens: completion } = tokens;
  const unsplit = Math.max(0, tokens.total_tokens - prompt - completion);
  const priced_as = price?.name ?? null;
  if (prompt + completion + unsplit === 0) return { usd: null, why: 'no_tokens', priced_as, at_least: false };
  if (price === null) return { usd: null, why: 'no_price', priced_as, at_least: false };
  const cached = Math.min(prompt, tokens.cached_tokens ?? 0);
  const written = Math.min(prompt - cached, tokens.cache_write_tokens ?? 0);
  const usd =
    ((prompt - cached - written + unsplit) * price.input +
      cached * (price.cached_input ?? price.input) +
      written * (price.cache_write ?? price.input) +
      completion * price.output) /
    PER;
  return { usd: rounded(usd), why: 'priced', priced_as, at_least: unsplit > 0 };
}

const rounded = (usd: number): number => Math.round(usd * DIGITS) / DIGITS;
