import { type Contribution, shortId } from '../../../../lib/model/summary/contribution.js';
import {
  addContribution,
  type SummaryState,
  summarise,
} from '../../../../lib/model/summary/group-summary.js';
import { type Packed, pack, unpack } from '../../../../lib/model/summary/packed.js';
import type { StateStore } from '../../../../lib/topology/topology.js';
import { HASH_CHARACTERS, hashOfId, IdIndex, readChunk } from './id-index.js';
import {
  CHUNK_IDS,
  type GroupHead,
  type GroupPart,
  IDS_QUIET_MS,
  type IdChunk,
  type RetiredGroup,
  stateKeys,
  TAIL_EVENTS,
  TAIL_FOLD,
  type TraceState,
} from './state.js';

/** Where an event id is known: in a tail (it can be amended exactly) or only by its hash. */
export type Found = { part: number; inTail: Packed[]; at: number } | { part: number; inTail: null };

/**
 * A group's entries in the state store. Invariants: a part's events are those folded into its base plus its tail; every
 * id of parts >= `oldest` is in a tail or a chunk; a closed part keeps its tail until the next one closes, so that a late
 * line can still amend it.
 */
export class GroupStore {
  private readonly index = new IdIndex();
  /** Base and tail of a part together, by its tail: kept in step with it, and made anew from the state where missing. */
  private readonly totals = new WeakMap<Packed[], SummaryState>();

  constructor(private readonly state: StateStore<TraceState>) {}

  head(home: string): GroupHead | RetiredGroup | undefined {
    return this.state.get(stateKeys.head(home)) as GroupHead | RetiredGroup | undefined;
  }

  put(home: string, head: GroupHead): void {
    this.state.put(stateKeys.head(home), head, head.wake);
  }

  /** The part's entry, or a new one that is not stored before it is put. */
  part(home: string, part: number): GroupPart {
    const known = this.state.get(stateKeys.part(home, part)) as GroupPart | undefined;
    return known ?? { kind: 'part', base: null, tail: [], chunks: 0, lost: false, seen: 0 };
  }

  putPart(home: string, part: number, value: GroupPart): void {
    this.state.put(stateKeys.part(home, part), value);
  }

  /** Summary of one part, to be read only; null where nothing is known of its events. */
  summary(home: string, head: GroupHead, number: number): SummaryState | null {
    const part = this.part(home, number);
    const tail = number === head.part ? head.tail : part.tail;
    const known = this.totals.get(tail);
    if (known) return known;
    const total = summarise(part.base, tail.map(unpack));
    if (total) this.totals.set(tail, total);
    return total;
  }

  find(home: string, head: GroupHead, eventId: string): Found | undefined {
    const id = shortId(eventId);
    const at = head.tail.findIndex(([known]) => known === id);
    if (at >= 0) return { part: head.part, inTail: head.tail, at };
    if (head.part > head.oldest) {
      const { tail } = this.part(home, head.part - 1);
      const before = tail.findIndex(([known]) => known === id);
      if (before >= 0) return { part: head.part - 1, inTail: tail, at: before };
    } else if (this.part(home, head.part).chunks === 0) return undefined;
    const part = this.index.partOf(home, hashOfId(id), (ids) => this.readIds(home, head, ids));
    return part === undefined ? undefined : { part, inTail: null };
  }

  /** Adds an event to the part that takes new ones; the caller puts the head. */
  append(home: string, head: GroupHead, contribution: Contribution): void {
    head.tail.push(pack(contribution));
    head.count += 1;
    const total = this.totals.get(head.tail);
    if (total) addContribution(total, contribution);
    if (head.tail.length > TAIL_EVENTS) {
      const part = this.part(home, head.part);
      this.foldAway(home, head.part, part, head.tail.splice(0, TAIL_FOLD));
      part.seen = head.seen;
      this.putPart(home, head.part, part);
    }
  }

  /** Replaces what an event in a tail contributes; the caller puts what holds the tail. */
  amend(found: Found & { inTail: Packed[] }, contribution: Contribution): void {
    found.inTail[found.at] = pack(contribution);
    this.totals.delete(found.inTail);
  }

  /**
   * Closes the part that takes new events and opens the next. Ids of parts that had no event for {@link IDS_QUIET_MS} go, so a
   * group that never falls quiet does not keep them for ever.
   */
  openNextPart(home: string, head: GroupHead): void {
    if (head.part > head.oldest) {
      const before = this.part(home, head.part - 1);
      this.foldAway(home, head.part - 1, before, before.tail);
      before.tail = [];
      this.putPart(home, head.part - 1, before);
    }
    const closing = this.part(home, head.part);
    closing.tail = head.tail;
    closing.seen = head.seen;
    this.putPart(home, head.part, closing);
    head.part += 1;
    head.count = 0;
    head.tail = [];
    while (head.oldest < head.part - 1) {
      if (this.part(home, head.oldest).seen + IDS_QUIET_MS > head.seen) break;
      this.dropIds(home, head, head.oldest);
      head.oldest += 1;
    }
  }

  /** Drops every event id of a group that is quiet; the caller puts the head. */
  dropAllIds(home: string, head: GroupHead): void {
    if (head.tail.length > 0) {
      const part = this.part(home, head.part);
      for (const event of head.tail) part.base = addContribution(part.base, unpack(event));
      head.tail = [];
      this.putPart(home, head.part, part);
    }
    for (let part = head.oldest; part <= head.part; part++) this.dropIds(home, head, part);
    head.oldest = head.part;
  }

  /** Drops all that is kept of the group except the head. */
  dropParts(home: string, head: GroupHead): void {
    this.dropAllIds(home, head);
    for (const part of new Set([1, 2, head.part])) this.state.delete(stateKeys.part(home, part));
  }

  /**
   * Drops the ids of a part. Its summary goes too unless it can be asked for again: parts 1 and 2 when the root changes, the
   * current one with its next event.
   */
  private dropIds(home: string, head: GroupHead, part: number): void {
    const known = this.part(home, part);
    for (let chunk = 0; chunk < known.chunks; chunk++) this.state.delete(stateKeys.ids(home, part, chunk));
    known.chunks = 0;
    for (const event of known.tail) known.base = addContribution(known.base, unpack(event));
    known.tail = [];
    // the end may lie beyond the last event by a duration, which only widens the doubt
    if (known.base) head.doubt = Math.max(head.doubt ?? known.base.end, known.base.end);
    if (part <= 2 || part === head.part) this.putPart(home, part, known);
    else this.state.delete(stateKeys.part(home, part));
    this.index.forget(home);
  }

  private foldAway(home: string, number: number, part: GroupPart, events: readonly Packed[]): void {
    const hashes = events.map(([id]) => hashOfId(id));
    for (const event of events) part.base = addContribution(part.base, unpack(event));
    let rest = hashes;
    while (rest.length > 0) {
      const last = part.chunks - 1;
      const open = last < 0 ? undefined : this.chunk(home, number, last);
      const room = open ? CHUNK_IDS - open.ids.length / HASH_CHARACTERS : 0;
      if (open && room > 0) {
        const ids = open.ids + rest.slice(0, room).join('');
        this.state.put(stateKeys.ids(home, number, last), { kind: 'ids', ids });
        rest = rest.slice(room);
      } else {
        this.state.put(stateKeys.ids(home, number, part.chunks), { kind: 'ids', ids: '' });
        part.chunks += 1;
      }
    }
    this.index.added(home, number, hashes);
  }

  private chunk(home: string, part: number, chunk: number): IdChunk {
    return this.state.get(stateKeys.ids(home, part, chunk)) as IdChunk;
  }

  private readIds(home: string, head: GroupHead, into: Map<string, number>): void {
    for (let part = head.oldest; part <= head.part; part++) {
      const { chunks } = this.part(home, part);
      for (let chunk = 0; chunk < chunks; chunk++) readChunk(this.chunk(home, part, chunk).ids, part, into);
    }
  }
}
