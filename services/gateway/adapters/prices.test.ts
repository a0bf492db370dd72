import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { priceOf } from '../../../lib/model/cost/price-table.js';
import { pricesOf } from './prices.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-prices-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('prices follow their file while the gateway runs, and a list with faults changes nothing', () => {
  const config = join(folder, 'config.yaml');
  const own = join(folder, 'own.yaml');
  let second = 0;
  const edit = (text: string) => {
    writeFileSync(own, text);
    second += 10;
    utimesSync(own, second, second);
  };
  let nowMs = 0;
  const faults: object[] = [];
  writeFileSync(config, 'prices: own.yaml\n');
  edit('models: [{ name: swift, input: 1, output: 1 }]');
  const prices = pricesOf(config, () => nowMs, {
    info: () => {},
    error: (what: object) => faults.push(what),
  });
  const input = () => priceOf(prices(), 'swift', 0)?.input;
  expect(input()).toBe(1);

  edit('models: [{ name: swift, input: 2, output: 1 }]');
  expect(input()).toBe(1);
  nowMs += 2_000;
  expect(input()).toBe(2);

  edit('models: [{ name: swift }]');
  nowMs += 2_000;
  expect(input()).toBe(2);
  expect(faults).toEqual([
    { faults: [expect.stringContaining('own.yaml:1: models.0.input'), expect.anything()] },
  ]);

  edit('models: [{ name: swift, input: 3, output: 1 }]');
  nowMs += 2_000;
  expect(input()).toBe(3);
});

it('without a config.yaml they are the built-in ones; a list with faults stops the start', () => {
  const none = pricesOf(join(folder, 'none.yaml'), () => 0);
  expect(priceOf(none(), 'gpt-4o', 0)).not.toBeNull();
  const config = join(folder, 'bad.yaml');
  writeFileSync(config, 'prices: missing.yaml\n');
  expect(() => pricesOf(config, () => 0)).toThrow(/missing\.yaml: cannot be read/);
});
