import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokensOf } from './tokens.js';

describe('the tokens of an event', () => {
  it.each<[string, object, number[] | undefined]>([
    ['nothing told', { model: 'm' }, undefined],
    ['prompt and completion', { prompt_tokens: 10, completion_tokens: 4 }, [10, 4, 14, 0, 0]],
    ['all three', { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 }, [10, 4, 14, 0, 0]],
    ['prompt and total', { prompt_tokens: 10, total_tokens: 14 }, [10, 4, 14, 0, 0]],
    ['completion and total', { completion_tokens: 4, total_tokens: 14 }, [10, 4, 14, 0, 0]],
    ['a total alone', { total_tokens: 14 }, [0, 0, 14, 0, 0]],
    ['a prompt alone', { prompt_tokens: 10 }, [10, 0, 10, 0, 0]],
    ['more than the parts', { prompt_tokens: 10, completion_tokens: 4, total_tokens: 20 }, [10, 4, 20, 0, 0]],
    ['less than the parts', { prompt_tokens: 10, completion_tokens: 4, total_tokens: 3 }, [10, 4, 14, 0, 0]],
    ['an object', { usage: { input_tokens: 10, output_tokens: 4 } }, [10, 4, 14, 0, 0]],
    ['an object of bare words', { tokens: { prompt: 10, completion: 4 } }, [10, 4, 14, 0, 0]],
    ['no tokens but bare words', { prompt: 10, output: 4, input: 3 }, undefined],
    ['both, once', { prompt_tokens: 10, usage: { prompt_tokens: 10 } }, [10, 0, 10, 0, 0]],
    [
      'a cache within the prompt',
      { usage: { prompt_tokens: 10, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 6 } } },
      [10, 4, 14, 6, 0],
    ],
    [
      'a cache beside the prompt',
      { input_tokens: 10, output_tokens: 4, cache_read_input_tokens: 100, cache_creation_input_tokens: 20 },
      [130, 4, 134, 100, 20],
    ],
    [
      'words, signs and fractions',
      { prompt_tokens: '10', completion_tokens: -1, total_tokens: 2.6 },
      [0, 0, 3, 0, 0],
    ],
    ['more than can be', { prompt_tokens: 1e12 }, undefined],
    ['an object that is none', { usage: null, tokens: 7, prompt_tokens_details: null }, undefined],
  ])('%s', (_, properties, tokens) => {
    expect(tokensOf(properties as Record<string, unknown>)).toEqual(tokens);
  });

  it('add up, whatever is told', () => {
    const amount = fc.option(fc.oneof(fc.nat(1_000_000), fc.constant('x'), fc.constant(-1)), {
      nil: undefined,
    });
    const names = [
      'prompt_tokens',
      'completion_tokens',
      'total_tokens',
      'cached_tokens',
      'cache_read_tokens',
      'cache_write_tokens',
    ];
    fc.assert(
      fc.property(fc.record(Object.fromEntries(names.map((name) => [name, amount]))), (properties) => {
        const tokens = tokensOf(properties);
        if (!tokens) return;
        const [prompt, completion, total, cached, written] = tokens;
        expect(total).toBeGreaterThanOrEqual(prompt + completion);
        expect(cached + written).toBeLessThanOrEqual(prompt);
        expect(Math.min(...tokens)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
