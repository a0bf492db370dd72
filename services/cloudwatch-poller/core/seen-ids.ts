import { hash } from 'node:crypto';

export const MINUTE_MS = 60_000;
/** Ids of one record at most: 64 KiB. A minute with more has further records. */
export const MAX_PART_IDS = 8_192;
const ID_BYTES = 8;

/** One record of a group's seen ids: the minute of event time, and which of its parts. */
export interface SeenPart {
  minute: number;
  part: number;
}

/** Where the record of a part lies in the changelog. */
export interface StoredPart extends SeenPart {
  offset: number;
}

interface Slot extends SeenPart {
  /** Pairs of 32-bit words, high before low, ascending; null: only in the changelog. */
  ids: Uint32Array | null;
  count: number;
  /** Offset of its latest record; null: not committed yet, so it cannot be let go. */
  offset: number | null;
  dirty: boolean;
  lastUse: number;
}

export const minuteOf = (timestampMs: number): number => Math.floor(timestampMs / MINUTE_MS);

/** First 64 bits of the SHA-1 of an event id. Among 10^6 ids of a minute two that agree are a matter of 3 in 10^8. */
export function hashOf(eventId: string): [high: number, low: number] {
  const digest = hash('sha1', eventId, 'binary');
  return [wordAt(digest, 0), wordAt(digest, 4)];
}

const wordAt = (digest: string, at: number): number =>
  ((digest.charCodeAt(at) << 24) |
    (digest.charCodeAt(at + 1) << 16) |
    (digest.charCodeAt(at + 2) << 8) |
    digest.charCodeAt(at + 3)) >>>
  0;

/**
 * The ids of one group's events, by minute of event time, in sorted typed arrays of 8 bytes an id that are also what a
 * checkpoint record holds. The changelog is the whole; memory holds what was used last, and the rest is loaded by its
 * offset when it is asked for. Invariant: asking about a part that is not in memory throws, it never says "not seen".
 */
export class SeenIds {
  private readonly minutes = new Map<number, Slot[]>();
  private readonly changed = new Map<string, SeenPart>();
  private uses = 0;
  /** Ids remembered, in memory or not. */
  size = 0;
  /** Of those in memory. */
  bytes = 0;

  /** Parts of these minutes that have to be loaded before they are asked about. */
  absent(minutes: Iterable<number>): StoredPart[] {
    const absent: StoredPart[] = [];
    for (const minute of minutes) {
      for (const { part, ids, offset } of this.minutes.get(minute) ?? [])
        if (ids === null) absent.push({ minute, part, offset: offset! });
    }
    return absent;
  }

  /** A part as its record has it. @throws where it is no record of ids. */
  load({ minute, part }: SeenPart, value: Buffer): void {
    const slot = this.minutes.get(minute)?.[part];
    if (slot === undefined || slot.ids !== null) return;
    slot.ids = decode(value);
    slot.lastUse = ++this.uses;
    this.bytes += slot.ids.byteLength;
  }

  has(minute: number, [high, low]: readonly [number, number]): boolean {
    const slots = this.minutes.get(minute);
    if (slots === undefined) return false;
    for (const slot of slots) {
      if (slot.ids === null) throw new Error(`ids of minute ${minute}/${slot.part} are not in memory`);
      slot.lastUse = ++this.uses;
      if (holds(slot.ids, high, low)) return true;
    }
    return false;
  }

  /** Adds ids of one minute, none of which is there yet. */
  add(minute: number, ids: [high: number, low: number][]): void {
    const slots = this.slotsOf(minute);
    this.size += ids.length;
    this.bytes += ids.length * ID_BYTES;
    for (let from = 0; from < ids.length; ) {
      let slot = slots.at(-1);
      if (slot === undefined || slot.count === MAX_PART_IDS) slot = this.newSlot(slots, minute);
      if (slot.ids === null) throw new Error(`ids of minute ${minute}/${slot.part} are not in memory`);
      const taken = ids.slice(from, from + MAX_PART_IDS - slot.count);
      slot.ids = merged(slot.ids, taken);
      slot.count += taken.length;
      slot.lastUse = ++this.uses;
      this.touch(slot);
      from += taken.length;
    }
  }

  /** Forgets the minutes that end at or before `horizonMs`. */
  forgetBefore(horizonMs: number): void {
    for (const [minute, slots] of this.minutes) {
      if ((minute + 1) * MINUTE_MS > horizonMs) continue;
      this.minutes.delete(minute);
      for (const slot of slots) {
        this.size -= slot.count;
        this.bytes -= slot.ids?.byteLength ?? 0;
        this.touch(slot);
      }
    }
  }

  /** What changed since the last call: bytes of a record, or null where it is to be removed. */
  takeChanges(): (SeenPart & { value: Buffer | null })[] {
    const changes = [...this.changed.values()].map(({ minute, part }) => {
      const slot = this.minutes.get(minute)?.[part];
      if (slot) slot.offset = null;
      return { minute, part, value: slot ? encode(slot.ids!) : null };
    });
    this.changed.clear();
    return changes;
  }

  /** The record of a part that {@link takeChanges} gave is committed at `offset`. */
  stored({ minute, part, offset }: StoredPart): void {
    const slot = this.minutes.get(minute)?.[part];
    if (slot === undefined) return;
    slot.offset = offset;
    slot.dirty = this.changed.has(keyOf(slot));
  }

  /** Applies one record that lies at `offset`, oldest first; null removes it. @throws where it is no record of ids. */
  restore({ minute, part }: SeenPart, value: Buffer | null, offset: number): void {
    const slots = this.slotsOf(minute);
    // a part may come before the one ahead of it, whose record was written again since
    while (slots.length <= part) this.newSlot(slots, minute);
    const slot = slots[part]!;
    this.size -= slot.count;
    this.bytes -= slot.ids?.byteLength ?? 0;
    slot.ids = value === null ? new Uint32Array(0) : decode(value);
    slot.count = slot.ids.length / 2;
    slot.offset = offset;
    slot.lastUse = ++this.uses;
    this.size += slot.count;
    this.bytes += slot.ids.byteLength;
    // the parts of a minute are removed together
    if (slots.every(({ count }) => count === 0)) this.minutes.delete(minute);
  }

  /** Lets go of what was used longest ago and is in the changelog, until no more than `maxBytes` are in memory. */
  trim(maxBytes: number): void {
    if (this.bytes <= maxBytes) return;
    const slots = [...this.minutes.values()]
      .flat()
      .filter(({ ids, dirty, offset }) => ids !== null && ids.length > 0 && !dirty && offset !== null)
      .sort((a, b) => a.lastUse - b.lastUse);
    for (const slot of slots) {
      if (this.bytes <= maxBytes) return;
      this.bytes -= slot.ids!.byteLength;
      slot.ids = null;
    }
  }

  private slotsOf(minute: number): Slot[] {
    let slots = this.minutes.get(minute);
    if (slots === undefined) {
      slots = [];
      this.minutes.set(minute, slots);
    }
    return slots;
  }

  private newSlot(slots: Slot[], minute: number): Slot {
    const slot: Slot = {
      minute,
      part: slots.length,
      ids: new Uint32Array(0),
      count: 0,
      offset: null,
      dirty: false,
      lastUse: 0,
    };
    slots.push(slot);
    return slot;
  }

  private touch(slot: Slot): void {
    slot.dirty = true;
    this.changed.set(keyOf(slot), { minute: slot.minute, part: slot.part });
  }
}

const keyOf = ({ minute, part }: SeenPart): string => `${minute}/${part}`;

function holds(ids: Uint32Array, high: number, low: number): boolean {
  let from = 0;
  let to = ids.length / 2;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const at = ids[middle * 2]!;
    if (at < high || (at === high && ids[middle * 2 + 1]! < low)) from = middle + 1;
    else to = middle;
  }
  return ids[from * 2] === high && ids[from * 2 + 1] === low;
}

function merged(ids: Uint32Array, more: [number, number][]): Uint32Array {
  const added = [...more].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const result = new Uint32Array(ids.length + added.length * 2);
  let from = 0;
  let to = 0;
  for (const [high, low] of added) {
    while (from < ids.length && (ids[from]! < high || (ids[from] === high && ids[from + 1]! < low))) {
      result[to++] = ids[from++]!;
      result[to++] = ids[from++]!;
    }
    result[to++] = high;
    result[to++] = low;
  }
  result.set(ids.subarray(from), to);
  return result;
}

const FORMAT = 1;

/** A byte that says how, then the words, little-endian. */
function encode(ids: Uint32Array): Buffer {
  const bytes = Buffer.allocUnsafe(1 + ids.length * 4);
  bytes[0] = FORMAT;
  for (let i = 0; i < ids.length; i++) bytes.writeUInt32LE(ids[i]!, 1 + i * 4);
  return bytes;
}

function decode(value: Buffer): Uint32Array {
  if (value[0] !== FORMAT || (value.length - 1) % ID_BYTES !== 0)
    throw new Error(`a record of seen ids has format ${value[0]} and ${value.length} bytes`);
  const ids = new Uint32Array((value.length - 1) / 4);
  for (let i = 0; i < ids.length; i++) ids[i] = value.readUInt32LE(1 + i * 4);
  return ids;
}
