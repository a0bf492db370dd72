import type { ShardState } from './shard-state.js';

/** What a shard keeps in any case: the minutes that its fast lanes ask about again and again, bytes. */
const LEAST_BYTES = 256 * 1024;
/** A shard that has to let go lets go of some more, so that it need not with every page. */
const SLACK_BYTES = 128 * 1024;

/** Bounds the ids in memory over all shards of a process: whoever took the last of it gives back, of its own. */
export class IdMemory {
  private readonly shards = new Map<number, number>();

  constructor(private readonly maxBytes: number) {}

  get bytes(): number {
    let bytes = 0;
    for (const used of this.shards.values()) bytes += used;
    return bytes;
  }

  /** A shard has loaded, added or dropped ids. */
  settle(shard: number, state: Pick<ShardState, 'bytes' | 'trim'>): void {
    this.shards.set(shard, state.bytes);
    const over = this.bytes - this.maxBytes;
    if (over <= 0) return;
    state.trim(Math.max(state.bytes - over - SLACK_BYTES, LEAST_BYTES));
    this.shards.set(shard, state.bytes);
  }
}
