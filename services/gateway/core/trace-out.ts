import { estimateCost } from '../../../lib/model/cost/estimate-cost.js';
import type { PriceTable } from '../../../lib/model/cost/price-table.js';
import type { ModelStats } from '../../../lib/model/events.js';
import type { TraceTree, TreeEvent } from '../../../lib/model/trace-tree.js';

interface Costed {
  models: Record<string, ModelStats>;
  start_time: string;
}

/** A trace with what it cost, by the table as it is now. */
export const withCost = <T extends Costed>(trace: T, prices: PriceTable) => ({
  ...trace,
  cost: estimateCost(trace.models, prices, Date.parse(trace.start_time)),
});

/** Where an event stands in its trace's tree. */
export const placesOf = (tree: TraceTree<TreeEvent>) =>
  tree.nodes.map((node) => ({
    parent_id: node.parent?.event.event_id ?? null,
    relation: node.relation,
    latency_ms: node.latencyMs,
  }));
