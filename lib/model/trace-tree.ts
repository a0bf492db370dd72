/** The least that a tree needs of an event. `timestamp` is ISO 8601. */
export interface TreeEvent {
  event_id: string;
  timestamp: string;
  event_type: string;
  properties: Record<string, unknown>;
}

/** An event, and those that happened while it was open. */
export interface TreeNode<E extends TreeEvent> {
  event: E;
  children: TreeNode<E>[];
}

/** What opens a span, and what closes it. */
const CLOSES: Record<string, readonly string[]> = {
  chain_start: ['chain_end'],
  agent_start: ['agent_finish'],
  tool_call: ['tool_result', 'tool_error'],
  agent_action: ['tool_result', 'tool_error'],
  llm_start: ['llm_end', 'llm_error'],
  'platform:START': ['platform:END', 'platform:REPORT'],
};

const kindOf = ({ event_type, properties }: TreeEvent): string =>
  event_type === 'platform' ? `platform:${String(properties.platform_event ?? '')}` : event_type;

/**
 * Nests a trace's events, given in order: what happens between a start and its end lies below the start, and so does the end
 * itself. An action that is still open when the next one comes had no result: they are siblings. Every event appears
 * exactly once, and the order of a depth-first walk is the order given.
 */
export function buildTree<E extends TreeEvent>(events: E[]): TreeNode<E>[] {
  const roots: TreeNode<E>[] = [];
  const open: { node: TreeNode<E>; kind: string }[] = [];
  for (const event of events) {
    const kind = kindOf(event);
    const opener = lastIndex(open, (span) => CLOSES[span.kind]!.includes(kind));
    const waiting = open.length > 0 && !isContainer(open.at(-1)!.kind);
    if (opener >= 0) open.length = opener + 1;
    else if (waiting) open.pop();
    const node: TreeNode<E> = { event, children: [] };
    (open.at(-1)?.node.children ?? roots).push(node);
    if (opener >= 0) open.pop();
    else if (CLOSES[kind]) open.push({ node, kind });
  }
  return roots;
}

/** A call waits for one answer; the others hold whatever happens inside them. */
const isContainer = (kind: string): boolean =>
  kind === 'chain_start' || kind === 'agent_start' || kind === 'platform:START';

function lastIndex<T>(items: T[], matches: (item: T) => boolean): number {
  for (let i = items.length - 1; i >= 0; i--) if (matches(items[i]!)) return i;
  return -1;
}
