import { pointId } from '../../lib/model/ids.js';
import type { DataError } from '../../lib/model/result.js';
import { QdrantRefusedError } from '../../lib/stores/qdrant/errors.js';
import {
  type EventPoint,
  type EventVersion,
  type GroupMove,
  isOlder,
} from '../../lib/stores/qdrant/points.js';
import type { QdrantStore } from '../../lib/stores/qdrant/store.js';

/** A point and whom to tell when it alone is refused. */
export interface Write<Origin> extends EventPoint {
  origin: Origin;
}

export interface WriteCounts {
  /** Stored for the first time or replaced. */
  written: number;
  /** Left as they are: what is stored is as new. */
  ignored: number;
  refused: number;
}

/** Told of a point that Qdrant refuses; must be durable when it resolves. */
export type Refuse<Origin> = (origin: Origin, error: DataError) => Promise<void>;

/** Points of one request: 384 numbers of six decimals are some 4 KB as JSON, and Qdrant takes 32 MB. */
export const POINTS_PER_REQUEST = 500;

/**
 * Writes points so that each ends as its newest version, whoever else writes: first an insert that leaves what is there
 * alone, then, for those found to be there in an older version, a conditional update. In this order no
 * other writer can come in between: after the insert the point exists, and from then on only newer versions replace it.
 */
export class VectorWriter<Origin> {
  constructor(
    private readonly store: QdrantStore,
    private readonly refuse: Refuse<Origin>,
  ) {}

  /** @throws QdrantUnavailableError, QdrantMissingError: write the same again, nothing is done twice. */
  async write(points: readonly Write<Origin>[], signal: AbortSignal): Promise<WriteCounts> {
    const counts: WriteCounts = { written: 0, ignored: 0, refused: 0 };
    for (let from = 0; from < points.length; from += POINTS_PER_REQUEST) {
      signal.throwIfAborted();
      await this.writeChunk(points.slice(from, from + POINTS_PER_REQUEST), counts);
    }
    return counts;
  }

  /** Deletes what is older than its retraction. @throws as {@link write} */
  async retract(retractions: readonly EventVersion[], signal: AbortSignal): Promise<void> {
    if (retractions.length === 0) return;
    signal.throwIfAborted();
    await this.store.deleteOlder(retractions);
  }

  async move(moves: readonly GroupMove[], signal: AbortSignal): Promise<void> {
    if (moves.length === 0) return;
    signal.throwIfAborted();
    await this.store.moveGroups(moves);
  }

  /** Of a chunk that is refused, the halves are tried, until the one point is found that is at fault. */
  private async writeChunk(points: readonly Write<Origin>[], counts: WriteCounts): Promise<void> {
    try {
      await this.writeOnce(points, counts);
    } catch (error) {
      if (!(error instanceof QdrantRefusedError)) throw error;
      if (points.length === 1) {
        await this.refuse(points[0]!.origin, { code: 'PROCESSING', message: error.message });
        counts.refused++;
        return;
      }
      const middle = points.length >>> 1;
      await this.writeChunk(points.slice(0, middle), counts);
      await this.writeChunk(points.slice(middle), counts);
    }
  }

  private async writeOnce(points: readonly Write<Origin>[], counts: WriteCounts): Promise<void> {
    await this.store.insertNew(points);
    const stored = await this.store.versions(points.map(({ payload }) => payload.event_id));
    const older: Write<Origin>[] = [];
    let current = 0;
    for (const point of points) {
      const version = stored.get(pointId(point.payload.event_id));
      // deleted by retention in between: gone is what it is meant to be
      if (version && isOlder(version, point.payload)) older.push(point);
      else if (version && isOlder(point.payload, version)) counts.ignored++;
      else current++;
    }
    await this.store.updateOlder(older);
    counts.written += current + older.length;
  }
}
