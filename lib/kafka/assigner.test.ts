import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignSticky } from './assigner.js';

const partitions = Array.from({ length: 6 }, (_, i) => `t/${i}`);
const ofTopics = (...sizes: number[]) =>
  sizes.flatMap((size, topic) => Array.from({ length: size }, (_, i) => `topic-${topic}/${i}`));
const spread = (counts: number[]) => Math.max(...counts) - Math.min(...counts);

describe('the sticky assigner', () => {
  it('leaves a partition with the member whose claim is the highest', () => {
    const assigned = assignSticky(partitions, [
      { memberId: 'a', claims: { 't/0': 10, 't/1': 10 } },
      { memberId: 'b', claims: { 't/0': 30 } },
    ]);
    expect(assigned.get('b')).toContain('t/0');
    expect(assigned.get('a')).toContain('t/1');
  });

  it('gives every partition to exactly one member, in shares of each topic and of all that differ by at most one', () => {
    const topics = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 });
    const anyClaims = fc.dictionary(fc.constantFrom(...ofTopics(7, 7, 7, 7)), fc.integer({ min: -1 }));
    const members = fc.uniqueArray(fc.record({ memberId: fc.uuid(), claims: anyClaims }), {
      selector: ({ memberId }) => memberId,
      minLength: 1,
      maxLength: 9,
    });
    fc.assert(
      fc.property(topics, members, (sizes, group) => {
        const all = ofTopics(...sizes);
        const assigned = assignSticky(all, group);
        const shares = [...assigned.values()];
        expect(shares.flat().sort()).toEqual([...all].sort());
        expect(spread(shares.map((owned) => owned.length))).toBeLessThanOrEqual(1);
        for (const topic of sizes.keys()) {
          const counts = shares.map((owned) => owned.filter((p) => p.startsWith(`topic-${topic}/`)).length);
          expect(spread(counts)).toBeLessThanOrEqual(1);
        }
        expect(assignSticky(all, [...group].reverse())).toEqual(assigned);
      }),
    );
  });

  it('gives a second member half of each topic, the same partitions of both', () => {
    const all = ofTopics(6, 6);
    const assigned = assignSticky(all, [
      { memberId: 'old', claims: Object.fromEntries(all.map((p) => [p, 0])) },
      { memberId: 'new', claims: {} },
    ]);
    expect(assigned.get('old')).toEqual([
      'topic-0/0',
      'topic-0/1',
      'topic-0/2',
      'topic-1/0',
      'topic-1/1',
      'topic-1/2',
    ]);
  });

  it('moves nothing when the group stays as it is', () => {
    const all = ofTopics(6, 5, 3, 7);
    const first = assignSticky(
      all,
      ['a', 'b', 'c', 'd'].map((memberId) => ({ memberId, claims: {} })),
    );
    const again = assignSticky(
      all,
      [...first].map(([memberId, owned]) => ({
        memberId,
        claims: Object.fromEntries(owned.map((p, i) => [p, i])),
      })),
    );
    expect(again).toEqual(first);
  });

  it('moves only what a new member needs', () => {
    const claims = (owned: string[]) => Object.fromEntries(owned.map((p, i) => [p, i]));
    const assigned = assignSticky(partitions, [
      { memberId: 'a', claims: claims(['t/0', 't/1', 't/2']) },
      { memberId: 'b', claims: claims(['t/3', 't/4', 't/5']) },
      { memberId: 'c', claims: {} },
    ]);
    expect(assigned.get('a')!.every((p) => ['t/0', 't/1', 't/2'].includes(p))).toBe(true);
    expect(assigned.get('b')!.every((p) => ['t/3', 't/4', 't/5'].includes(p))).toBe(true);
    expect(assigned.get('c')).toHaveLength(2);
  });
});
