export * from './causes.js';
export { connectSurreal, type SurrealSettings, type SurrealStore } from './connection.js';
export { BadCursorError } from './cursor.js';
export { StoreRefusedError, StoreUnavailableError, surrealOutcome } from './errors.js';
export { type EventContext, getEventContext, type Sibling } from './explain.js';
export * from './flow.js';
export { type AnyOf, countEvents, type EventFilter, listEvents, MAX_LIMIT, type Paging } from './listings.js';
export { type MeasuresRead, measuresOf, type StatsFilter, type TraceDay, tracesByDay } from './measures.js';
export { probeWrite } from './probe-write.js';
export {
  findTraceBySession,
  getEvent,
  getEventsByIds,
  getTrace,
  type TraceView,
  tracesOfSession,
} from './reads.js';
export { recountTraces } from './recount.js';
export { deleteOlderThan } from './retention.js';
export { retireTraces } from './retract.js';
export type { CauseRow, EventRow, TracedRow, TraceRow } from './rows.js';
export { applySchema } from './schema.js';
export { listTraces, TooManyRowsError, type TraceFilter, type TraceOrder } from './trace-listings.js';
export * from './writes.js';
