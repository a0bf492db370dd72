import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIMENSIONS, hashEmbed } from './hashing.js';

const cosine = (a: string, b: string) => {
  const [x, y] = [hashEmbed(a), hashEmbed(b)];
  return x.reduce((sum, value, at) => sum + value * y[at]!, 0);
};

describe('feature hashing', () => {
  it('gives every text 384 finite numbers of length 1, or none at all where it has no word', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const vector = hashEmbed(text);
        const length = Math.hypot(...vector);
        return (
          vector.length === DIMENSIONS &&
          vector.every(Number.isFinite) &&
          (length === 0 || Math.abs(length - 1) < 1e-3)
        );
      }),
    );
  }, 30_000);

  it('gives the same vector on every machine', () => {
    const vector = hashEmbed('Tool: search_flights failed after 3 retries');
    const places = vector.flatMap((value, at) => (Math.abs(value) > 0.2 ? [[at, value]] : []));
    expect(places).toMatchInlineSnapshot(`
      [
        [
          80,
          0.203186,
        ],
        [
          91,
          0.23705,
        ],
        [
          119,
          -0.338643,
        ],
        [
          182,
          0.338643,
        ],
        [
          228,
          0.338643,
        ],
        [
          281,
          0.338643,
        ],
        [
          303,
          0.338643,
        ],
      ]
    `);
  });

  it.each([
    ['searching the database', 'searched databases'],
    ['toolName: web_search', 'tool name web search'],
    ['Connection timed out', 'connection timeout'],
  ])('puts "%s" near "%s"', (a, b) => {
    expect(cosine(a, b)).toBeGreaterThan(0.4);
  });

  it.each([
    ['database connection timeout', 'weather forecast for Paris'],
    ['the tool was called and it is here', 'the model was asked and he is there'],
  ])('keeps "%s" apart from "%s", whatever small words they share', (a, b) => {
    expect(Math.abs(cosine(a, b))).toBeLessThan(0.2);
  });

  it('takes neighbouring words into account', () => {
    const query = 'user deleted account';
    expect(cosine(query, 'user deleted account today')).toBeGreaterThan(
      cosine(query, 'account today user deleted'),
    );
  });

  it('is not carried away by a word that is repeated', () => {
    expect(cosine(`payment failed ${'retry '.repeat(200)}`, 'payment failed')).toBeGreaterThan(0.2);
  });
});
