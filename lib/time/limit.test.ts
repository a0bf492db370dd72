import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { withinLimit } from './limit.js';

const late = () => new Error('late');

it('gives what comes in time, be it a value or an error', async () => {
  expect(await withinLimit(Promise.resolve(7), 10_000, late)).toBe(7);
  await expect(withinLimit(Promise.reject(new Error('own')), 10_000, late)).rejects.toThrow('own');
});

it('fails once the limit has passed, and what the work comes to later is nobody’s affair', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  const work = delay(20).then(() => {
    throw new Error('own');
  });
  await expect(withinLimit(work, 5, late)).rejects.toThrow('late');
  await delay(40);
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});
