import type {
  AgentTrace,
  GroupState,
  GroupSummary,
  Mark,
  ModelStats,
  SessionMark,
  ToolStats,
} from '../events.js';
import { earliest, LIMITS, latest } from './group-summary.js';
import { plus, type Tally, tallied, toRecord } from './tally.js';
import { traceStatus } from './trace-status.js';

/** Groups named by a trace; a trace of more still counts all their events. */
export const MAX_GROUP_IDS = 1_000;

export interface FoldOptions {
  traceId: string;
  /** Whether the trace has been quiet for `auto_close_after_minutes`. */
  closed: boolean;
  stateLost: boolean;
  revision: number;
  generation: number;
}

/**
 * The trace that its groups make; a function of the set of states. A group that has left (`merged_into`) counts no more; a trace
 * that all groups have left has no events and says where the group went whose own name it has, else the least of them by group_id:
 * a run that was adopted knows where its own home went, not where all of its session did.
 * @param states at least one.
 */
export function foldTrace(states: Iterable<GroupState>, options: FoldOptions): AgentTrace {
  const all = [...states].sort((a, b) => (a.group_id < b.group_id ? -1 : 1));
  const present = all.filter((state) => state.merged_into === null);
  const left = present.length === 0;
  const total = new Fold();
  for (const state of left ? all : present) total.add(state);
  const { moments, start, end } = total;
  const sole = present.find((state) => state.continues !== null);
  return {
    trace_id: options.traceId,
    session_id: total.session?.session_id ?? null,
    agent_id: total.agents[0]?.[0] ?? null,
    status: left
      ? 'completed'
      : traceStatus(
          moments,
          present.some((state) => state.truncated),
          options.closed,
        ),
    merged_into: left ? whereTo(all, options.traceId) : null,
    group_ids: present.slice(0, MAX_GROUP_IDS).map((state) => state.group_id),
    continues: sole?.continues ?? null,
    duration_ms: end - start,
    revision: options.revision,
    generation: options.generation,
    agents: total.agents.map(([agent]) => agent),
    frameworks: total.frameworks.map(([framework]) => framework),
    total_events: total.events,
    error_count: total.errors,
    event_counts: toRecord(total.types, (type) => type.n),
    tools: toRecord(total.tools, (tool) => ({ ...tool, total_ms: tool.total_ms / 1_000 })),
    models: toRecord(total.models, (model) => ({ ...model, total_ms: model.total_ms / 1_000 })),
    start_ms: start,
    end_ms: end,
    created_ms: total.created,
    updated_ms: total.updated,
    state_lost: options.stateLost || present.some((state) => state.state_lost),
  };
}

function whereTo(states: readonly GroupState[], traceId: string): string | null {
  const owner = states.find((state) => state.group_id === traceId) ?? states[0];
  return owner?.merged_into ?? null;
}

/** Running totals; `total_ms` of tools and models in whole microseconds meanwhile, so that sums have no order. */
class Fold {
  session: SessionMark | null = null;
  agents: Tally<null> = [];
  frameworks: Tally<null> = [];
  events = 0;
  errors = 0;
  types: Tally<{ n: number }> = [];
  tools: Tally<ToolStats> = [];
  models: Tally<ModelStats> = [];
  start = Number.MAX_SAFE_INTEGER;
  end = Number.MIN_SAFE_INTEGER;
  created = Number.MAX_SAFE_INTEGER;
  updated = Number.MIN_SAFE_INTEGER;
  moments: Record<'last_finish' | 'last_failure' | 'last_platform_end' | 'last_step', Mark | null> = {
    last_finish: null,
    last_failure: null,
    last_platform_end: null,
    last_step: null,
  };

  add(state: GroupSummary): void {
    this.session = earliest(this.session, state.session);
    for (const agent of state.agents) tallied(this.agents, agent, LIMITS.agents, () => null);
    for (const name of state.frameworks) tallied(this.frameworks, name, LIMITS.frameworks, () => null);
    this.events = plus(this.events, state.total_events);
    this.errors = plus(this.errors, state.error_count);
    for (const [type, n] of Object.entries(state.event_counts)) {
      const counts = tallied(this.types, type, LIMITS.types, () => ({ n: 0 }));
      if (counts) counts.n = plus(counts.n, n);
    }
    addStats(this.tools, state.tools, LIMITS.tools);
    addStats(this.models, state.models, LIMITS.models);
    this.start = Math.min(this.start, state.start_ms);
    this.end = Math.max(this.end, state.end_ms);
    this.created = Math.min(this.created, state.created_ms);
    this.updated = Math.max(this.updated, state.updated_ms);
    for (const name of Object.keys(this.moments) as (keyof Fold['moments'])[]) {
      this.moments[name] = latest(this.moments[name], state[name]);
    }
  }
}

function addStats<S extends ToolStats>(into: Tally<S>, from: Record<string, S>, limit: number): void {
  for (const [name, stats] of Object.entries(from)) {
    const inMicroseconds = { ...stats, total_ms: Math.round(stats.total_ms * 1_000) };
    const sums = tallied(into, name, limit, () => zero(stats)) as Record<string, number> | undefined;
    if (!sums) continue;
    for (const [field, value] of Object.entries(inMicroseconds)) sums[field] = plus(sums[field]!, value);
  }
}

const zero = <S extends ToolStats>(like: S): S =>
  Object.fromEntries(Object.keys(like).map((field) => [field, 0])) as unknown as S;
