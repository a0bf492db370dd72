import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export const SCOPES = ['ingest', 'read', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who sent a request. */
export interface Principal {
  /** Names the key in logs, rate limits and the audit log; says nothing about its secret. */
  id: string;
  name: string;
  scopes: ReadonlySet<Scope>;
  /** Requests a minute; null: the gateway's own limit. */
  requestsPerMinute: number | null;
}

/** A key of the environment as it is kept: never the key itself. `id`: the first 12 hex digits of its hash. */
export interface ApiKey extends Principal {
  hash: Buffer;
}

export const MIN_KEY_LENGTH = 16;

const hashOf = (key: string): Buffer => createHash('sha256').update(key, 'utf8').digest();

/**
 * Reads `key` or `key:scope+scope`; a key without scopes has them all. Answers with the fault in words that do not
 * repeat the key.
 */
export function readApiKey(entry: string): { ok: true; key: ApiKey } | { ok: false; fault: string } {
  const at = entry.lastIndexOf(':');
  const key = at < 0 ? entry : entry.slice(0, at);
  const names = at < 0 ? ['admin'] : entry.slice(at + 1).split('+');
  if (key.length < MIN_KEY_LENGTH)
    return { ok: false, fault: `a key needs at least ${MIN_KEY_LENGTH} characters` };
  if (!/^[\x21-\x7e]+$/.test(key))
    return { ok: false, fault: 'a key is made of printable ASCII without spaces' };
  const unknown = names.filter((name) => !(SCOPES as readonly string[]).includes(name));
  if (unknown.length > 0) return { ok: false, fault: `unknown scope; a key has ${SCOPES.join(', ')}` };
  const hash = hashOf(key);
  const scopes = new Set(names as Scope[]);
  return {
    ok: true,
    key: { id: hash.toString('hex', 0, 6), name: 'VECTADB_API_KEY', hash, scopes, requestsPerMinute: null },
  };
}

/** The key that a bearer token is. Every key is compared, each in constant time, so time says nothing about them. */
export function findApiKey(keys: readonly ApiKey[], token: string): ApiKey | undefined {
  const hash = hashOf(token);
  let found: ApiKey | undefined;
  for (const key of keys) if (timingSafeEqual(key.hash, hash)) found = key;
  return found;
}

/** admin implies every other scope. */
export const mayUse = (principal: Pick<Principal, 'scopes'>, scope: Scope): boolean =>
  principal.scopes.has(scope) || principal.scopes.has('admin');

/** Random bytes that a minted key is made of: its id, its secret, and the salt of its hash. */
export const ID_BYTES = 6;
export const SECRET_BYTES = 32;
export const SALT_BYTES = 16;

/** A minted key as it is shown, once. The id in front finds its record, so that one hash is made per request. */
export const mintedKey = (id: string, secret: Buffer): string => `vdb_${id}_${secret.toString('base64url')}`;

const MINTED = /^vdb_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

/** The parts of a token that has the form of a minted key. */
export function readMintedKey(token: string): { id: string; secret: Buffer } | null {
  const match = MINTED.exec(token);
  return match ? { id: match[1]!, secret: Buffer.from(match[2]!, 'base64url') } : null;
}

/**
 * What is stored in place of a secret of 256 random bits: HMAC-SHA-256 under a salt of its own. Guessing is hopeless, so a
 * slow hash would only cost every request; the salt keeps equal or precomputed hashes from meaning anything.
 */
export const secretHash = (salt: Buffer, secret: Buffer): Buffer =>
  createHmac('sha256', salt).update(secret).digest();
