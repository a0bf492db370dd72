/** Numbers drawn from a seed (mulberry32), so that a failing order can be run again. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** Whole number in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error('nothing to pick from');
    return items[this.below(items.length)]!;
  }

  /** One order of all items in which each list keeps its own. */
  merge<T>(lists: readonly (readonly T[])[]): T[] {
    const rest = lists.filter((list) => list.length > 0).map((list) => [...list]);
    const merged: T[] = [];
    while (rest.length > 0) {
      const at = this.below(rest.length);
      merged.push(rest[at]!.shift()!);
      if (rest[at]!.length === 0) rest.splice(at, 1);
    }
    return merged;
  }
}
