import type { ProcessorContext, StateStore } from '../../../../lib/topology/topology.js';
import { HashSet } from './hash-set.js';
import { type ParseState, type SeenState, type StreamState, stateKeys } from './parse-state.js';

/** Records of a stream are known again for this long (append time) and up to this many of them. */
export const SEEN_MS = 3_600_000;
export const SEEN_MAX = 10_000;

const PIECE_HASHES = 250;
const HASH_CHARS = 16;
const MAX_PIECES = SEEN_MAX / PIECE_HASHES;
/** Hashes of all streams together that are kept unpacked, 16 to 32 bytes each. */
const MAX_UNPACKED = 4_000_000;

/** What was unpacked of a stream's pieces. */
interface Unpacked {
  /** The state that it is of; another object means that the stream was forgotten meanwhile. */
  state: StreamState;
  hashes: HashSet;
  /** Oldest and newest piece, as the store has them. */
  first: SeenState | undefined;
  last: SeenState | undefined;
  lastKey: string;
}

/**
 * Recognises records that came before on the same stream, by 64 bits of their identity: a line sent twice must not join or
 * open anything. Pieces are append-only and dropped whole, so what is recognised depends on the records alone. The sets
 * in memory are derived from the pieces and rebuilt from them.
 */
export class SeenRecords {
  private readonly streams = new Map<string, Unpacked>();
  private store: StateStore<ParseState> | null = null;
  private unpacked = 0;

  constructor(private readonly maxUnpacked = MAX_UNPACKED) {}

  /**
   * Whether a record came before on the stream; remembers it if not. `uuid` is its identity as UUIDv5, lower case. Puts only d/
   * entries; `state` is put by the caller.
   */
  check(
    stream: string,
    state: StreamState,
    uuid: string,
    appendMs: number,
    { state: store }: ProcessorContext<ParseState>,
  ): boolean {
    if (this.store !== store) {
      this.streams.clear();
      this.unpacked = 0;
      this.store = store;
    }
    const known = this.unexpired(stream, state, appendMs, store);
    // the first and last 32 bits: all hash, no version or variant
    if (!known.hashes.add(hexWord(uuid, 0), hexWord(uuid, 28))) return true;
    this.unpacked++;
    const hash = uuid.slice(0, 8) + uuid.slice(28);
    const { last } = known;
    if (last === undefined || last.hashes.length >= PIECE_HASHES * HASH_CHARS) {
      const piece: SeenState = { kind: 'seen', lastMs: appendMs, hashes: hash };
      known.lastKey = stateKeys.seen(stream, state.seen[1]);
      known.last = piece;
      known.first ??= piece;
      store.put(known.lastKey, piece);
      state.seen = [state.seen[0], state.seen[1] + 1];
    } else {
      last.hashes += hash;
      if (appendMs > last.lastMs) last.lastMs = appendMs;
      store.put(known.lastKey, last);
    }
    return false;
  }

  /** The stream's hashes, once pieces that are too old or too many are gone. */
  private unexpired(
    stream: string,
    state: StreamState,
    appendMs: number,
    store: StateStore<ParseState>,
  ): Unpacked {
    const known = this.streams.get(stream);
    const isCurrent = known !== undefined && known.state === state;
    const [first, next] = state.seen;
    const oldest = isCurrent
      ? known.first
      : (store.get(stateKeys.seen(stream, first)) as SeenState | undefined);
    if (oldest === undefined || !isStale(oldest, next - first, appendMs))
      return isCurrent ? known : this.unpack(stream, state, store);
    let piece: SeenState | undefined = oldest;
    let at = first;
    while (at < next && (piece === undefined || isStale(piece, next - at, appendMs))) {
      store.delete(stateKeys.seen(stream, at));
      at++;
      piece = store.get(stateKeys.seen(stream, at)) as SeenState | undefined;
    }
    state.seen = [at, next];
    return this.unpack(stream, state, store);
  }

  private unpack(stream: string, state: StreamState, store: StateStore<ParseState>): Unpacked {
    this.drop(stream);
    const [first, next] = state.seen;
    const hashes = new HashSet();
    for (let piece = first; piece < next; piece++) {
      const { hashes: text } = store.get(stateKeys.seen(stream, piece)) as SeenState;
      for (let at = 0; at < text.length; at += HASH_CHARS)
        hashes.add(hexWord(text, at), hexWord(text, at + 8));
    }
    const lastKey = stateKeys.seen(stream, next - 1);
    const made: Unpacked = {
      state,
      hashes,
      first: store.get(stateKeys.seen(stream, first)) as SeenState | undefined,
      last: next > first ? (store.get(lastKey) as SeenState | undefined) : undefined,
      lastKey,
    };
    while (this.unpacked + hashes.size > this.maxUnpacked && this.streams.size > 0)
      this.drop(this.streams.keys().next().value!);
    this.streams.set(stream, made);
    this.unpacked += hashes.size;
    return made;
  }

  private drop(stream: string): void {
    const known = this.streams.get(stream);
    if (known === undefined) return;
    this.unpacked -= known.hashes.size;
    this.streams.delete(stream);
  }
}

const isStale = ({ lastMs }: SeenState, pieces: number, appendMs: number): boolean =>
  pieces > MAX_PIECES || lastMs < appendMs - SEEN_MS;

/** Eight hex digits, lower case, as a 32-bit integer. */
function hexWord(text: string, at: number): number {
  let word = 0;
  for (let i = at; i < at + 8; i++) {
    const code = text.charCodeAt(i);
    word = (word << 4) | (code < 58 ? code - 48 : code - 87);
  }
  return word;
}
