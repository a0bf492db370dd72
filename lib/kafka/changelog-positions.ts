import { readPosition } from '../topology/task.js';
import type { ClusterClient } from './cluster.js';
import { readPartition } from './partition-reader.js';

const STALL_MS = 30_000;

/** How far a stage has come, by its changelog, where that is written with the state: group offsets are for display and may stay behind. */
export class ChangelogPositions {
  private readonly read = new Map<number, number>();
  private readonly positions = new Map<number, number>();

  constructor(
    private readonly cluster: ClusterClient,
    readonly changelog: string,
  ) {}

  /** Input offset after the last record processed, by partition; those that nothing was processed of are missing. */
  async poll(): Promise<ReadonlyMap<number, number>> {
    await this.cluster.connect([this.changelog]);
    for (const partition of await this.cluster.partitionsOf(this.changelog)) {
      const from =
        this.read.get(partition) ?? (await this.cluster.offsetOf(this.changelog, partition, 'start'));
      const until = await this.cluster.offsetOf(this.changelog, partition, 'end');
      const range = { from, until, stallMs: STALL_MS };
      const end = await readPartition(this.cluster, this.changelog, partition, range, (records) => {
        for (const { key, value } of records) {
          const position = key && readPosition(key.toString('utf8'), value);
          if (position !== null) this.positions.set(partition, position);
        }
      });
      this.read.set(partition, end);
    }
    return this.positions;
  }
}
