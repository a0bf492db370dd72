import type { EventOut } from '../api/types.js';

/** An event that was found; `score` is null where words were found, which are there or not. */
export interface Hit {
  score: number | null;
  event: EventOut;
}

/** The hits of one run, best first. */
export interface Run {
  traceId: string;
  best: number | null;
  hits: Hit[];
}

/** Hits by the run that they are of, the best run first: as good as its best hit. Without scores the order stays. */
export function runsOf(hits: readonly Hit[]): Run[] {
  const runs = new Map<string, Run>();
  for (const hit of hits) {
    const run = runs.get(hit.event.trace_id);
    if (run) {
      run.hits.push(hit);
      if (hit.score !== null) run.best = Math.max(run.best ?? hit.score, hit.score);
    } else runs.set(hit.event.trace_id, { traceId: hit.event.trace_id, best: hit.score, hits: [hit] });
  }
  return [...runs.values()].sort((a, b) => (b.best ?? 0) - (a.best ?? 0));
}

/** How many of the hits have which value, the most first. */
export function facetOf(
  hits: readonly Hit[],
  valueIn: (event: EventOut) => string | null,
): [string, number][] {
  const counts = new Map<string, number>();
  for (const { event } of hits) {
    const value = valueIn(event);
    if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
}
