import { type Measures, readMeasures } from '../../model/facts/event-fact.js';
import type { SurrealStore } from './connection.js';
import { scanFacts } from './facts.js';
import { type AnyOf, factConditions } from './listings.js';
import { rankOf } from './records.js';

/** Times are Unix milliseconds, half-open. */
export interface StatsFilter {
  from?: number;
  to?: number;
  agent_id?: AnyOf;
}

export interface MeasuresRead {
  measures: Measures[];
  /** Null: all of them. Else the newest ones, back to this time: there are more than one answer counts. */
  reachedMs: number | null;
}

/** Events of one answer: some 100 MB while it is made. */
export const MAX_MEASURES = 250_000;
const BUDGET_MS = 8_000;

/** What statistics count of each event of a range, newest first. @throws StoreUnavailableError */
export async function measuresOf(store: SurrealStore, filter: StatsFilter): Promise<MeasuresRead> {
  const measures: Measures[] = [];
  let reachedMs: number | null = null;
  const scan = scanFacts<string>(store, {
    ...factConditions({ agent_id: filter.agent_id }),
    fromMs: filter.from ?? Number.MIN_SAFE_INTEGER,
    toMs: filter.to ?? Number.MAX_SAFE_INTEGER,
    order: 'desc',
    after: null,
    select: 'measures',
    budgetMs: BUDGET_MS,
  });
  for await (const { rows, reached, done } of scan) {
    for (const one of readMeasures(rows.map(({ value }) => value))) measures.push(one);
    reachedMs = done || reached === null ? null : -reached.key;
    if (measures.length >= MAX_MEASURES) break;
  }
  return { measures, reachedMs };
}

export interface TraceDay {
  /** UTC. */
  day: string;
  traces: number;
  running: number;
  completed: number;
  failed: number;
  truncated: number;
  events: number;
  errors: number;
}

const CHUNK = 10_000;
const MAX_TRACES = 500_000;

/** Traces by the day of their first event, oldest day first. @throws StoreUnavailableError */
export async function tracesByDay(
  store: SurrealStore,
  { from, to, agent_id }: StatsFilter,
): Promise<{ days: TraceDay[]; reachedMs: number | null }> {
  const agents = agent_id === undefined ? null : new Set([agent_id].flat());
  const days = new Map<string, TraceDay>();
  const last = from === undefined ? Number.MAX_SAFE_INTEGER : rankOf(from);
  let at = to === undefined ? Number.MIN_SAFE_INTEGER : rankOf(to);
  for (let read = 0; ; ) {
    // what the index covers alone: with another condition beside it a limit loses rows
    const [rows] = await store.query<[[number, string, boolean, string[], number, number][]]>(
      `SELECT VALUE [rank, status, merged_into != NONE, agents, total_events, error_count]
         FROM agent_trace WHERE rank > $at LIMIT ${CHUNK};`,
      { at },
    );
    // a millisecond's traces are not torn apart: the last one's come with the next chunk
    const end = rows.at(-1)?.[0];
    const full = rows.length === CHUNK && end !== rows[0]![0];
    for (const [rank, status, merged, names, events, errors] of rows) {
      if (rank > last || (full && rank === end)) break;
      if (merged || (agents !== null && !names.some((name) => agents.has(name)))) continue;
      const day = new Date(-rank).toISOString().slice(0, 10);
      const counts = days.get(day) ?? newDay(day);
      days.set(day, counts);
      counts.traces += 1;
      counts[status as 'running'] += 1;
      counts.events += events;
      counts.errors += errors;
    }
    read += rows.length;
    const done = !full || end! > last;
    if (done || read >= MAX_TRACES) {
      return { days: [...days.values()].reverse(), reachedMs: done ? null : -at };
    }
    at = end! - 1;
  }
}

const newDay = (day: string): TraceDay => ({
  day,
  traces: 0,
  running: 0,
  completed: 0,
  failed: 0,
  truncated: 0,
  events: 0,
  errors: 0,
});
