import { expect, it } from 'vitest';
import { sumsByModel, totalOf } from './model-sums.js';

const row = (
  model: string,
  agent_id: string,
  total_tokens: number,
  usd: number | null,
  at_least = false,
) => ({
  model,
  agent_id,
  total_tokens,
  usd,
  at_least,
  reports: 1,
  prompt_tokens: total_tokens,
  completion_tokens: 0,
  cached_tokens: 0,
  cache_write_tokens: 0,
});

it('what models cost is summed over agents, and says where a price is missing', () => {
  const usage = [row('swift', 'a', 10, 0.5), row('swift', 'b', 5, null, true), row('own', 'a', 7, null)];
  expect([...sumsByModel(usage)]).toEqual([
    ['swift', { tokens: 15, usd: 0.5, isLeast: true }],
    ['own', { tokens: 7, usd: null, isLeast: false }],
  ]);
  expect(totalOf(usage)).toEqual({ tokens: 22, usd: 0.5, isLeast: true });
  expect(totalOf([])).toEqual({ tokens: 0, usd: 0, isLeast: false });
});
