import { expect, it } from 'vitest';
import { planOf, type Step } from './plan.js';

const plans = Array.from({ length: 500 }, (_, seed) => planOf(seed));

it('is the same for the same seed', () => {
  expect(plans.map(({ seed }) => planOf(seed))).toEqual(plans);
  expect(new Set(plans.map(({ steps }) => JSON.stringify(steps))).size).toBe(500);
});

it('holds every kind of step, and never more than two pollers or fewer than one', () => {
  const kinds = new Set<Step['kind']>();
  for (const { steps } of plans) {
    let pollers = 1;
    for (const step of steps) {
      kinds.add(step.kind);
      if (step.kind === 'kill' || step.kind === 'stop') expect(step.poller).toBeLessThan(pollers);
      if (step.kind === 'join') pollers++;
      if (step.kind === 'leave') pollers--;
      expect([1, 2]).toContain(pollers);
    }
  }
  expect([...kinds].sort()).toEqual(
    [
      'advance',
      'broker-pause',
      'expired-credentials',
      'join',
      'kill',
      'leave',
      'outage',
      'put',
      'stop',
      'sts',
      'work',
    ].sort(),
  );
});

it('puts bursts of one millisecond, delays events up to 30 minutes, and leaves most requests alone', () => {
  const puts = plans.flatMap(({ steps }) => steps).filter((step) => step.kind === 'put');
  expect(puts.some(({ backMs }) => backMs.length > 50 && new Set(backMs).size === 1)).toBe(true);
  expect(Math.max(...plans.map(({ visibility }) => visibility.maxDelayMs))).toBeGreaterThan(29 * 60_000);
  expect(Math.max(...plans.map(({ visibility }) => visibility.maxDelayMs))).toBeLessThanOrEqual(30 * 60_000);
  for (const { profile } of plans) {
    expect(Object.values(profile).reduce((sum, one) => sum + one, 0)).toBeLessThan(0.9);
  }
});

it('has groups of one name in several accounts and regions, and no group twice', () => {
  for (const { groups } of plans)
    expect(new Set(groups.map(({ place, name }) => `${place} ${name}`)).size).toBe(groups.length);
  const shared = plans.filter(({ groups }) => new Set(groups.map(({ name }) => name)).size < groups.length);
  expect(shared.length).toBeGreaterThan(plans.length / 2);
  expect(new Set(plans.flatMap(({ groups }) => groups.map(({ place }) => place))).size).toBe(4);
});
