import { stripVTControlCharacters } from 'node:util';
import { costText } from '../../lib/model/cost/cost-text.js';
import type { CostEstimate } from '../../lib/model/cost/estimate-cost.js';
import { aboutEvent } from '../../lib/model/describe-event.js';
import type { ToolStats } from '../../lib/model/events.js';
import { buildTree, type TreeEvent } from '../../lib/model/trace-tree.js';
import type { EventRow, TraceRow } from '../../lib/stores/surreal/rows.js';

const TEXT_WIDTH = 90;
/** Tools and models named in the head; the API has all of them. */
const MAX_NAMED = 8;

/** With its place in the tree, as the API gives it, or without. */
type ViewedEvent = TreeEvent &
  Pick<EventRow, 'properties'> & { parent_id?: string | null; latency_ms?: number | null };

interface Branch {
  event: ViewedEvent;
  latencyMs: number | null;
  children: Branch[];
}

/** What the picture of a trace needs of it. */
export interface ViewedTrace
  extends Pick<
    TraceRow,
    | 'trace_id'
    | 'status'
    | 'total_events'
    | 'error_count'
    | 'duration_ms'
    | 'models'
    | 'session_id'
    | 'agent_id'
    | 'start_time'
  > {
  tools: Record<string, ToolStats>;
  /** As the gateway estimates it, or {@link estimateCost}. */
  cost: CostEstimate;
  events: ViewedEvent[];
  events_truncated: boolean;
}

/** A trace as a tree for a terminal: a head line, then one line an event with its time since the start. */
export function renderTrace(trace: ViewedTrace): string {
  const tokens = Object.values(trace.models).reduce((sum, model) => sum + model.total_tokens, 0);
  const head = [
    `trace ${trace.trace_id}`,
    trace.status,
    `${trace.total_events} events`,
    `${(trace.duration_ms / 1000).toFixed(2)} s`,
    ...(trace.error_count > 0 ? [`${trace.error_count} errors`] : []),
    ...(tokens > 0 ? [`${tokens} tokens`] : []),
    ...(trace.cost.usd === null ? [] : [costText(trace.cost.usd, !trace.cost.complete)]),
  ];
  const who = [
    ...(trace.session_id ? [`session ${trace.session_id}`] : []),
    ...(trace.agent_id ? [`agent ${trace.agent_id}`] : []),
  ];
  const startMs = Date.parse(trace.start_time);
  const lines = [
    head.join(' · '),
    ...[who, namedLine('tools', toolTexts(trace)), namedLine('models', modelTexts(trace))]
      .filter((parts) => parts.length > 0)
      .map((parts) => `  ${parts.join(' · ')}`),
  ];
  draw(branchesOf(trace.events), '  ', startMs, lines);
  if (trace.events_truncated) lines.push(`  … only the first ${trace.events.length} events are shown`);
  return lines.join('\n');
}

const namedLine = (what: string, texts: string[]): string[] => {
  if (texts.length === 0) return [];
  const more = texts.length > MAX_NAMED ? [`${texts.length - MAX_NAMED} more`] : [];
  const [first, ...rest] = [...texts.slice(0, MAX_NAMED), ...more];
  return [`${what} ${first}`, ...rest];
};

const toolTexts = ({ tools }: ViewedTrace): string[] =>
  Object.entries(tools).map(([name, { calls, errors, timed, total_ms }]) => {
    const failed = errors > 0 ? `, ${errors} failed` : '';
    const each = timed > 0 ? `, ${durationText(total_ms / timed)}${timed > 1 ? ' each' : ''}` : '';
    return `${oneLine(name)} ${calls}×${failed}${each}`;
  });

const modelTexts = ({ models, cost }: ViewedTrace): string[] =>
  Object.entries(models).map(([name, { calls, total_tokens }]) => {
    const known = cost.models[name];
    const price =
      known === undefined || known.why === 'no_tokens'
        ? ''
        : `, ${known.usd === null ? 'no price' : costText(known.usd, known.at_least)}`;
    return `${oneLine(name)} ${calls}×${total_tokens > 0 ? `, ${total_tokens} tokens` : ''}${price}`;
  });

const durationText = (ms: number): string =>
  ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;

/** The gateway knows where each line stood in the log, so its tree counts where it gave one. */
function branchesOf(events: ViewedEvent[]): Branch[] {
  if (events.some((event) => event.parent_id === undefined)) return buildTree(events);
  const branches = new Map(
    events.map((event): [string, Branch] => [
      event.event_id,
      { event, latencyMs: event.latency_ms ?? null, children: [] },
    ]),
  );
  const roots: Branch[] = [];
  for (const branch of branches.values()) {
    (branches.get(branch.event.parent_id ?? '')?.children ?? roots).push(branch);
  }
  return roots;
}

function draw(nodes: Branch[], indent: string, startMs: number, lines: string[]): void {
  nodes.forEach(({ event, latencyMs, children }, index) => {
    const last = index === nodes.length - 1;
    const since = `${((Date.parse(event.timestamp) - startMs) / 1000).toFixed(3)} s`.padStart(9);
    const took =
      latencyMs === null || typeof event.properties.duration_ms === 'number'
        ? ''
        : ` (${durationText(latencyMs)})`;
    lines.push(
      `${since} ${indent}${last ? '└─' : '├─'} ${event.event_type}  ${describeEvent(event)}`.trimEnd() + took,
    );
    draw(children, `${indent}${last ? '   ' : '│  '}`, startMs, lines);
  });
}

/** What an event says, in one line. */
export function describeEvent(event: Pick<EventRow, 'event_type' | 'properties'>): string {
  const { duration_ms } = event.properties;
  const duration = typeof duration_ms === 'number' ? ` (${duration_ms} ms)` : '';
  return oneLine(aboutEvent(event).join(' ← ')) + duration;
}

/** Text on one line, cut; colours and control characters of a log are not for this terminal. */
export function oneLine(text: string, width = TEXT_WIDTH): string {
  const clean = stripVTControlCharacters(text)
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
  return clean.length > width ? `${clean.slice(0, width - 1)}…` : clean;
}
