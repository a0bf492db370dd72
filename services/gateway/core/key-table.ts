import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { type Principal, readMintedKey, SALT_BYTES, SCOPES, secretHash } from './api-keys.js';

const moment = z.iso.datetime();
const id = z.string().regex(/^[0-9a-f]{12}$/);

/** A key as the topic `api-keys` holds it. A revoked one has no hash any more. */
const keyRecord = z.object({
  kind: z.literal('key'),
  id,
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)).min(1),
  /** base64url */
  salt: z.string(),
  hash: z.string().nullable(),
  created_at: moment,
  /** Id of the key that made it. */
  created_by: z.string(),
  expires_at: moment,
  requests_per_minute: z.number().int().min(1).nullable(),
  revoked_at: moment.nullable(),
  revoked_by: z.string().nullable(),
});
export type KeyRecord = z.infer<typeof keyRecord>;

/** When a key was last used. A record of its own, so that writing it can never bring a revoked key back. */
const useRecord = z.object({ kind: z.literal('use'), id, last_used_at: moment });
export type UseRecord = z.infer<typeof useRecord>;

const anyRecord = z.discriminatedUnion('kind', [keyRecord, useRecord]);

/** Key of a record on the topic. */
export const recordKey = ({ kind, id }: KeyRecord | UseRecord): string => `${kind}/${id}`;

export interface ListedKey extends KeyRecord {
  last_used_at: string | null;
}

/** Compared with where no key has the id asked for, so that an unknown id costs what a known one does. */
const NOBODY = Buffer.alloc(32);
const NO_SALT = Buffer.alloc(SALT_BYTES);

interface Entry {
  record: KeyRecord;
  salt: Buffer;
  hash: Buffer;
  principal: Principal;
}

/** The stored keys, as the records of `api-keys` in their order make them. */
export class KeyTable {
  private readonly keys = new Map<string, Entry>();
  private readonly uses = new Map<string, string>();

  /** Takes the next record. Returns why it means nothing, or null. */
  apply(key: string | null, value: string | null): string | null {
    if (key === null) return 'it has no key';
    if (value === null) {
      const [kind, id = ''] = key.split('/');
      (kind === 'use' ? this.uses : this.keys).delete(id);
      return null;
    }
    let parsed: unknown;
    try {
      parsed = JSON.parse(value);
    } catch {
      return 'it is not JSON';
    }
    const read = anyRecord.safeParse(parsed);
    if (!read.success)
      return read.error.issues.map((one) => `${one.path.join('.')} ${one.message}`).join('; ');
    if (recordKey(read.data) !== key) return 'its key is not that of its value';
    if (read.data.kind === 'use') this.uses.set(read.data.id, read.data.last_used_at);
    else this.keys.set(read.data.id, entryOf(read.data));
    return null;
  }

  /** Who a token belongs to at `nowMs`; undefined for one that is wrong, expired or revoked. */
  find(token: string, nowMs: number): Principal | undefined {
    const given = readMintedKey(token);
    if (!given) return undefined;
    const entry = this.keys.get(given.id);
    const same = timingSafeEqual(secretHash(entry?.salt ?? NO_SALT, given.secret), entry?.hash ?? NOBODY);
    return entry && same && isLive(entry.record, nowMs) ? entry.principal : undefined;
  }

  get(id: string): KeyRecord | undefined {
    return this.keys.get(id)?.record;
  }

  lastUse(id: string): string | null {
    return this.uses.get(id) ?? null;
  }

  /** Newest first. */
  list(): ListedKey[] {
    return [...this.keys.values()]
      .map(({ record }) => ({ ...record, last_used_at: this.lastUse(record.id) }))
      .sort((a, b) => (a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0));
  }

  get size(): number {
    return this.keys.size;
  }

  /** Ids of keys that were revoked or expired before `beforeMs`. */
  endedBefore(beforeMs: number): string[] {
    return [...this.keys.values()]
      .filter(({ record }) => endMs(record) < beforeMs)
      .map(({ record }) => record.id);
  }
}

export const isLive = (record: KeyRecord, nowMs: number): boolean => nowMs < endMs(record);

const endMs = ({ revoked_at, expires_at }: KeyRecord): number =>
  Math.min(
    ...[revoked_at, expires_at].map((at) => (at === null ? Number.POSITIVE_INFINITY : Date.parse(at))),
  );

function entryOf(record: KeyRecord): Entry {
  const hash = record.revoked_at === null && record.hash ? Buffer.from(record.hash, 'base64url') : NOBODY;
  return {
    record,
    salt: Buffer.from(record.salt, 'base64url'),
    hash: hash.length === NOBODY.length ? hash : NOBODY,
    principal: {
      id: record.id,
      name: record.name,
      scopes: new Set(record.scopes),
      requestsPerMinute: record.requests_per_minute,
    },
  };
}
