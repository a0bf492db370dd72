/**
 * Who is served next when many want more than there is: start-time fair queueing (Goyal, Vin, Cheng 1996) with a cost of
 * one per turn. Invariant: of two flows that both keep waiting, neither gets more than its weight's share by more than
 * one turn; a flow that comes back after a rest is not paid for it, and waits for no more than those before it.
 */
export class FairQueue<T> {
  private readonly waiting: { flow: string; startTag: number; order: number; item: T }[] = [];
  private readonly finishTags = new Map<string, number>();
  private virtualTime = 0;
  private order = 0;

  get length(): number {
    return this.waiting.length;
  }

  /** Puts an item of a flow in its place. A flow of weight 3 gets three turns where one of weight 1 gets one. */
  push(flow: string, weight: number, item: T): void {
    const startTag = Math.max(this.virtualTime, this.finishTags.get(flow) ?? 0);
    this.finishTags.set(flow, startTag + 1 / weight);
    this.waiting.push({ flow, startTag, order: this.order++, item });
  }

  /** Takes the item whose turn it is. */
  shift(): T | undefined {
    let best = -1;
    for (let at = 0; at < this.waiting.length; at++)
      if (best < 0 || comesFirst(this.waiting[at]!, this.waiting[best]!)) best = at;
    if (best < 0) return undefined;
    const [taken] = this.waiting.splice(best, 1);
    this.virtualTime = taken!.startTag;
    // with nobody waiting there is nothing to be fair about, and flows that are gone are not kept
    if (this.waiting.length === 0) {
      for (const [flow, tag] of this.finishTags) if (tag <= this.virtualTime) this.finishTags.delete(flow);
    }
    return taken!.item;
  }

  /** Removes an item that does not want its turn any more. */
  remove(item: T): void {
    const at = this.waiting.findIndex((entry) => entry.item === item);
    if (at >= 0) this.waiting.splice(at, 1);
  }
}

const comesFirst = (
  a: { startTag: number; order: number },
  b: { startTag: number; order: number },
): boolean => a.startTag < b.startTag || (a.startTag === b.startTag && a.order < b.order);
