const LEAST_SLOTS = 16;

/**
 * A set of 64-bit hashes as pairs of 32-bit words, open addressing with linear probing: 16 to 32 bytes each, and no string made or
 * hashed for a look-up. The words must already be hashes; the pair 0, 0 marks a free slot and is kept as 0, 1.
 */
export class HashSet {
  private words = new Int32Array(2 * LEAST_SLOTS);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Adds a hash. Returns whether it was new. */
  add(high: number, low: number): boolean {
    if ((this.count + 1) * 4 > this.words.length) this.grow();
    return this.insert(high, high === 0 && low === 0 ? 1 : low);
  }

  private insert(high: number, low: number): boolean {
    const { words } = this;
    const mask = words.length / 2 - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = 2 * slot;
      const a = words[at]!;
      const b = words[at + 1]!;
      if (a === high && b === low) return false;
      if (a === 0 && b === 0) {
        words[at] = high;
        words[at + 1] = low;
        this.count++;
        return true;
      }
    }
  }

  private grow(): void {
    const old = this.words;
    this.words = new Int32Array(old.length * 2);
    this.count = 0;
    for (let at = 0; at < old.length; at += 2) {
      const high = old[at]!;
      const low = old[at + 1]!;
      if (high !== 0 || low !== 0) this.insert(high, low);
    }
  }
}
