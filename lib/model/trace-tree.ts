import type { ToolStats } from './events.js';
import { type Links, linkSteps, type Relation } from './tree/links.js';
import { compareSteps, stepOf, type TreeEvent } from './tree/step.js';

export type { Relation } from './tree/links.js';
export type { TreeEvent } from './tree/step.js';

/** An event, and those that belong to it. */
export interface TreeNode<E extends TreeEvent> {
  event: E;
  children: TreeNode<E>[];
  parent: TreeNode<E> | null;
  /** Why it stands below its parent; null for a root. */
  relation: Relation | null;
  /** What ends or answers it. */
  endedBy: TreeNode<E> | null;
  /** Of what began and ended: how long that took, as its end tells it, else the time between. Milliseconds. */
  latencyMs: number | null;
}

export interface TraceTree<E extends TreeEvent> {
  roots: TreeNode<E>[];
  /** All nodes in order of time, then of place in the log. */
  nodes: TreeNode<E>[];
  links: Links;
}

/** How often a tool was called and how long it took. */
export interface CallStats extends ToolStats {
  max_ms: number;
}

/**
 * The tree of a trace, a function of the set of its events: their order in the list does not matter. Every event is in it exactly
 * once. Ids of spans, runs and calls decide where lines carry them; elsewhere calls and their results, chains and agents
 * and their ends are paired by name and order, and what happens in between lies below. O(n log n).
 */
export function traceTree<E extends TreeEvent>(events: readonly E[]): TraceTree<E> {
  const sorted = events
    .map((event) => ({ event, step: stepOf(event) }))
    .sort((a, b) => compareSteps(a.step, b.step));
  const links = linkSteps(sorted.map(({ step }) => step));
  const nodes = sorted.map(
    ({ event }, index): TreeNode<E> => ({
      event,
      children: [],
      parent: null,
      relation: links.relation[index]!,
      endedBy: null,
      latencyMs: latencyOf(links, index),
    }),
  );
  const roots: TreeNode<E>[] = [];
  nodes.forEach((node, index) => {
    node.endedBy = nodes[links.pairs.endedBy[index]!] ?? null;
    node.parent = nodes[links.parent[index]!] ?? null;
    (node.parent?.children ?? roots).push(node);
  });
  return { roots, nodes, links };
}

/** The roots of {@link traceTree}. */
export const buildTree = <E extends TreeEvent>(events: readonly E[]): TreeNode<E>[] =>
  traceTree(events).roots;

function latencyOf({ steps, pairs }: Links, index: number): number | null {
  const end = steps[pairs.endedBy[index]!];
  if (!end) return null;
  const told = end.durationMs ?? steps[index]!.durationMs;
  if (told !== null) return told;
  // no time between: the log has no times, or whole seconds
  const between = end.ms - steps[index]!.ms;
  return between > 0 ? between : null;
}

/** Calls by tool, as the tree pairs them: results that name no tool count for the call that they answer. */
export function toolCalls({ links }: Pick<TraceTree<TreeEvent>, 'links'>): Record<string, CallStats> {
  const { steps, pairs } = links;
  const tools = new Map<string, CallStats>();
  const announced = new Set(pairs.announcedBy);
  steps.forEach((step, index) => {
    if (step.family !== 'tool') return;
    const begins = step.role !== 'close';
    // an action with a call of its own is that call; a result is counted with what it answers
    if (begins ? announced.has(index) : pairs.begunBy[index]! >= 0) return;
    const end = begins ? steps[pairs.endedBy[index]!] : step;
    const name = step.name ?? end?.name ?? null;
    if (name === null) return;
    let stats = tools.get(name);
    if (!stats) {
      stats = { calls: 0, errors: 0, timed: 0, total_ms: 0, max_ms: 0 };
      tools.set(name, stats);
    }
    stats.calls += 1;
    if (end?.failed) stats.errors += 1;
    const latencyMs = begins ? latencyOf(links, index) : step.durationMs;
    if (latencyMs === null) return;
    stats.timed += 1;
    stats.total_ms += latencyMs;
    stats.max_ms = Math.max(stats.max_ms, latencyMs);
  });
  return Object.fromEntries([...tools].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Tools with what all events of the trace tell together: the summary counts results that name their tool, the tree also knows which
 * call an unnamed one answers. Durations and errors are those of whichever knows more of them.
 */
export function toolsOf(
  tools: Record<string, ToolStats>,
  tree: Pick<TraceTree<TreeEvent>, 'links'>,
): Record<string, ToolStats & { max_ms: number | null }> {
  const paired = toolCalls(tree);
  const names = [...new Set([...Object.keys(tools), ...Object.keys(paired)])].sort();
  return Object.fromEntries(
    names.map((name) => {
      const [told, found] = [tools[name], paired[name]];
      if (!told || !found) return [name, { ...(told ?? found!), max_ms: found?.max_ms ?? null }];
      const timing = found.timed >= told.timed ? found : told;
      return [
        name,
        {
          calls: Math.max(told.calls, found.calls),
          errors: Math.max(told.errors, found.errors),
          timed: timing.timed,
          total_ms: timing.total_ms,
          max_ms: found.timed > 0 ? found.max_ms : null,
        },
      ];
    }),
  );
}
