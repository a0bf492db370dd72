import {
  BadCursorError,
  findTraceBySession,
  getEvent,
  getEventContext,
  getEventsByIds,
  getTrace,
  listEvents,
  listTraces,
  type MeasuresRead,
  measuresOf,
  readStoredHours,
  StoreRefusedError,
  StoreUnavailableError,
  type SurrealStore,
  TooManyRowsError,
  tracesByDay,
  tracesOfSession,
} from '../../../lib/stores/surreal/index.js';
import type { PartHealth, StorePort } from '../ports.js';
import { Problem } from '../problem.js';

/** The rows of SurrealDB. Its failures become problems: one that is down is no fault of the request. */
export function surrealStore(store: SurrealStore): StorePort & { health(): PartHealth } {
  const reading = new Map<string, Promise<MeasuresRead>>();
  return {
    measures: (filter) => {
      const key = JSON.stringify(filter);
      let shared = reading.get(key);
      if (!shared) {
        shared = asking(() => measuresOf(store, filter)).finally(() => reading.delete(key));
        reading.set(key, shared);
      }
      return shared;
    },
    tracesByDay: (filter) => asking(() => tracesByDay(store, filter)),
    getEvent: (eventId) => asking(() => getEvent(store, eventId)),
    getEventsByIds: (eventIds) => asking(() => getEventsByIds(store, [...eventIds])),
    listEvents: (filter) => asking(() => listEvents(store, filter)),
    listTraces: (filter) => asking(() => listTraces(store, filter)),
    getTrace: (traceId, maxEvents) => asking(() => getTrace(store, traceId, { maxEvents })),
    getEventContext: (eventId, siblings) => asking(() => getEventContext(store, eventId, siblings)),
    findTraceBySession: (sessionId) => asking(() => findTraceBySession(store, sessionId)),
    tracesOfSession: (sessionId) => asking(() => tracesOfSession(store, sessionId)),
    storedHours: (fromHour) => asking(() => readStoredHours(store, fromHour)),
    health: () => {
      const { connected, reason } = store.health();
      return connected ? { state: 'up' } : { state: 'down', detail: reason ?? 'not connected' };
    },
  };
}

/** @throws Problem for what SurrealDB's failures mean to a client. */
export async function asking<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof BadCursorError) {
      throw new Problem('invalid-request', error.message, {
        errors: [{ field: 'cursor', message: error.message }],
      });
    }
    if (error instanceof TooManyRowsError) {
      const { field, message } = error;
      throw new Problem('invalid-request', `${field}: ${message}`, { errors: [{ field, message }] });
    }
    if (error instanceof StoreUnavailableError) {
      throw new Problem('store-unavailable', `SurrealDB does not answer: ${error.message}`, {
        retryAfterS: 2,
      });
    }
    // tables that the sink has not made yet hold nothing; the sink makes them when it starts
    if (error instanceof StoreRefusedError && /does not exist/i.test(error.message)) {
      throw new Problem('store-unavailable', 'SurrealDB has no tables yet: the surreal-sink makes them', {
        retryAfterS: 2,
      });
    }
    throw error;
  }
}
