import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** base64url characters of one id's hash: 66 bits. */
export const HASH_CHARACTERS = 11;

/**
 * First 66 bits of an id's SHA-1, base64url. Two ids of one group that collide would cost the later event; the odds are
 * n²/2^67 for n ids, 7e-13 for a full part of 10,000. Cryptographic, so nobody can choose ids that collide.
 */
export const hashOfId = (id: string): string => hash('sha1', id, 'base64url').slice(0, HASH_CHARACTERS);

/** Adds the ids of a chunk to a map from hash to part. */
export function readChunk(ids: string, part: number, into: Map<string, number>): void {
  for (let at = 0; at < ids.length; at += HASH_CHARACTERS) {
    into.set(ids.slice(at, at + HASH_CHARACTERS), part);
  }
}

/** Ids held in memory at most, some 100 bytes each. */
const MAX_INDEXED_IDS = 100_000;

/**
 * Look-up of ids in the chunks of a group. Only a cache of what the state store holds: built when asked for, dropped when
 * others need the room.
 */
export class IdIndex {
  private readonly groups = new LRUCache<string, Map<string, number>>({ maxSize: MAX_INDEXED_IDS });

  /** Part that holds the id of `hash`, or undefined. `load` reads every chunk of the group. */
  partOf(home: string, hash: string, load: (into: Map<string, number>) => void): number | undefined {
    let ids = this.groups.get(home);
    if (!ids) {
      ids = new Map();
      load(ids);
      this.keep(home, ids);
    }
    return ids.get(hash);
  }

  /** Ids were added to a chunk of the group. */
  added(home: string, part: number, hashes: readonly string[]): void {
    const ids = this.groups.get(home);
    if (!ids) return;
    for (const hash of hashes) ids.set(hash, part);
    this.keep(home, ids);
  }

  /** Chunks of the group were dropped. */
  forget(home: string): void {
    this.groups.delete(home);
  }

  private keep(home: string, ids: Map<string, number>): void {
    // a group larger than the whole cache is not kept by the cache at all: it would be read anew for every event
    this.groups.set(home, ids, { size: Math.min(ids.size + 1, MAX_INDEXED_IDS) });
  }
}
