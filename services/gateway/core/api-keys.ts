import { createHash, timingSafeEqual } from 'node:crypto';

export const SCOPES = ['ingest', 'read', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** An API key as it is kept: never the key itself. */
export interface ApiKey {
  /** Names the key in logs and rate limits: the first 12 hex digits of its hash. */
  id: string;
  hash: Buffer;
  scopes: ReadonlySet<Scope>;
}

/** Who sent a request. */
export type Principal = Pick<ApiKey, 'id' | 'scopes'>;

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
  return { ok: true, key: { id: hash.toString('hex', 0, 6), hash, scopes: new Set(names as Scope[]) } };
}

/** The key that a bearer token is. Every key is compared, each in constant time, so time says nothing about them. */
export function findApiKey(keys: readonly ApiKey[], token: string): ApiKey | undefined {
  const hash = hashOf(token);
  let found: ApiKey | undefined;
  for (const key of keys) if (timingSafeEqual(key.hash, hash)) found = key;
  return found;
}

/** admin implies every other scope. */
export const mayUse = (principal: Principal, scope: Scope): boolean =>
  principal.scopes.has(scope) || principal.scopes.has('admin');
