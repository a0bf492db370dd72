import { describe, expect, it } from 'vitest';
import { Coverage, type Covered } from './coverage.js';

const one = (more: Partial<Covered> = {}): Covered => ({ fate: 'parsed', rule: 'r', source: null, ...more });
const from = (log_group: string, system = 'file') => ({ system, log_group });

describe('coverage', () => {
  it('is the share of events that are understood; what joined, came twice or was refused is neither', () => {
    const coverage = new Coverage();
    expect(coverage.share).toBeNull();
    for (const fate of [
      'parsed',
      'parsed',
      'parsed',
      'fallback',
      'joined',
      'duplicate',
      'foreign',
      'dead',
    ] as const)
      coverage.take(one({ fate }));
    expect(coverage.share).toBe(0.75);
    expect(coverage.fates).toEqual({ parsed: 3, fallback: 1, joined: 1, duplicate: 1, foreign: 1, dead: 1 });
  });

  it('counts events by rule, and by source', () => {
    const coverage = new Coverage();
    coverage.take(one({ rule: 'a', source: from('/x') }));
    coverage.take(one({ rule: 'a', source: from('/y') }));
    coverage.take(one({ fate: 'fallback', rule: null, source: from('/y') }));
    coverage.take(one({ fate: 'joined', rule: 'b', source: from('/z') }));
    coverage.take(one({ rule: 'c' }));
    expect([...coverage.rules]).toEqual([
      ['a', 2],
      ['c', 1],
    ]);
    expect(coverage.ofSources()).toEqual([
      { system: 'file', logGroup: '/y', parsed: 1, fallback: 1 },
      { system: 'file', logGroup: '/x', parsed: 1, fallback: 0 },
      { system: 'none', logGroup: '', parsed: 1, fallback: 0 },
    ]);
  });

  it('tells so many sources apart and no more, however many are named', () => {
    const coverage = new Coverage();
    for (let n = 0; n < 5_000; n++) coverage.take(one({ source: from(`/g${n}`, `s${n % 300}`) }));
    const sources = coverage.ofSources();
    expect(sources).toHaveLength(201);
    expect(sources[0]).toMatchObject({ system: 'other', logGroup: '' });
    expect(sources.reduce((sum, { parsed }) => sum + parsed, 0)).toBe(5_000);
  });

  it('holds a bounded number of rules', () => {
    const coverage = new Coverage();
    for (let n = 0; n < 3_000; n++) coverage.take(one({ rule: `r${n}` }));
    expect(coverage.rules.size).toBe(2_001);
    expect(coverage.rules.get('other')).toBe(1_000);
  });
});
