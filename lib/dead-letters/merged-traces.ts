import type { AgentTrace } from '../model/events.js';

/** Where traces went that were merged into others, as the records of agent-traces say, each partition in its order. */
export class MergedTraces {
  private readonly into = new Map<string, string>();

  see({ trace_id, merged_into }: Pick<AgentTrace, 'trace_id' | 'merged_into'>): void {
    if (merged_into === null) this.into.delete(trace_id);
    else this.into.set(trace_id, merged_into);
  }

  /** The trace that holds by now what `traceId` held; itself where it was not merged. */
  rootOf(traceId: string): string {
    const seen = new Set<string>();
    let root = traceId;
    for (let next = this.into.get(root); next !== undefined && !seen.has(next); next = this.into.get(root)) {
      seen.add(next);
      root = next;
    }
    return root;
  }
}
