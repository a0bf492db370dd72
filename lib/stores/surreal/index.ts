export * from './causes.js';
export { connectSurreal, type SurrealSettings, type SurrealStore } from './connection.js';
export { BadCursorError } from './cursor.js';
export { StoreRefusedError, StoreUnavailableError } from './errors.js';
export { type EventContext, getEventContext, type Sibling } from './explain.js';
export {
  countEvents,
  type EventFilter,
  listEvents,
  listTraces,
  MAX_LIMIT,
  type Paging,
  type TraceFilter,
} from './listings.js';
export { probeWrite } from './probe-write.js';
export { findTraceBySession, getEvent, getEventsByIds, getTrace, type TraceView } from './reads.js';
export { recountTraces } from './recount.js';
export { deleteOlderThan } from './retention.js';
export type { CauseRow, EventRow, TraceRow } from './rows.js';
export { applySchema } from './schema.js';
export * from './writes.js';
