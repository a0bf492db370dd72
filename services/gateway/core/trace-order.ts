import { estimateCost } from '../../../lib/model/cost/estimate-cost.js';
import type { PriceTable } from '../../../lib/model/cost/price-table.js';
import type { TraceOrder, TraceRow } from '../../../lib/stores/surreal/index.js';
import { Problem } from '../problem.js';

export type TraceSort = 'time' | 'duration' | 'events' | 'errors' | 'tokens' | 'cost';

/** The order of a list of traces; undefined: by time, newest first. @throws Problem where there is no such order. */
export function traceOrder(
  sort: TraceSort = 'time',
  order: 'asc' | 'desc' = 'desc',
  prices: PriceTable,
): TraceOrder | undefined {
  if (sort !== 'time') return { name: sort, keyOf: keyOf(sort, prices), order };
  if (order === 'desc') return undefined;
  const message = 'asc goes with another sort than time';
  throw new Problem('invalid-request', `order ${message}`, { errors: [{ field: 'order', message }] });
}

function keyOf(sort: Exclude<TraceSort, 'time'>, prices: PriceTable): (trace: TraceRow) => number {
  switch (sort) {
    case 'duration':
      return (trace) => trace.duration_ms;
    case 'events':
      return (trace) => trace.total_events;
    case 'errors':
      return (trace) => trace.error_count;
    case 'tokens':
      return ({ models }) => Object.values(models).reduce((sum, { total_tokens }) => sum + total_tokens, 0);
    case 'cost':
      return ({ models, start_time }) => estimateCost(models, prices, Date.parse(start_time)).usd ?? 0;
  }
}
