import type { AgentEvent, AgentTrace, GroupState } from '../events.js';
import { contributionOf } from './contribution.js';
import { foldTrace } from './fold-trace.js';
import { addContribution, type SummaryState, toGroupSummary } from './group-summary.js';

/**
 * A trace counted from the rows of its events, for an {@link AgentTrace} that says `state_lost`: its own counts cover less than
 * what is stored. Status follows the same rule; quiet is taken from the trace, since rows do not tell it.
 * @param rows every stored event of the trace; only these fields are read.
 */
export function recountTrace(rows: Iterable<AgentEvent>, trace: AgentTrace): AgentTrace {
  const groups = new Map<string, { row: AgentEvent; summary: SummaryState | null }>();
  for (const row of rows) {
    const group = groups.get(row.group_id) ?? { row, summary: null };
    group.summary = addContribution(group.summary, contributionOf(row));
    groups.set(row.group_id, group);
  }
  if (groups.size === 0) return trace;
  const states = [...groups.values()].map(
    ({ row, summary }): GroupState => ({
      ...toGroupSummary(summary!, { truncated: trace.status === 'truncated', continues: trace.continues }),
      group_id: row.group_id,
      group_key: row.group_key,
      trace_id: trace.trace_id,
      merged_into: null,
      revision: 0,
      generation: 0,
      state_lost: false,
    }),
  );
  return {
    ...foldTrace(states, {
      traceId: trace.trace_id,
      closed: trace.status === 'completed',
      stateLost: false,
      revision: trace.revision,
      generation: trace.generation,
    }),
    merged_into: trace.merged_into,
  };
}
