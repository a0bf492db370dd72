/** How a hit was found. */
export interface FoundBy {
  how: 'meaning' | 'text';
  /** From 1. */
  rank: number;
  /** Cosine similarity. */
  score?: number;
}

export interface Hit {
  event_id: string;
  score: number;
  found_by: FoundBy[];
}

/** Cormack, Clarke, Büttcher 2009: large enough that no single list's first place decides alone. */
const K = 60;

/**
 * Lists of hits, each best first, as one by reciprocal rank fusion: what stands well in both comes before what stands first in one.
 * Ties by id, so that equal lists give equal answers.
 */
export function fuse(
  lists: readonly { how: FoundBy['how']; hits: readonly { event_id: string; score?: number }[] }[],
): Hit[] {
  const found = new Map<string, Hit>();
  for (const { how, hits } of lists) {
    hits.forEach(({ event_id, score }, index) => {
      const hit = found.get(event_id) ?? { event_id, score: 0, found_by: [] };
      found.set(event_id, hit);
      hit.score += 1 / (K + index + 1);
      hit.found_by.push({ how, rank: index + 1, ...(score === undefined ? {} : { score }) });
    });
  }
  return [...found.values()].sort((a, b) => b.score - a.score || (a.event_id < b.event_id ? -1 : 1));
}
