import type { ClusterClient } from '../kafka/cluster.js';
import { readPartition } from '../kafka/partition-reader.js';
import { type Letter, nameOf } from './letter.js';
import { decodeTrail, TRAIL_TOPIC, type TrailEntry } from './trail-entry.js';

const STALL_MS = 30_000;
const PARTITION = 0;

/** What was done about dead letters, as committed. */
export class Trail {
  private readonly entries = new Map<string, TrailEntry>();

  /** Reads the topic to offset `until`, or to what is its end now. @throws where it does not exist or cannot be read. */
  static async read(cluster: ClusterClient, until?: number): Promise<Trail> {
    const trail = new Trail();
    const from = await cluster.offsetOf(TRAIL_TOPIC, PARTITION, 'start');
    const end = until ?? (await cluster.offsetOf(TRAIL_TOPIC, PARTITION, 'end'));
    await readPartition(
      cluster,
      TRAIL_TOPIC,
      PARTITION,
      { from, until: end, stallMs: STALL_MS },
      (records) => {
        for (const { key, value, offset } of records) {
          const name = key?.toString('utf8') ?? '';
          // a tombstone: a fence, or an entry that somebody took away
          if (value === null) trail.entries.delete(name);
          else trail.entries.set(name, decodeTrail(value, `${TRAIL_TOPIC}/${PARTITION} offset ${offset}`));
        }
      },
    );
    return trail;
  }

  get isEmpty(): boolean {
    return this.entries.size === 0;
  }

  /** Null: nothing was done about it; so, too, where the entry is of another letter that once had this name. */
  of(letter: Letter): TrailEntry | null {
    const entry = this.entries.get(nameOf(letter));
    return entry?.refused_ms === letter.refusedMs ? entry : null;
  }

  set(letter: Letter, entry: TrailEntry): void {
    this.entries.set(nameOf(letter), entry);
  }
}
