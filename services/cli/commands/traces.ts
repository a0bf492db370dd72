import Table from 'cli-table3';
import type { Command } from 'commander';
import { costText } from '../../../lib/model/cost/cost-text.js';
import type { CostEstimate } from '../../../lib/model/cost/estimate-cost.js';
import type { TraceRow } from '../../../lib/stores/surreal/rows.js';
import { TraceQuery } from '../../gateway/schemas.js';
import { ApiClient } from '../api-client.js';
import { addApiOptions, readApiOptions } from '../api-options.js';
import { listRows } from '../pages.js';
import { oneLine } from '../trace-view.js';

export type ListedTrace = Pick<
  TraceRow,
  | 'trace_id'
  | 'status'
  | 'session_id'
  | 'agent_id'
  | 'start_time'
  | 'duration_ms'
  | 'total_events'
  | 'error_count'
  | 'models'
> & { cost: Pick<CostEstimate, 'usd' | 'complete'> };

/** Traces as a table, one a line. */
export function renderTraces(traces: readonly ListedTrace[]): string {
  if (traces.length === 0) return 'no trace fits';
  const table = new Table({
    head: ['started', 'status', 'events', 'errors', 'took', 'tokens', 'cost', 'of', 'trace'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'left', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const trace of traces) {
    const tokens = Object.values(trace.models).reduce((sum, { total_tokens }) => sum + total_tokens, 0);
    const { usd, complete } = trace.cost;
    table.push([
      trace.start_time,
      trace.status,
      trace.total_events,
      trace.error_count,
      `${(trace.duration_ms / 1_000).toFixed(2)} s`,
      tokens === 0 ? '' : tokens,
      usd === null ? '' : costText(usd, !complete),
      oneLine(trace.session_id ?? trace.agent_id ?? '', 30),
      trace.trace_id,
    ]);
  }
  return table.toString();
}

export function register(program: Command): void {
  const command = program
    .command('traces')
    .description('traces that fit, newest first; filters as the API has them');
  addApiOptions(command, TraceQuery);
  command.option('--json', 'as the API gives it').action(async (options: Record<string, unknown>) => {
    const parameters = readApiOptions(options, TraceQuery, Date.now());
    const { rows, next_cursor } = await listRows<ListedTrace>(
      await ApiClient.connect(),
      '/api/v1/traces',
      'traces',
      parameters,
    );
    if (options.json) console.log(JSON.stringify({ traces: rows, next_cursor }, null, 2));
    else {
      console.log(renderTraces(rows));
      if (next_cursor) console.log(`there are more: --limit ${rows.length * 2}, or --cursor ${next_cursor}`);
    }
  });
}
