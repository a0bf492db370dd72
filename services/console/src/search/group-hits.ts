import type { EventOut, SearchHit } from '../api/types.js';

/** An event that was found, with how good a find it is and by what. */
export type Hit = Pick<SearchHit, 'score' | 'found_by' | 'event'>;

/** The hits of one run, best first. */
export interface Run {
  traceId: string;
  best: number;
  hits: Hit[];
}

/** Hits by the run that they are of, the best run first: as good as its best hit. */
export function runsOf(hits: readonly Hit[]): Run[] {
  const runs = new Map<string, Run>();
  for (const hit of hits) {
    const run = runs.get(hit.event.trace_id);
    if (run) {
      run.hits.push(hit);
      run.best = Math.max(run.best, hit.score);
    } else runs.set(hit.event.trace_id, { traceId: hit.event.trace_id, best: hit.score, hits: [hit] });
  }
  return [...runs.values()].sort((a, b) => b.best - a.best);
}

/** How a hit was found, in words: the place in each list, the similarity where meaning was compared. */
export const foundText = ({ found_by }: Pick<Hit, 'found_by'>): string =>
  found_by
    .map(({ how, rank, score }) =>
      how === 'text'
        ? `has the words (${rank}.)`
        : `meaning ${rank}.${score === undefined ? '' : `, ${score.toFixed(2)}`}`,
    )
    .join('; ');

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
