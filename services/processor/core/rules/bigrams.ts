const BITS = 4_096;
const WORDS = BITS / 32;

const slotOf = (a: number, b: number): number => (Math.imul(a, 61) + b) & (BITS - 1);

/**
 * The pairs of adjacent characters of a text, as a Bloom filter with one hash: made in one pass over a line, it tells for most
 * literals that the line cannot contain them, at a few nanoseconds each. `includes` settles the rest.
 */
export class Bigrams {
  private readonly words = new Int32Array(WORDS);

  /** Takes the pairs of the first `limit` characters. */
  fill(text: string, limit: number): void {
    const { words } = this;
    words.fill(0);
    const end = text.length < limit ? text.length : limit;
    if (end === 0) return;
    let previous = text.charCodeAt(0);
    for (let i = 1; i < end; i++) {
      const next = text.charCodeAt(i);
      const slot = slotOf(previous, next);
      words[slot >> 5]! |= 1 << (slot & 31);
      previous = next;
    }
  }

  /** Whether every pair of a literal, given by its {@link literalSlots}, was seen. */
  mayContain(slots: readonly number[]): boolean {
    const { words } = this;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i]!;
      if ((words[slot >> 5]! & (1 << (slot & 31))) === 0) return false;
    }
    return true;
  }
}

/** Slots of a literal's pairs. */
export function literalSlots(literal: string): number[] {
  const slots = new Set<number>();
  for (let i = 1; i < literal.length; i++)
    slots.add(slotOf(literal.charCodeAt(i - 1), literal.charCodeAt(i)));
  return [...slots];
}
