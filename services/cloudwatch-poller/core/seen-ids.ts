import { hash } from 'node:crypto';

export const MINUTE_MS = 60_000;
/** Ids of one record at most: 64 KiB. A minute with more has further records. */
export const MAX_PART_IDS = 8_192;

/** Ids as pairs of 32-bit words, high before low, ascending. */
type Part = Uint32Array;

/** One record of a group's seen ids: the minute of event time, and which of its parts. */
export interface SeenPart {
  minute: number;
  part: number;
}

export const minuteOf = (timestampMs: number): number => Math.floor(timestampMs / MINUTE_MS);

/** First 64 bits of the SHA-1 of an event id. Among 10^9 ids two that agree are a matter of 3 in 100. */
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
 * The ids of one group's events, by minute of event time: 8 bytes each, in sorted typed arrays that are also what a
 * checkpoint record holds. An id is looked for in its own minute only.
 */
export class SeenIds {
  private readonly minutes = new Map<number, Part[]>();
  private readonly dirty = new Map<string, SeenPart>();
  size = 0;

  has(minute: number, [high, low]: readonly [number, number]): boolean {
    const parts = this.minutes.get(minute);
    if (parts === undefined) return false;
    for (const part of parts) if (holds(part, high, low)) return true;
    return false;
  }

  /** Adds ids of one minute, none of which is there yet. */
  add(minute: number, ids: [high: number, low: number][]): void {
    let parts = this.minutes.get(minute);
    if (parts === undefined) {
      parts = [];
      this.minutes.set(minute, parts);
    }
    this.size += ids.length;
    for (let from = 0; from < ids.length; ) {
      const last = parts.at(-1);
      const room = last === undefined ? 0 : MAX_PART_IDS - last.length / 2;
      const taken = ids.slice(from, from + (room || MAX_PART_IDS));
      if (room === 0) parts.push(merged(new Uint32Array(0), taken));
      else parts[parts.length - 1] = merged(last!, taken);
      this.touch(minute, parts.length - 1);
      from += taken.length;
    }
  }

  /** Forgets the minutes that end at or before `horizonMs`. */
  forgetBefore(horizonMs: number): void {
    for (const [minute, parts] of this.minutes) {
      if ((minute + 1) * MINUTE_MS > horizonMs) continue;
      this.minutes.delete(minute);
      parts.forEach((part, index) => {
        this.size -= part.length / 2;
        this.touch(minute, index);
      });
    }
  }

  /** What changed since the last call: bytes of a record, or null where it is to be removed. */
  takeChanges(): (SeenPart & { value: Buffer | null })[] {
    const changes = [...this.dirty.values()].map(({ minute, part }) => {
      const ids = this.minutes.get(minute)?.[part];
      return { minute, part, value: ids === undefined ? null : encode(ids) };
    });
    this.dirty.clear();
    return changes;
  }

  /** Applies one record, oldest first. @throws where it is no record of ids. */
  restore({ minute, part }: SeenPart, value: Buffer | null): void {
    const parts = this.minutes.get(minute) ?? [];
    this.size -= (parts[part]?.length ?? 0) / 2;
    if (value === null) {
      // the parts of a minute are removed together, so gaps do not outlive the restore
      parts[part] = new Uint32Array(0);
      if (parts.every((ids) => ids.length === 0)) this.minutes.delete(minute);
      return;
    }
    const ids = decode(value);
    while (parts.length < part) parts.push(new Uint32Array(0));
    parts[part] = ids;
    this.size += ids.length / 2;
    this.minutes.set(minute, parts);
  }

  private touch(minute: number, part: number): void {
    this.dirty.set(`${minute}/${part}`, { minute, part });
  }
}

function holds(part: Part, high: number, low: number): boolean {
  let from = 0;
  let to = part.length / 2;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const at = part[middle * 2]!;
    if (at < high || (at === high && part[middle * 2 + 1]! < low)) from = middle + 1;
    else to = middle;
  }
  return part[from * 2] === high && part[from * 2 + 1] === low;
}

function merged(part: Part, ids: [number, number][]): Part {
  const added = [...ids].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const result = new Uint32Array(part.length + added.length * 2);
  let from = 0;
  let to = 0;
  for (const [high, low] of added) {
    while (from < part.length && (part[from]! < high || (part[from] === high && part[from + 1]! < low))) {
      result[to++] = part[from++]!;
      result[to++] = part[from++]!;
    }
    result[to++] = high;
    result[to++] = low;
  }
  result.set(part.subarray(from), to);
  return result;
}

const FORMAT = 1;

/** A byte that says how, then the words, little-endian. */
function encode(ids: Part): Buffer {
  const bytes = Buffer.allocUnsafe(1 + ids.length * 4);
  bytes[0] = FORMAT;
  for (let i = 0; i < ids.length; i++) bytes.writeUInt32LE(ids[i]!, 1 + i * 4);
  return bytes;
}

function decode(value: Buffer): Part {
  if (value[0] !== FORMAT || (value.length - 1) % 8 !== 0)
    throw new Error(`a record of seen ids has format ${value[0]} and ${value.length} bytes`);
  const ids = new Uint32Array((value.length - 1) / 4);
  for (let i = 0; i < ids.length; i++) ids[i] = value.readUInt32LE(1 + i * 4);
  return ids;
}
