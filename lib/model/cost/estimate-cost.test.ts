import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateCost } from './estimate-cost.js';
import { modelNames } from './model-names.js';
import { type ModelPrice, priceOf, priceTable } from './price-table.js';

const DAY = Date.parse('2026-06-01T12:00:00Z');
const prices: ModelPrice[] = [
  { name: 'swift', input: 2, output: 8, cached_input: 0.5, cache_write: 2.5, aliases: ['quick', 'team-*'] },
  { name: 'swift-mini', input: 0.5, output: 1, aliases: ['team-small-*'] },
  { name: 'dated', input: 10, output: 20, effective: '2026-01-01' },
  { name: 'dated', input: 4, output: 8, effective: '2026-06-01' },
];
const table = priceTable(prices);
const tokens = (prompt: number, completion: number, total = prompt + completion) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: total,
});

describe('the names of a model', () => {
  it.each([
    ['gpt-4o-2024-08-06', 'gpt-4o'],
    ['openai/gpt-4o', 'gpt-4o'],
    ['azure/gpt-4o-mini-2024-07-18', 'gpt-4o-mini'],
    ['gpt-4-0613', 'gpt-4'],
    ['anthropic.claude-3-5-sonnet-20241022-v2:0', 'claude-3-5-sonnet'],
    ['us.anthropic.claude-3-5-sonnet-20241022-v2:0', 'claude-3-5-sonnet'],
    [
      'arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-sonnet-4-20250514-v1:0',
      'claude-sonnet-4',
    ],
    ['anthropic.claude-3-haiku-20240307-v1:0:200k', 'claude-3-haiku'],
    ['anthropic/claude-3.5-sonnet', 'claude-3-5-sonnet'],
    ['claude-3-5-sonnet@20240620', 'claude-3-5-sonnet'],
    ['claude-3-5-sonnet-latest', 'claude-3-5-sonnet'],
    ['global.amazon.nova-lite-v1:0', 'nova-lite'],
    ['models/gemini-2.0-flash-001', 'gemini-2.0-flash'],
    ['gemini-2.5-flash-preview-05-20', 'gemini-2.5-flash'],
    ['ft:gpt-4o-mini-2024-07-18:desk::b1', 'ft:gpt-4o-mini'],
    ['GPT-4o ', 'gpt-4o'],
  ])('of %s end with %s', (logged, name) => {
    expect(modelNames(logged).at(-1)).toBe(name);
  });

  it('begin with the one that was logged, and are distinct, whatever was logged', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (logged) => {
        const names = modelNames(logged);
        expect(new Set(names).size).toBe(names.length);
        if (logged.trim() !== '') expect(names[0]).toBe(logged.trim().toLowerCase());
      }),
    );
  });
});

describe('the price of a model', () => {
  it.each([
    ['swift-2026-01-31', 'swift'],
    ['quick', 'swift'],
    ['team-red', 'swift'],
    ['azure/team-small-blue', 'swift-mini'],
    ['slow', null],
    ['', null],
  ])('%s is that of %s', (model, name) => {
    expect(priceOf(table, model, DAY)?.name ?? null).toBe(name);
  });

  it('is the one of the day, and before all known days the first', () => {
    const at = (time: string) => priceOf(table, 'dated', Date.parse(time))?.input;
    expect(at('2026-05-31T23:59:59.999Z')).toBe(10);
    expect(at('2026-06-01T00:00:00Z')).toBe(4);
    expect(at('2020-01-01T00:00:00Z')).toBe(10);
  });

  it("is the user's before the built-in one, for the names that the user's list has", () => {
    const both = priceTable([{ name: 'mine', input: 1, output: 1, aliases: ['swift-mini'] }], prices);
    expect(priceOf(both, 'swift-mini', DAY)?.name).toBe('mine');
    expect(priceOf(both, 'swift', DAY)?.name).toBe('swift');
  });

  it('takes an alias literally but for its stars', () => {
    const one = priceTable([{ name: 'x', input: 1, output: 1, aliases: ['a.b(*'] }]);
    expect(priceOf(one, 'a.b(c', DAY)?.name).toBe('x');
    expect(priceOf(one, 'aXb(c', DAY)).toBeNull();
  });
});

describe('the cost of a trace', () => {
  const cost = (models: Parameters<typeof estimateCost>[0]) => estimateCost(models, table, DAY);

  it('is the sum over its models', () => {
    expect(cost({ swift: tokens(1_000_000, 500_000), 'swift-mini': tokens(2_000, 1_000) })).toEqual({
      usd: 6.002,
      complete: true,
      unknown: [],
      models: {
        swift: { usd: 6, why: 'priced', priced_as: 'swift', at_least: false },
        'swift-mini': { usd: 0.002, why: 'priced', priced_as: 'swift-mini', at_least: false },
      },
    });
  });

  it('counts what was read from and written to the cache at its own price, once', () => {
    const models = {
      swift: { ...tokens(1_000_000, 0), cached_tokens: 600_000, cache_write_tokens: 200_000 },
      // no cache price: as input
      'swift-mini': { ...tokens(1_000_000, 0), cached_tokens: 600_000 },
    };
    expect(cost(models).models.swift?.usd).toBe(0.4 + 0.3 + 0.5);
    expect(cost(models).models['swift-mini']?.usd).toBe(0.5);
  });

  it('does not take an unknown model for a free one', () => {
    expect(cost({ swift: tokens(1_000_000, 0), slow: tokens(10, 10) })).toMatchObject({
      usd: 2,
      complete: false,
      unknown: ['slow'],
      models: { slow: { usd: null, why: 'no_price' } },
    });
    expect(cost({ slow: tokens(1, 1) }).usd).toBeNull();
  });

  it('knows nothing of calls whose tokens were not told', () => {
    expect(cost({ swift: tokens(0, 0) })).toMatchObject({
      usd: null,
      complete: false,
      models: { swift: { why: 'no_tokens', priced_as: 'swift' } },
    });
  });

  it('takes a total alone for input, and says that it is a lower bound', () => {
    expect(cost({ swift: tokens(0, 0, 1_000_000) })).toMatchObject({
      usd: 2,
      complete: false,
      models: { swift: { at_least: true } },
    });
  });

  it('is nothing known where no model was called', () => {
    expect(cost({})).toEqual({ usd: null, complete: true, unknown: [], models: {} });
  });

  it('is never below zero, and grows with every token', () => {
    const amount = fc.nat(10_000_000);
    fc.assert(
      fc.property(amount, amount, amount, amount, (prompt, completion, cached, written) => {
        const counted = { ...tokens(prompt, completion), cached_tokens: cached, cache_write_tokens: written };
        const less = cost({ swift: counted }).usd ?? 0;
        const more = cost({ swift: { ...counted, ...tokens(prompt, completion + 1_000) } }).usd ?? 0;
        expect(less).toBeGreaterThanOrEqual(0);
        expect(more).toBeGreaterThan(less);
      }),
    );
  });
});
