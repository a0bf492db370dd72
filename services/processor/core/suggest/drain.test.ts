import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Drain, WILDCARD } from './drain.js';

const clusters = (lines: string[], options = {}) => {
  const drain = new Drain(options);
  for (const line of lines) drain.add(line.split(' '), line);
  return drain;
};
const templates = (lines: string[], options = {}) =>
  clusters(lines, options).clusters.map(({ template, size }) => [
    template.join(' ').replaceAll(WILDCARD, '*'),
    size,
  ]);

describe('Drain', () => {
  it('keeps what lines share, and a wildcard where they differ', () => {
    expect(
      templates(['ship gull moored at east', 'ship tern moored at west', 'ship rail moored at east']),
    ).toEqual([
      ['ship gull moored at east', 1],
      ['ship tern moored at west', 1],
      ['ship rail moored at east', 1],
    ]);
    expect(
      templates(['ship gull moored at east', 'ship tern moored at west', 'ship rail moored at east'], {
        depth: 1,
      }),
    ).toEqual([['ship * moored at *', 3]]);
  });

  it('tells lines of different lengths and of different first words apart', () => {
    expect(templates(['a b c', 'a b', 'b b c'])).toEqual([
      ['a b c', 1],
      ['a b', 1],
      ['b b c', 1],
    ]);
  });

  it('does not branch on words with digits', () => {
    expect(templates(['crane7 lifts a box', 'crane8 lifts a box'])).toEqual([['* lifts a box', 2]]);
  });

  it('begins a new cluster where less than the given share is alike', () => {
    const lines = ['a b c d', 'a b x y', 'a b c y'];
    expect(templates(lines, { similarity: 0.75 })).toEqual([
      ['a b c *', 2],
      ['a b x y', 1],
    ]);
    expect(templates(lines, { similarity: 0.5 })).toEqual([['a b * *', 3]]);
  });

  it('is bounded: in children of a node, and in clusters', () => {
    const lines = Array.from(
      { length: 500 },
      (_, n) => `${'abcdefghij'[n % 10]}${'abcdefghij'[Math.floor(n / 10) % 10]} x${'y'.repeat(n)}`,
    );
    const drain = clusters(lines, { maxChildren: 4, maxClusters: 50 });
    expect(drain.clusters).toHaveLength(50);
    expect(drain.leftOut + drain.clusters.reduce((sum, { size }) => sum + size, 0)).toBe(500);
  });

  it('gives each line a template that it fits', () => {
    const word = fc.constantFrom('a', 'b', 'c', 'd1', 'e2');
    fc.assert(
      fc.property(fc.array(fc.array(word, { minLength: 1, maxLength: 5 }), { maxLength: 40 }), (lines) => {
        const drain = new Drain({ depth: 1 });
        const given = lines.map((words) => ({ words, cluster: drain.add(words, words.join(' '))! }));
        for (const { words, cluster } of given) {
          expect(cluster.template).toHaveLength(words.length);
          for (const [place, token] of cluster.template.entries())
            expect([WILDCARD, words[place]]).toContain(token);
        }
        expect(drain.clusters.reduce((sum, { size }) => sum + size, 0)).toBe(lines.length);
      }),
    );
  });
});
