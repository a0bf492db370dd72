import { describe, expect, it } from 'vitest';
import { mintedKey, readMintedKey, secretHash } from './api-keys.js';
import { type KeyRecord, KeyTable, recordKey, type UseRecord } from './key-table.js';

const NOW_MS = Date.parse('2026-03-01T00:00:00.000Z');
const ID = '0123456789ab';
const SECRET = Buffer.alloc(32, 7);
const SALT = Buffer.alloc(16, 9);
const TOKEN = mintedKey(ID, SECRET);

const aKey = (more: Partial<KeyRecord> = {}): KeyRecord => ({
  kind: 'key',
  id: ID,
  name: 'ci',
  scopes: ['ingest'],
  salt: SALT.toString('base64url'),
  hash: secretHash(SALT, SECRET).toString('base64url'),
  created_at: '2026-02-01T00:00:00.000Z',
  created_by: 'root',
  expires_at: '2026-05-01T00:00:00.000Z',
  requests_per_minute: null,
  revoked_at: null,
  revoked_by: null,
  ...more,
});

const tableOf = (...records: (KeyRecord | UseRecord)[]): KeyTable => {
  const table = new KeyTable();
  for (const record of records) expect(table.apply(recordKey(record), JSON.stringify(record))).toBeNull();
  return table;
};

describe('the table of stored keys', () => {
  it('finds a key by its token alone', () => {
    const table = tableOf(aKey({ requests_per_minute: 5 }));
    expect(table.find(TOKEN, NOW_MS)).toEqual({
      id: ID,
      name: 'ci',
      scopes: new Set(['ingest']),
      requestsPerMinute: 5,
    });
    const wrong = Buffer.from(SECRET);
    wrong[31] = 8;
    for (const token of [
      '',
      ID,
      `${TOKEN}x`,
      TOKEN.slice(0, -1),
      mintedKey(ID, wrong),
      mintedKey('ffffffffffff', SECRET),
      mintedKey(ID, Buffer.alloc(32)),
    ]) {
      expect(table.find(token, NOW_MS)).toBeUndefined();
    }
  });

  it('takes a key until the very millisecond at which it expires', () => {
    const table = tableOf(aKey({ expires_at: new Date(NOW_MS).toISOString() }));
    expect(table.find(TOKEN, NOW_MS - 1)).toBeDefined();
    expect(table.find(TOKEN, NOW_MS)).toBeUndefined();
  });

  it('refuses a revoked key, and the record of a last use does not bring it back', () => {
    const revoked = aKey({ hash: null, revoked_at: '2026-02-02T00:00:00.000Z', revoked_by: 'root' });
    const use: UseRecord = { kind: 'use', id: ID, last_used_at: '2026-02-03T00:00:00.000Z' };
    const table = tableOf(aKey(), revoked, use);
    expect(table.find(TOKEN, NOW_MS)).toBeUndefined();
    expect(table.list()).toMatchObject([{ id: ID, last_used_at: use.last_used_at, hash: null }]);
  });

  it('refuses a revoked key whose hash was left in its record', () => {
    expect(tableOf(aKey({ revoked_at: '2026-02-02T00:00:00.000Z' })).find(TOKEN, NOW_MS)).toBeUndefined();
  });

  it('gives no entry to a record that lost its hash', () => {
    const table = tableOf(aKey({ hash: null }));
    expect(table.find(TOKEN, NOW_MS)).toBeUndefined();
    expect(table.find(mintedKey(ID, Buffer.alloc(32)), NOW_MS)).toBeUndefined();
  });

  it.each([
    [null, '{}', /no key/],
    ['key/x', 'not json', /JSON/],
    ['key/x', '[]', /./],
    ['key/ffffffffffff', JSON.stringify(aKey()), /not that of its value/],
    [`key/${ID}`, JSON.stringify({ ...aKey(), scopes: ['root'] }), /scopes/],
    [`key/${ID}`, JSON.stringify({ ...aKey(), scopes: [] }), /scopes/],
  ])('says of %s %s why it means nothing', (key, value, reason) => {
    const table = tableOf(aKey());
    expect(table.apply(key, value)).toMatch(reason);
    expect(table.find(TOKEN, NOW_MS)).toBeDefined();
  });

  it('forgets a key with its tombstone', () => {
    const table = tableOf(aKey());
    expect(table.apply(`key/${ID}`, null)).toBeNull();
    expect(table.find(TOKEN, NOW_MS)).toBeUndefined();
    expect(table.size).toBe(0);
  });

  it('names keys that ended before a time', () => {
    const ended = aKey({ expires_at: '2026-02-05T00:00:00.000Z', revoked_at: '2026-02-02T00:00:00.000Z' });
    const table = tableOf(ended, aKey({ id: 'aaaaaaaaaaaa' }));
    expect(table.endedBefore(Date.parse('2026-02-02T00:00:00.001Z'))).toEqual([ID]);
    expect(table.endedBefore(Date.parse('2026-02-02T00:00:00.000Z'))).toEqual([]);
  });
});

it('reads every token that it mints, whatever its bytes', () => {
  for (let byte = 0; byte < 256; byte++) {
    const secret = Buffer.alloc(32, byte);
    expect(readMintedKey(mintedKey(ID, secret))).toEqual({ id: ID, secret });
  }
});
