import { createHash } from 'node:crypto';
import { Random } from '../../../lib/testing/random.js';

/** Random numbers of one part of the world: what another part draws does not change them. */
export function randomFor(seed: number, ...names: (string | number)[]): Random {
  const digest = createHash('sha256')
    .update([seed, ...names].join('/'))
    .digest();
  return new Random(digest.readUInt32BE(0));
}

/** Log-normally distributed with the given median: many short values, few very long ones. */
export function logNormal(random: Random, median: number, sigma = 0.8): number {
  const u = Math.max(random.next(), 1e-12);
  const normal = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * random.next());
  return median * Math.exp(sigma * normal);
}

/** Time until the next of events that come at a rate, in the unit of 1 / rate. */
export const exponential = (random: Random, rate: number): number =>
  -Math.log(Math.max(random.next(), 1e-12)) / rate;

/** A name drawn by weight. @throws where no weight is positive. */
export function weighted<T extends string>(random: Random, weights: Partial<Record<T, number>>): T {
  const entries = Object.entries(weights) as [T, number][];
  let rest = random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of entries) {
    rest -= weight;
    if (rest < 0) return name;
  }
  throw new Error('no weight is positive');
}

/** Lower-case hexadecimal digits. */
export const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => random.below(16).toString(16)).join('');

/** A random UUID, version 4. */
export const uuid = (random: Random): string =>
  `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-${random.pick(['8', '9', 'a', 'b'])}${hex(random, 3)}-${hex(random, 12)}`;
