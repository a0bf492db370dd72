import { describe, expect, it } from 'vitest';
import { fuse } from './rank-fusion.js';

const hits = (...ids: string[]) => ids.map((event_id) => ({ event_id }));

describe('lists of hits become one', () => {
  it('with what both have before what one has first', () => {
    const fused = fuse([
      { how: 'meaning', hits: hits('a', 'b', 'c') },
      { how: 'text', hits: hits('d', 'b') },
    ]);
    expect(fused.map(({ event_id }) => event_id)).toEqual(['b', 'a', 'd', 'c']);
    expect(fused[0]).toEqual({
      event_id: 'b',
      score: 2 / 62,
      found_by: [
        { how: 'meaning', rank: 2 },
        { how: 'text', rank: 2 },
      ],
    });
  });

  it('with each hit once, and none of nothing', () => {
    expect(fuse([{ how: 'text', hits: [] }])).toEqual([]);
    expect(fuse([{ how: 'meaning', hits: [{ event_id: 'a', score: 0.9 }] }])).toEqual([
      { event_id: 'a', score: 1 / 61, found_by: [{ how: 'meaning', rank: 1, score: 0.9 }] },
    ]);
  });
});
