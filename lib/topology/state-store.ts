import TinyQueue from 'tinyqueue';
import type { StateStore } from './topology.js';

interface Entry<State> {
  value: State;
  wakeAtMs: number | undefined;
  /** Its key is among those that are dirty. */
  isDirty: boolean;
}

interface Alarm {
  atMs: number;
  key: string;
}

/** Largest encoded changelog entry, bytes; entries are many and small so that no transaction grows with its key's age. */
export const MAX_ENTRY_BYTES = 64 * 1024;

/**
 * In-memory keyed state of one partition with its dirty set and its timers. Invariant: what {@link takeDirty} has
 * returned so far, applied in order to an empty store by {@link restore}, gives this store.
 */
export class MemoryStateStore<State> implements StateStore<State> {
  private readonly values = new Map<string, Entry<State>>();
  private readonly dirty = new Set<string>();
  /** A timer that was replaced or cleared stays in the queue and is skipped when it surfaces. */
  private readonly alarms = new TinyQueue<Alarm>([], (a, b) => a.atMs - b.atMs);

  get size(): number {
    return this.values.size;
  }

  get(key: string): State | undefined {
    return this.values.get(key)?.value;
  }

  put(key: string, value: State, wakeAtMs?: number): void {
    this.markDirty(key, this.set(key, value, wakeAtMs));
  }

  delete(key: string): void {
    if (this.values.delete(key)) this.dirty.add(key);
  }

  *entries(prefix = ''): Iterable<[string, State]> {
    for (const [key, entry] of this.values) if (key.startsWith(prefix)) yield [key, entry.value];
  }

  /** Earliest timer, or undefined. */
  nextWakeMs(): number | undefined {
    this.dropStaleAlarms();
    return this.alarms.peek()?.atMs;
  }

  /** Takes one due timer off the queue and clears it from its entry (the entry becomes dirty). */
  takeDue(nowMs: number): string | undefined {
    this.dropStaleAlarms();
    const next = this.alarms.peek();
    if (next === undefined || next.atMs > nowMs) return undefined;
    this.alarms.pop();
    const entry = this.values.get(next.key)!;
    entry.wakeAtMs = undefined;
    this.markDirty(next.key, entry);
    return next.key;
  }

  /** Applies one changelog entry; `null` is a tombstone. */
  restore(key: string, encoded: Buffer | null): void {
    if (encoded === null) {
      this.values.delete(key);
      return;
    }
    const { v, w } = JSON.parse(encoded.toString('utf8')) as { v: State; w?: number };
    this.set(key, v, w);
  }

  get hasDirty(): boolean {
    return this.dirty.size > 0;
  }

  /** Changelog entries of everything changed since the last call, each key once; a deleted key is a tombstone. */
  takeDirty(): { key: string; value: Buffer | null }[] {
    const changes: { key: string; value: Buffer | null }[] = [];
    for (const key of this.dirty) {
      const entry = this.values.get(key);
      if (entry) entry.isDirty = false;
      const value = entry ? Buffer.from(JSON.stringify({ v: entry.value, w: entry.wakeAtMs }), 'utf8') : null;
      changes.push({ key, value });
    }
    this.dirty.clear();
    return changes;
  }

  /** Takes what has changed as written, without encoding it: where nothing is ever restored. */
  dropDirty(): void {
    for (const key of this.dirty) {
      const entry = this.values.get(key);
      if (entry) entry.isDirty = false;
    }
    this.dirty.clear();
  }

  private markDirty(key: string, entry: Entry<State>): void {
    if (entry.isDirty) return;
    entry.isDirty = true;
    this.dirty.add(key);
  }

  private set(key: string, value: State, wakeAtMs: number | undefined): Entry<State> {
    const known = this.values.get(key);
    if (known) {
      const moved = known.wakeAtMs !== wakeAtMs;
      known.value = value;
      known.wakeAtMs = wakeAtMs;
      if (moved && wakeAtMs !== undefined) this.alarms.push({ atMs: wakeAtMs, key });
      return known;
    }
    const entry = { value, wakeAtMs, isDirty: false };
    this.values.set(key, entry);
    if (wakeAtMs !== undefined) this.alarms.push({ atMs: wakeAtMs, key });
    return entry;
  }

  private dropStaleAlarms(): void {
    for (;;) {
      const next = this.alarms.peek();
      if (next === undefined || this.values.get(next.key)?.wakeAtMs === next.atMs) return;
      this.alarms.pop();
    }
  }
}
