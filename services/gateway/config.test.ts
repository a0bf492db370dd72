import { expect, it } from 'vitest';
import { readConfig } from './config.js';
import { findApiKey, mayUse } from './core/api-keys.js';

const key = 'vdb_dev_0123456789';

it('reads keys with and without scopes from both variables', () => {
  const { apiKeys } = readConfig({ VECTADB_API_KEY: `${key}:ingest+read`, VECTADB_API_KEYS: `other-${key}` });
  const first = findApiKey(apiKeys, key)!;
  expect([mayUse(first, 'ingest'), mayUse(first, 'read'), mayUse(first, 'admin')]).toEqual([
    true,
    true,
    false,
  ]);
  expect(mayUse(findApiKey(apiKeys, `other-${key}`)!, 'read')).toBe(true);
  expect(findApiKey(apiKeys, `${key}x`)).toBeUndefined();
  expect(findApiKey(apiKeys, '')).toBeUndefined();
  expect(JSON.stringify(apiKeys)).not.toContain(key);
});

it.each([
  [{}, /VECTADB_API_KEY is not set/],
  [{ VECTADB_API_KEY: 'short' }, /key 1: a key needs at least 16 characters/],
  [{ VECTADB_API_KEY: `${key}:write` }, /unknown scope/],
  [{ VECTADB_API_KEY: `${key},${key} x` }, /key 2: a key is made of printable ASCII/],
  [
    { VECTADB_API_KEY: key, GATEWAY_PORT: '70000', INGEST_WAIT_MS: 'long' },
    /GATEWAY_PORT[\s\S]*INGEST_WAIT_MS/,
  ],
])('stops with every fault of %j and repeats no key', (environment, fault) => {
  let message = '';
  try {
    readConfig(environment);
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toMatch(fault);
  expect(message).not.toContain(key);
});

it('needs no key where authentication is off', () => {
  expect(readConfig({ AUTH: 'off' }).apiKeys).toEqual([]);
});
