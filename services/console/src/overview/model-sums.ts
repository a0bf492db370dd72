import type { UsageStats } from '../api/types.js';

export interface ModelSums {
  tokens: number;
  /** null: no price is known. */
  usd: number | null;
  /** Part of it has no price. */
  isLeast: boolean;
}

type Usage = UsageStats['usage'];

/** Tokens and cost of each model, all agents together. */
export function sumsByModel(usage: Usage): Map<string, ModelSums> {
  const sums = new Map<string, ModelSums>();
  for (const { model, total_tokens, usd, at_least } of usage) {
    const known = sums.get(model) ?? { tokens: 0, usd: null, isLeast: false };
    sums.set(model, {
      tokens: known.tokens + total_tokens,
      usd: usd === null ? known.usd : (known.usd ?? 0) + usd,
      isLeast: known.isLeast || at_least,
    });
  }
  return sums;
}

/** All models together. */
export const totalOf = (usage: Usage): { tokens: number; usd: number; isLeast: boolean } => ({
  tokens: usage.reduce((sum, { total_tokens }) => sum + total_tokens, 0),
  usd: usage.reduce((sum, { usd }) => sum + (usd ?? 0), 0),
  isLeast: usage.some(({ at_least }) => at_least),
});
