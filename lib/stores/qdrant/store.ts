import { QdrantClient } from '@qdrant/js-client-rest';
import type { QdrantSettings } from '../../config/connections.js';
import { pointId } from '../../model/ids.js';
import type { StoreWatch } from '../../telemetry/store-metrics.js';
import { clientOver } from './client-over.js';
import { ALIAS, aliasTarget, collectionOf, ensureCollection } from './collections.js';
import { asking, QdrantMissingError } from './errors.js';
import {
  type EventFilter,
  type EventPayload,
  type EventPoint,
  type EventVersion,
  eachOlder,
  type GroupMove,
  olderThan,
  qdrantFilter,
  type Version,
} from './points.js';

export interface SearchHit extends EventPayload {
  /** Cosine similarity, -1 to 1. */
  score: number;
}

/** Points of one conditional request, see {@link eachOlder}. */
const CONDITIONAL_POINTS = 100;
const MOVES_PER_REQUEST = 100;
const DELETE_PAGE = 1_000;

/**
 * Events by meaning. Reads and writes go to the collection of `model`, or, where none is named, to the one behind the
 * alias. Every method @throws QdrantUnavailableError, QdrantMissingError or QdrantRefusedError.
 */
export class QdrantStore {
  constructor(
    readonly client: QdrantClient,
    readonly model: string | null,
    private readonly watch: StoreWatch = (request) => request(),
  ) {}

  /** Name of the collection used, or the alias. */
  get collection(): string {
    return this.model === null ? ALIAS : collectionOf(this.model);
  }

  /** Makes the collection of `model` where it is missing and moves the alias to it; returns its name. */
  ensureCollection(model: string, dimensions = 384): Promise<string> {
    return this.watch(() => ensureCollection(this.client, model, dimensions));
  }

  /** The collection that the alias stands for: the model that was written with last. Null: nothing was written yet. */
  aliasTarget(): Promise<string | null> {
    return this.watch(() => aliasTarget(this.client));
  }

  /** Stores those points that are not there; leaves the others as they are. Durable when it resolves. */
  async insertNew(points: readonly EventPoint[]): Promise<void> {
    await this.asking('insert', () =>
      this.client.upsert(this.collection, {
        wait: true,
        points: points.map(record),
        update_mode: 'insert_only',
      }),
    );
  }

  /** Versions of those events that are stored, by point id. */
  async versions(eventIds: readonly string[]): Promise<Map<string, Version>> {
    const rows = await this.asking('retrieve', () =>
      this.client.retrieve(this.collection, {
        ids: eventIds.map(pointId),
        with_payload: ['generation', 'revision'],
        with_vector: false,
      }),
    );
    return new Map(
      rows.map(({ id, payload }) => {
        const { generation, revision } = payload as unknown as Version;
        return [String(id), { generation, revision }];
      }),
    );
  }

  /** Replaces those points whose stored version is older; stores those that are not there. Durable when it resolves. */
  async updateOlder(points: readonly EventPoint[]): Promise<void> {
    for (let from = 0; from < points.length; from += CONDITIONAL_POINTS) {
      const some = points.slice(from, from + CONDITIONAL_POINTS);
      await this.asking('update', () =>
        this.client.upsert(this.collection, {
          wait: true,
          points: some.map(record),
          update_filter: eachOlder(some.map(({ payload }) => payload)),
        }),
      );
    }
  }

  /** Deletes those points whose stored version is older. Durable when it resolves. */
  async deleteOlder(events: readonly EventVersion[]): Promise<void> {
    for (let from = 0; from < events.length; from += CONDITIONAL_POINTS) {
      const filter = eachOlder(events.slice(from, from + CONDITIONAL_POINTS));
      await this.asking('delete', () => this.client.delete(this.collection, { wait: true, filter }));
    }
  }

  /** Moves groups to their new traces; points that are as new as the move keep theirs. */
  async moveGroups(moves: readonly GroupMove[]): Promise<void> {
    for (let from = 0; from < moves.length; from += MOVES_PER_REQUEST) {
      const operations = moves.slice(from, from + MOVES_PER_REQUEST).map((move) => ({
        set_payload: {
          payload: { trace_id: move.trace_id, generation: move.generation, revision: move.revision },
          filter: { must: [{ key: 'group_id', match: { value: move.group_id } }, olderThan(move)] },
        },
      }));
      await this.asking('move groups', () =>
        this.client.batchUpdate(this.collection, { wait: true, operations }),
      );
    }
  }

  /** The events nearest to `vector`, best first. `minScore` leaves out what is less alike. */
  async searchByVector(
    vector: readonly number[],
    filter: EventFilter,
    limit: number,
    minScore?: number,
  ): Promise<SearchHit[]> {
    return this.query([...vector], filter, limit, minScore);
  }

  /** The events nearest to a stored one, itself left out; null when that event has no point. */
  async similar(eventId: string, filter: EventFilter, limit: number): Promise<SearchHit[] | null> {
    if ((await this.versions([eventId])).size === 0) return null;
    try {
      return await this.query(pointId(eventId), filter, limit);
    } catch (error) {
      // deleted between the two requests
      if (error instanceof QdrantMissingError && (await this.versions([eventId])).size === 0) return null;
      throw error;
    }
  }

  /** Exact number of events that match. */
  async count(filter: EventFilter = {}): Promise<number> {
    const { count } = await this.asking('count', () =>
      this.client.count(this.collection, { exact: true, filter: qdrantFilter(filter) }),
    );
    return count;
  }

  /** Deletes at most `limit` of the events that match, and says how many. Bounded, so that writes can go between. */
  async deleteSome(filter: EventFilter, limit = DELETE_PAGE): Promise<number> {
    const { points } = await this.asking('scroll', () =>
      this.client.scroll(this.collection, {
        filter: qdrantFilter(filter),
        limit,
        with_payload: false,
        with_vector: false,
      }),
    );
    if (points.length === 0) return 0;
    const ids = points.map((point) => point.id);
    await this.asking('delete', () => this.client.delete(this.collection, { wait: true, points: ids }));
    return ids.length;
  }

  private asking<T>(what: string, call: () => Promise<T>): Promise<T> {
    return this.watch(() => asking(what, call));
  }

  /** Deletes events by their ids, whatever version is stored. Durable when it resolves. */
  async deleteEvents(eventIds: readonly string[]): Promise<void> {
    if (eventIds.length === 0) return;
    await asking('delete', () =>
      this.client.delete(this.collection, { wait: true, points: eventIds.map(pointId) }),
    );
  }

  /** Deletes all events that match, page by page, and says how many. */
  async deleteAll(filter: EventFilter): Promise<number> {
    let deleted = 0;
    for (;;) {
      const some = await this.deleteSome(filter);
      if (some === 0) return deleted;
      deleted += some;
    }
  }

  private async query(query: number[] | string, filter: EventFilter, limit: number, minScore?: number) {
    const { points } = await this.asking('query', () =>
      this.client.query(this.collection, {
        query,
        filter: qdrantFilter(filter),
        limit,
        score_threshold: minScore,
        with_payload: true,
      }),
    );
    return points.map(({ score, payload }) => ({ ...(payload as unknown as EventPayload), score }));
  }
}

const record = ({ payload, vector }: EventPoint) => ({
  id: pointId(payload.event_id),
  vector,
  payload: { ...payload },
});

export interface ConnectOptions {
  /** Reads and writes the collection of this model; left out: the one behind the alias. */
  model?: string;
  /** How long one request may take. */
  timeoutMs?: number;
  /** Told of every request, see {@link StoreMetrics.watch}. */
  watch?: StoreWatch;
}

/** `where`: the settings, or the URL alone. Connects with the first request. */
export function connectQdrant(where: string | QdrantSettings, options: ConnectOptions = {}): QdrantStore {
  const { url, tls, apiKey }: QdrantSettings = typeof where === 'string' ? { url: where } : where;
  const { protocol, port } = new URL(url);
  const Client = tls ? clientOver(tls) : QdrantClient;
  const client = new Client({
    url,
    // not as `apiKey`: without TLS, as behind a proxy on this machine, the client would print a warning of its own
    ...(apiKey ? { headers: { 'api-key': apiKey } } : {}),
    // the client takes 6333 where a URL names no port; a URL means its protocol's
    port: port ? Number(port) : protocol === 'https:' ? 443 : 80,
    timeout: options.timeoutMs ?? 30_000,
    maxConnections: 8,
    // it would print to the console, and once only: asking() says what is wrong each time
    checkCompatibility: false,
  });
  return new QdrantStore(client, options.model ?? null, options.watch);
}
