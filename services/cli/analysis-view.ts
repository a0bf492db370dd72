import { estimateCost } from '../../lib/model/cost/estimate-cost.js';
import type { PriceTable } from '../../lib/model/cost/price-table.js';
import type { AgentTrace } from '../../lib/model/events.js';
import { toolsOf, traceTree } from '../../lib/model/trace-tree.js';
import type { Analysis, EventIndex } from './analysis.js';
import { counted } from './analysis-summary.js';
import { INPUT_KEY } from './line-input.js';
import { renderTrace } from './trace-view.js';

export interface ViewLimits {
  /** Traces shown, and events of each. */
  traces: number;
  events: number;
}

const INPUT_AGENT = `stream:key/${INPUT_KEY.toString()}`;

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
