import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignSticky } from './assigner.js';

const partitions = Array.from({ length: 6 }, (_, i) => `t/${i}`);

describe('the sticky assigner', () => {
  it('leaves a partition with the member whose claim is the highest', () => {
    const assigned = assignSticky(partitions, [
      { memberId: 'a', claims: { 't/0': 10, 't/1': 10 } },
      { memberId: 'b', claims: { 't/0': 30 } },
    ]);
    expect(assigned.get('b')).toContain('t/0');
    expect(assigned.get('a')).toContain('t/1');
  });

  it('gives every partition to exactly one member, in shares that differ by at most one, whatever is claimed', () => {
    const members = fc.array(
      fc.record({
        memberId: fc.uuid(),
        claims: fc.dictionary(fc.constantFrom(...partitions), fc.integer({ min: -1 })),
      }),
      { minLength: 1, maxLength: 9 },
    );
    fc.assert(
      fc.property(members, (group) => {
        const assigned = assignSticky(partitions, group);
        expect([...assigned.values()].flat().sort()).toEqual(partitions);
        const sizes = [...assigned.values()].map((owned) => owned.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(assignSticky(partitions, [...group].reverse())).toEqual(assigned);
      }),
    );
  });

  it('moves nothing when the group stays as it is', () => {
    const first = assignSticky(
      partitions,
      ['a', 'b', 'c', 'd'].map((memberId) => ({ memberId, claims: {} })),
    );
    const again = assignSticky(
      partitions,
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
