import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { replaces, type Version } from './precedence.js';

const version = (given: Partial<Version>): Version => ({
  generation: 1,
  revision: 1,
  group_id: 'g',
  updated_ms: 1,
  ...given,
});

describe('replaces', () => {
  test.each([
    ['the same version again', {}, {}, false],
    ['a higher revision of the group', { revision: 2 }, { revision: 1 }, true],
    ['a lower revision of the group', { revision: 1 }, { revision: 2 }, false],
    ['a higher generation', { generation: 2, revision: 1 }, { revision: 9 }, true],
    ['a lower generation', { revision: 9 }, { generation: 2 }, false],
    ['another group, appended later', { group_id: 'h', updated_ms: 2 }, { revision: 9 }, true],
    ['another group, appended earlier', { group_id: 'h', updated_ms: 0, revision: 9 }, {}, false],
    ['another group of the same time, lesser id', { group_id: 'f' }, { revision: 9 }, true],
    ['another group of the same time, greater id', { group_id: 'h', revision: 9 }, {}, false],
  ])('%s', (_, next, stored, expected) => {
    expect(replaces(version(next), version(stored))).toBe(expected);
  });

  test('the last one standing does not depend on the order between groups', () => {
    const groups = fc.array(
      fc.record({ group_id: fc.constantFrom('f', 'g', 'h'), revision: fc.nat(5), generation: fc.nat(1) }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(groups, fc.infiniteStream(fc.nat()), (given, picks) => {
        // append times grow with a group's revisions, as the tracer's do
        const versions = given.map((v) => ({ ...v, updated_ms: v.generation * 100 + v.revision }));
        const last = (order: Version[]) =>
          order.reduce((stored, next) => (replaces(next, stored) ? next : stored));
        const shuffled = [...versions];
        for (let i = shuffled.length - 1; i > 0; i--) {
          const j = (picks.next().value as number) % (i + 1);
          [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
        }
        expect(last(shuffled)).toEqual(last(versions));
      }),
    );
  });
});
