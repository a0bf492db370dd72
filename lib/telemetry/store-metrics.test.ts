import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { StoreMetrics } from './store-metrics.js';

class Refused extends Error {}

function watched(up?: () => boolean) {
  const registry = new Registry();
  const watch = new StoreMetrics(registry).watch({
    store: 'qdrant',
    outcomeOf: (error) => (error instanceof Refused ? 'refused' : 'unavailable'),
    up,
  });
  const value = async (name: string, labels = '') => {
    const lines = (await registry.metrics()).split('\n');
    const line = lines.find((one) => one.startsWith(`vectadb_store_${name}{store="qdrant"${labels}`));
    return Number(line?.split(' ').at(-1));
  };
  return { watch, value };
}

it('counts requests under way, and their time, whatever their end', async () => {
  const { watch, value } = watched();
  let answer!: (text: string) => void;
  const pending = watch(() => new Promise<string>((resolve) => (answer = resolve)));
  expect(await value('requests_in_flight')).toBe(1);
  answer('here');
  expect(await pending).toBe('here');
  expect(await value('requests_in_flight')).toBe(0);
  await expect(watch(() => Promise.reject(new Refused('no')))).rejects.toThrow('no');
  expect(await value('request_duration_seconds_count')).toBe(2);
});

it('tells a store that refuses from one that is gone', async () => {
  const { watch, value } = watched();
  expect(await value('up')).toBe(1);
  await expect(watch(() => Promise.reject(new Refused('no')))).rejects.toThrow();
  expect(await value('up')).toBe(1);
  expect(await value('request_failures_total', ',outcome="refused"')).toBe(1);
  await expect(watch(() => Promise.reject(new Error('connection reset')))).rejects.toThrow();
  expect(await value('up')).toBe(0);
  expect(await value('request_failures_total', ',outcome="unavailable"')).toBe(1);
  await watch(async () => 'back');
  expect(await value('up')).toBe(1);
});

it('asks the connection itself where there is one', async () => {
  let connected = false;
  const { value } = watched(() => connected);
  expect(await value('up')).toBe(0);
  connected = true;
  expect(await value('up')).toBe(1);
});
