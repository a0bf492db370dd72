import type { ProcessorContext, StateStore } from '../../../../lib/topology/topology.js';
import { type ParseState, type SeenState, type StreamState, stateKeys } from './parse-state.js';

/** Records of a stream are known again for this long (append time) and up to this many of them. */
export const SEEN_MS = 3_600_000;
export const SEEN_MAX = 10_000;

const PIECE_HASHES = 250;
const HASH_CHARS = 16;
const MAX_PIECES = SEEN_MAX / PIECE_HASHES;

/**
 * Recognises records that came before on the same stream, by 64 bits of their identity: a line sent twice must not join or
 * open anything. Pieces are append-only and dropped whole, so what is recognised depends on the records alone. The sets
 * in memory are derived from the pieces and rebuilt from them.
 */
export class SeenRecords {
  private readonly sets = new Map<string, Set<string>>();
  private store: StateStore<ParseState> | null = null;

  constructor(private readonly maxStreams = 512) {}

  /** Whether `eventId` (a UUID) came before on the stream; remembers it if not. Puts only d/ entries; `state` is put by the caller. */
  check(
    stream: string,
    state: StreamState,
    eventId: string,
    appendMs: number,
    { state: store }: ProcessorContext<ParseState>,
  ): boolean {
    if (this.store !== store) {
      this.sets.clear();
      this.store = store;
    }
    this.expire(stream, state, appendMs, store);
    const hash = hashOf(eventId);
    const known = this.setOf(stream, state, store);
    if (known.has(hash)) return true;
    const last = state.seen[1] - 1;
    const key = stateKeys.seen(stream, last);
    let piece = last >= state.seen[0] ? (store.get(key) as SeenState | undefined) : undefined;
    if (piece === undefined || piece.hashes.length >= PIECE_HASHES * HASH_CHARS) {
      piece = { kind: 'seen', lastMs: appendMs, hashes: hash };
      store.put(stateKeys.seen(stream, state.seen[1]), piece);
      state.seen = [state.seen[0], state.seen[1] + 1];
    } else {
      piece.hashes += hash;
      piece.lastMs = Math.max(piece.lastMs, appendMs);
      store.put(key, piece);
    }
    known.add(hash);
    return false;
  }

  private expire(stream: string, state: StreamState, appendMs: number, store: StateStore<ParseState>): void {
    let [first] = state.seen;
    const [, next] = state.seen;
    while (first < next) {
      const key = stateKeys.seen(stream, first);
      const piece = store.get(key) as SeenState | undefined;
      if (piece !== undefined && next - first <= MAX_PIECES && piece.lastMs >= appendMs - SEEN_MS) break;
      store.delete(key);
      first++;
    }
    if (first === state.seen[0]) return;
    state.seen = [first, next];
    this.sets.delete(stream);
  }

  private setOf(stream: string, state: StreamState, store: StateStore<ParseState>): Set<string> {
    const known = this.sets.get(stream);
    if (known) return known;
    const made = new Set<string>();
    for (let piece = state.seen[0]; piece < state.seen[1]; piece++) {
      const { hashes } = store.get(stateKeys.seen(stream, piece)) as SeenState;
      for (let at = 0; at < hashes.length; at += HASH_CHARS) made.add(hashes.slice(at, at + HASH_CHARS));
    }
    if (this.sets.size >= this.maxStreams) this.sets.delete(this.sets.keys().next().value!);
    this.sets.set(stream, made);
    return made;
  }
}

/** 64 of the bits of a UUID version 5 that are hash, not version. */
const hashOf = (uuid: string): string => uuid.slice(0, 8) + uuid.slice(28, 36);
