import type { QdrantSettings } from '../../../lib/config/connections.js';
import type { Embedder } from '../../../lib/embedding/embedder.js';
import { QdrantMissingError, QdrantUnavailableError } from '../../../lib/stores/qdrant/errors.js';
import { connectQdrant } from '../../../lib/stores/qdrant/store.js';
import type { StoreWatch } from '../../../lib/telemetry/store-metrics.js';
import type { PartHealth, SearchMode, SearchPort } from '../ports.js';
import { Problem } from '../problem.js';

const REQUEST_LIMIT_MS = 5_000;

/** Search in the collection of the embedder's own model: vectors of two models say nothing of each other. */
export function qdrantSearch(
  where: QdrantSettings,
  embedder: Embedder,
  watch?: StoreWatch,
): SearchPort & { probe(): Promise<PartHealth> } {
  const store = connectQdrant(where, { model: embedder.model, timeoutMs: REQUEST_LIMIT_MS, watch });
  return {
    mode: embedder.kind satisfies SearchMode,
    async search(query, filter, limit) {
      const vector = await embedder.embedQuery(query);
      try {
        const hits = await store.searchByVector(vector, filter, limit);
        return hits.map(({ event_id, score }) => ({ event_id, score }));
      } catch (error) {
        // nothing was embedded with this model yet
        if (error instanceof QdrantMissingError) return [];
        if (error instanceof QdrantUnavailableError) {
          throw new Problem('store-unavailable', error.message, { retryAfterS: 2 });
        }
        throw error;
      }
    },
    async similar(eventId, filter, limit) {
      try {
        const hits = await store.similar(eventId, filter, limit);
        return hits === null ? null : hits.map(({ event_id, score }) => ({ event_id, score }));
      } catch (error) {
        if (error instanceof QdrantMissingError) return null;
        if (error instanceof QdrantUnavailableError)
          throw new Problem('store-unavailable', error.message, { retryAfterS: 2 });
        throw error;
      }
    },
    async has(eventId) {
      try {
        return (await store.versions([eventId])).size > 0;
      } catch (error) {
        if (error instanceof QdrantMissingError) return false;
        if (error instanceof QdrantUnavailableError)
          throw new Problem('store-unavailable', error.message, { retryAfterS: 2 });
        throw error;
      }
    },
    async probe() {
      try {
        await store.aliasTarget();
        return { state: 'up' };
      } catch (error) {
        return { state: 'down', detail: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}
