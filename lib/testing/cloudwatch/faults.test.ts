import { describe, expect, it } from 'vitest';
import { delayOf, FAULT_KINDS, type FaultProfile, faultAt, NO_FAULTS } from './faults.js';

const even = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0.1])) as FaultProfile;

describe('the schedule of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    const kinds = (seed: number) =>
      Array.from({ length: 200 }, (_, request) => faultAt(seed, request, even).kind);
    expect(kinds(7)).toEqual(kinds(7));
    expect(kinds(7)).not.toEqual(kinds(8));
  });

  it('holds every fault about as often as its profile says, and none where it is 0', () => {
    const count = new Map<string, number>();
    for (let request = 0; request < 10_000; request++) {
      const { kind } = faultAt(3, request, even);
      count.set(kind, (count.get(kind) ?? 0) + 1);
    }
    for (const kind of FAULT_KINDS) expect(count.get(kind), kind).toBeGreaterThan(800);
    expect(count.get('none')).toBeGreaterThan(1_600);
    expect(faultAt(3, 1, NO_FAULTS)).toEqual({ kind: 'none' });
  });
});

describe('the delay of an event', () => {
  const visibility = { late: 0.3, maxDelayMs: 1_800_000 };
  const delays = Array.from({ length: 5_000 }, (_, n) => delayOf(5, `event-${n}`, visibility));

  it('is its own, whenever it is asked for', () => {
    expect(delays.map((_, n) => delayOf(5, `event-${n}`, visibility))).toEqual(delays);
  });

  it('lies in [0, maximum) for the share of late events, and is 0 for the others', () => {
    const late = delays.filter((delay) => delay > 0);
    expect(late.length / delays.length).toBeCloseTo(0.3, 1);
    expect(Math.max(...late)).toBeLessThan(1_800_000);
    expect(Math.max(...late)).toBeGreaterThan(1_700_000);
  });
});
