const HASH_BITS = 16;
const HASH_MASK = (1 << HASH_BITS) - 1;
/** Characters that a hash is of. */
export const LEAST_NEEDLE_CHARS = 3;

const hashOf = (a: number, b: number, c: number): number => ((a << 10) ^ (b << 5) ^ c) & HASH_MASK;
const hashAt = (text: string, end: number): number =>
  hashOf(text.charCodeAt(end - 2), text.charCodeAt(end - 1), text.charCodeAt(end));

/** Characters that are looked at at once. */
const PART_CHARS = 4_096;
const units = new Uint16Array(PART_CHARS);
const bytesOfUnits = Buffer.from(units.buffer);

interface Needle {
  text: string;
  units: number[];
  /** Place in it where the three characters end that it is found by. */
  end: number;
  /** Bits of those who look for it. */
  seekers: number[];
  /** The last search that found it. */
  foundIn: number;
}

/**
 * Finds in one pass over a text which of many literals it contains, exactly. Each literal is found by its three least common
 * characters: one hash and one look into a table per character of the text, and a comparison where the table
 * says so. After {@link search}, {@link found} has a bit for everyone one of whose literals occurs.
 */
export class Needles {
  readonly found: Int32Array;
  private readonly table = new Uint16Array(1 << HASH_BITS);
  /** Which slots of the table are taken, as bits: small enough to stay in the nearest cache. */
  private readonly taken = new Int32Array(1 << (HASH_BITS - 5));
  /** Needles of each slot of the table, from 1. */
  private readonly buckets: Needle[][] = [[]];

  private searches = 0;

  /** `literals`: of each seeker, in the order of its bits; null or empty where it seeks none. All of {@link LEAST_NEEDLE_CHARS} or more. */
  constructor(literals: readonly (readonly string[] | null)[]) {
    this.found = new Int32Array(Math.ceil(literals.length / 32));
    const needles = new Map<string, Needle>();
    literals.forEach((texts, seeker) => {
      for (const text of texts ?? []) {
        const known = needles.get(text);
        if (known) known.seekers.push(seeker);
        else
          needles.set(text, {
            text,
            units: [...Array(text.length).keys()].map((at) => text.charCodeAt(at)),
            end: rarestEnd(text),
            seekers: [seeker],
            foundIn: 0,
          });
      }
    });
    for (const needle of needles.values()) {
      const hash = hashAt(needle.text, needle.end);
      if (this.table[hash] === 0) this.table[hash] = this.buckets.push([]) - 1;
      this.buckets[this.table[hash]!]!.push(needle);
      this.taken[hash >> 5]! |= 1 << (hash & 31);
    }
  }

  /** Looks at the whole text. */
  search(text: string): void {
    const { found, taken } = this;
    found.fill(0);
    this.searches++;
    let a = 0;
    let b = 0;
    for (let from = 0; from < text.length; from += PART_CHARS) {
      // as numbers in one place: a look at a character of a string asks first what kind of string it is
      const part = text.length > PART_CHARS ? text.slice(from, from + PART_CHARS) : text;
      const length = bytesOfUnits.write(part, 'utf16le') >> 1;
      for (let i = 0; i < length; i++) {
        const c = units[i]!;
        const hash = ((a << 10) ^ (b << 5) ^ c) & HASH_MASK;
        if ((taken[hash >> 5]! & (1 << (hash & 31))) !== 0)
          this.compare(text, from, i, length, this.table[hash]!);
        a = b;
        b = c;
      }
    }
  }

  /** `at` is a place of the part of the text that begins at `from` and has `length` characters. */
  private compare(text: string, from: number, at: number, length: number, bucket: number): void {
    for (const needle of this.buckets[bucket]!) {
      if (needle.foundIn === this.searches) continue;
      const start = at - needle.end;
      const isWithin = start >= 0 && start + needle.units.length <= length;
      if (!(isWithin ? hasUnits(needle.units, start) : text.startsWith(needle.text, from + start))) continue;
      needle.foundIn = this.searches;
      for (const seeker of needle.seekers) this.found[seeker >> 5]! |= 1 << (seeker & 31);
    }
  }
}

/** Whether these stand at a place of the part at hand. */
function hasUnits(sought: readonly number[], start: number): boolean {
  for (let i = 0; i < sought.length; i++) if (units[start + i] !== sought[i]) return false;
  return true;
}

/** The commoner, the lower; what is not listed is rare. */
const COMMON = ' etaoinsrhldcumfpgwybvk,.01"-_:';
const COMMON_THREES = new Set([
  'ing',
  'ion',
  'the',
  'ent',
  'tio',
  'and',
  'her',
  'for',
  'est',
  'ers',
  'age',
  'use',
  'ver',
]);

function rarestEnd(text: string): number {
  let best = LEAST_NEEDLE_CHARS - 1;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let end = LEAST_NEEDLE_CHARS - 1; end < text.length; end++) {
    let score = 0;
    for (let i = end - LEAST_NEEDLE_CHARS + 1; i <= end; i++) {
      const place = COMMON.indexOf(text[i]!);
      // a pair of surrogates hashes like what is not rare
      score += place >= 0 ? place : text.charCodeAt(i) < 0x80 ? COMMON.length + 8 : -COMMON.length;
    }
    if (COMMON_THREES.has(text.slice(end - LEAST_NEEDLE_CHARS + 1, end + 1))) score = 0;
    if (score <= bestScore) continue;
    best = end;
    bestScore = score;
  }
  return best;
}
