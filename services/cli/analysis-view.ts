import { estimateCost } from '../../lib/model/cost/estimate-cost.js';
import type { PriceTable } from '../../lib/model/cost/price-table.js';
import type { AgentEvent, AgentTrace } from '../../lib/model/events.js';
import { toolsOf, traceTree } from '../../lib/model/trace-tree.js';
import type { Analysis, EventIndex } from './analysis.js';
import { INPUT_KEY } from './line-input.js';
import { FALLBACK } from './parsed-line.js';
import { renderTrace } from './trace-view.js';

export interface ViewLimits {
  /** Traces shown, and events of each. */
  traces: number;
  events: number;
}

export interface AnalysisSummary {
  lines: number;
  /** Lines that are understood, by themselves or as part of an event. */
  understood: number;
  refused: number;
  events: number;
  traces: number;
  /** Events by what decided their trace. */
  strategies: Record<AgentEvent['why']['strategy'], number>;
}

const STRATEGY_NAMES = { 1: 'trace id', 2: 'session', 3: 'stream or agent', 4: 'alone' } as const;
const INPUT_AGENT = `stream:key/${INPUT_KEY.toString()}`;

/** Figures of an analysis that has ended. */
export function summarise(analysis: Analysis): AnalysisSummary {
  const summary: AnalysisSummary = {
    lines: analysis.lineCount,
    understood: 0,
    refused: 0,
    events: analysis.events.size,
    traces: analysis.traces.length,
    strategies: { 1: 0, 2: 0, 3: 0, 4: 0 },
  };
  for (const { event, refused } of analysis.lines()) {
    if (event !== null && event.event_type !== FALLBACK) summary.understood++;
    if (refused !== null) summary.refused++;
  }
  for (const { strategy } of analysis.events.values()) summary.strategies[strategy]++;
  return summary;
}

/** The summary for a terminal. */
export function renderSummary({
  lines,
  understood,
  refused,
  events,
  traces,
  strategies,
}: AnalysisSummary): string {
  const found = Object.entries(STRATEGY_NAMES)
    .map(([strategy, name]) => ({ name, count: strategies[Number(strategy) as 1 | 2 | 3 | 4] }))
    .filter(({ count }) => count > 0)
    .map(({ name, count }) => `${name} ${count}`);
  return [
    `${counted(lines, 'line')} · ${counted(events, 'event')} · ${counted(traces, 'trace')}`,
    `understood  ${share(understood, lines)} of the lines (${lines - understood - refused} kept as they are, ${refused} refused)`,
    ...(found.length > 0 ? [`traced by   ${found.join(', ')}`] : []),
  ].join('\n');
}

/** Traces as trees, earliest first, with what they cost by `prices`. */
export function* renderTraces(analysis: Analysis, limits: ViewLimits, prices: PriceTable): Iterable<string> {
  const first = new Map<string, number>();
  for (const { trace_id, order } of analysis.events.values())
    first.set(trace_id, Math.min(order, first.get(trace_id) ?? order));
  const traces = analysis.traces.sort(
    (a, b) => a.start_ms - b.start_ms || first.get(a.trace_id)! - first.get(b.trace_id)!,
  );
  const shown = traces.slice(0, limits.traces);
  const events = new Map<string, EventIndex[]>(shown.map(({ trace_id }) => [trace_id, []]));
  for (const event of analysis.events.values()) events.get(event.trace_id)?.push(event);
  for (const trace of shown)
    yield renderOne(analysis, trace, events.get(trace.trace_id)!, limits.events, prices);
  const more = traces.length - shown.length;
  if (more > 0) yield `… and ${counted(more, 'more trace')}: --traces 0 shows all`;
}

function renderOne(
  analysis: Analysis,
  trace: AgentTrace,
  events: EventIndex[],
  limit: number,
  prices: PriceTable,
): string {
  events.sort((a, b) => a.timestamp_ms - b.timestamp_ms || a.order - b.order);
  const shown = events.slice(0, limit).map((index) => {
    const { timestamp_ms, properties, ...event } = analysis.eventOf(index);
    const timestamp = new Date(timestamp_ms).toISOString();
    return { ...event, timestamp, properties: JSON.parse(properties) };
  });
  const truncated = events.length > limit;
  return renderTrace({
    ...trace,
    // one input without a source: its name says nothing
    agent_id: trace.agent_id === INPUT_AGENT ? null : trace.agent_id,
    start_time: new Date(trace.start_ms).toISOString(),
    tools: truncated ? trace.tools : toolsOf(trace.tools, traceTree(shown)),
    cost: estimateCost(trace.models, prices, trace.start_ms),
    events: shown,
    events_truncated: truncated,
  });
}

const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;

const share = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
