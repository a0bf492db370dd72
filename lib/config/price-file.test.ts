import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { priceOf } from '../model/cost/price-table.js';
import { ConfigError } from './config-error.js';
import { loadPrices, ownPrices, parsePrices } from './price-file.js';

const NOW = Date.parse('2026-11-21T00:00:00Z');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'prices-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const faultsOf = (text: string): string[] => {
  try {
    parsePrices(text, 'p.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults;
  }
};

describe('a price list', () => {
  it.each([
    ['models: [', /^p\.yaml:1: /],
    ['as_of: 2026-01-01\n', /^p\.yaml:1: models: /],
    ['models:\n  - { name: a, input: 1 }\n', /^p\.yaml:2: models\.0\.output: /],
    ['models:\n  - name: a\n    input: -1\n    output: 1\n', /^p\.yaml:3: models\.0\.input: /],
    [
      'models:\n  - { name: a, input: 1, output: 1, effective: 2026-13-01 }\n',
      /^p\.yaml:2: models\.0\.effective: is no day/,
    ],
    [
      'models:\n  - { name: a, input: 1, output: 1, effective: 2026-02-30 }\n',
      /is no day of the calendar \(YYYY-MM-DD\)/,
    ],
    ['models:\n  - { name: a, input: 1, output: 1, price: 3 }\n', /^p\.yaml:2: models\.0: /],
    [
      'models:\n  - { name: a, input: 1, output: 1 }\n  - { name: A, input: 2, output: 1 }\n',
      /^p\.yaml:3: models\.1: 'A' has two prices/,
    ],
    [
      'models:\n  - { name: a, input: 1, output: 1, aliases: [x] }\n  - { name: b, input: 1, output: 1, aliases: [X] }\n',
      /^p\.yaml:3: models\.1: alias 'x' belongs to 'a' already/,
    ],
    [
      'models:\n  - { name: a, input: 1, output: 1, aliases: [b] }\n  - { name: b, input: 1, output: 1 }\n',
      /alias 'b'/,
    ],
  ])('%j is refused, with file and line', (text, fault) => {
    expect(faultsOf(text)).toEqual([expect.stringMatching(fault)]);
  });

  it('names every fault at once', () => {
    expect(faultsOf('models:\n  - { name: a, input: x, output: y }\n')).toHaveLength(2);
  });

  it('takes the history of a model', () => {
    const text =
      'models:\n  - { name: a, input: 1, output: 1 }\n  - { name: a, input: 2, output: 2, effective: 2026-01-01 }\n';
    expect(parsePrices(text, 'p.yaml')).toHaveLength(2);
  });

  it("of the user's comes before the built-in one, whose path is relative to config.yaml", () => {
    writeFileSync(
      join(folder, 'own.yaml'),
      'models:\n  - { name: gpt-4o, input: 1, output: 1, aliases: [desk-prod] }\n',
    );
    const table = loadPrices(ownPrices(join(folder, 'config.yaml'), 'own.yaml'));
    expect(priceOf(table, 'gpt-4o-2024-08-06', NOW)?.input).toBe(1);
    expect(priceOf(table, 'azure/desk-prod', NOW)?.name).toBe('gpt-4o');
    expect(priceOf(table, 'gpt-4o-mini', NOW)?.input).toBe(0.15);
  });

  it('that is not there is named', () => {
    expect(() => loadPrices(join(folder, 'none.yaml'))).toThrow(/none\.yaml: cannot be read/);
  });
});

describe('the built-in price list', () => {
  const table = loadPrices();

  it.each([
    ['gpt-4o-2024-11-20', 2.5, 10],
    ['gpt-4o-2024-05-13', 5, 15],
    ['gpt-35-turbo', 0.5, 1.5],
    ['openai/gpt-4.1-mini', 0.4, 1.6],
    ['us.anthropic.claude-3-5-sonnet-20241022-v2:0', 3, 15],
    ['claude-3-opus-20240229', 15, 75],
    ['anthropic.claude-3-5-haiku-20241022-v1:0', 0.8, 4],
    ['models/gemini-2.5-pro-preview-06-05', 1.25, 10],
    ['us.amazon.nova-pro-v1:0', 0.8, 3.2],
  ])('knows %s', (model, input, output) => {
    expect(priceOf(table, model, NOW)).toMatchObject({ input, output });
  });

  it.each(['my-deployment', 'llama3.1:8b', 'ft:gpt-4o:desk::1'])('does not guess a price of %s', (model) => {
    expect(priceOf(table, model, NOW)).toBeNull();
  });

  it('never asks more for cached input than for input, nor less for output', () => {
    for (const prices of table.named.values()) {
      for (const { name, input, output, cached_input } of prices) {
        expect([name, (cached_input ?? 0) <= input]).toEqual([name, true]);
        if (!name.includes('embedding')) expect([name, output >= input]).toEqual([name, true]);
      }
    }
  });
});
