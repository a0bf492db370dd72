import type { GenerationRecord } from '../../../lib/kafka/generations/generation-record.js';
import type { AgentEvent, AgentTrace } from '../../../lib/model/events.js';
import type { SurrealStore } from '../../../lib/stores/surreal/connection.js';
import { eventsAppended, readEvents, readTraces } from '../../../lib/stores/surreal/range.js';
import { type Difference, DifferenceCounter, traceFieldsThatDiffer } from './difference.js';
import type { ReplayedRows } from './replayed-rows.js';

/** Rows asked for at once. */
const CHUNK = 500;

/**
 * Compares the last rows of a generation with what SurrealDB holds of its range.
 * @param graceMs a trace that fell quiet less than this before the replay began may have been closed since.
 * @throws StoreUnavailableError, StoreRefusedError
 */
export async function compare(
  store: SurrealStore,
  replayed: ReplayedRows,
  record: GenerationRecord,
  graceMs: number,
): Promise<Difference> {
  const counter = new DifferenceCounter();
  const seen = new Set<string>();
  const traces = new StoredTraces(store, record.context_ms);
  for await (const page of eventsAppended(store, record.from_ms, record.to_ms)) {
    const rows = page.filter((row) => isOfRange(row, record));
    await traces.learn(rows.map(({ trace_id }) => trace_id));
    for (const row of rows) {
      seen.add(row.event_id);
      const index = replayed.events.get(row.event_id);
      const now = index === undefined ? null : replayed.eventOf(index);
      if (isKept(row, now, record, traces)) counter.eventBeforeContext();
      else counter.event(row, now);
    }
  }
  const unseen = [...replayed.events.values()].filter(
    (row) => row.created_ms >= record.from_ms && row.created_ms < record.to_ms && !seen.has(row.event_id),
  );
  for (let at = 0; at < unseen.length; at += CHUNK) {
    const some = unseen.slice(at, at + CHUNK);
    // one that is stored from elsewhere was sent before the context already: this is its copy
    const elsewhere = await readEvents(
      store,
      some.map(({ event_id }) => event_id),
    );
    for (const row of some) {
      if (elsewhere.has(row.event_id)) counter.eventBeforeContext();
      else counter.event(null, replayed.eventOf(row));
    }
  }
  await compareTraces(store, replayed, record, graceMs, traces, counter);
  return counter.result();
}

/**
 * Whether a stored event stays as it is: it was sent before the range already, or its trace began before the context and would be
 * another one.
 */
export function isKept(
  stored: AgentEvent,
  replayed: AgentEvent | null,
  { from_ms }: Pick<GenerationRecord, 'from_ms'>,
  traces: StoredTraces,
): boolean {
  if (stored.created_ms < from_ms) return true;
  return traces.beganEarlier(stored.trace_id) && replayed?.trace_id !== stored.trace_id;
}

/** Whether the line of a stored event is among those that were replayed. */
export function isOfRange(row: AgentEvent, { from_ms, to_ms, partitions }: GenerationRecord): boolean {
  const range = partitions[row.raw.partition];
  return (
    row.created_ms >= from_ms &&
    row.created_ms < to_ms &&
    range !== undefined &&
    row.raw.offset >= range.start &&
    row.raw.offset < range.end
  );
}

async function compareTraces(
  store: SurrealStore,
  replayed: ReplayedRows,
  record: GenerationRecord,
  graceMs: number,
  known: StoredTraces,
  counter: DifferenceCounter,
): Promise<void> {
  const ids = [...known.ids()];
  for (let at = 0; at < ids.length; at += CHUNK) {
    const stored = await readTraces(store, ids.slice(at, at + CHUNK));
    for (const [id, trace] of stored) {
      if (known.beganEarlier(id)) counter.traceBeforeContext();
      else if (trace.updated_ms >= record.until_ms) counter.growingTrace();
      else compareTrace(trace, replayed.traces.get(id), record.until_ms - graceMs, counter);
    }
  }
}

function compareTrace(
  stored: AgentTrace,
  replayed: AgentTrace | undefined,
  quietSinceMs: number,
  counter: DifferenceCounter,
): void {
  // without one, its events are in other traces: that is told of them
  if (replayed === undefined) return;
  const fields = traceFieldsThatDiffer(stored, replayed);
  const closedSince = fields.every((field) => field === 'status') && stored.updated_ms >= quietSinceMs;
  counter.trace(stored, closedSince ? { ...replayed, status: stored.status } : replayed);
}

/** The traces that hold events of the range, each asked for once. */
export class StoredTraces {
  private readonly early = new Map<string, boolean>();

  constructor(
    private readonly store: SurrealStore,
    private readonly contextMs: number,
  ) {}

  async learn(traceIds: readonly string[]): Promise<void> {
    const unknown = [...new Set(traceIds)].filter((id) => !this.early.has(id));
    const stored = await readTraces(this.store, unknown);
    for (const id of unknown) {
      const trace = stored.get(id);
      this.early.set(id, trace !== undefined && trace.created_ms < this.contextMs);
    }
  }

  beganEarlier(traceId: string): boolean {
    return this.early.get(traceId) ?? false;
  }

  ids(): Iterable<string> {
    return this.early.keys();
  }
}
