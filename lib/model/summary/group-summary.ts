import type { GroupSummary, Mark, ModelStats, SessionMark, ToolStats } from '../events.js';
import type { CallPhase, Contribution } from './contribution.js';
import { count, plus, type Tally, tallied, toRecord } from './tally.js';

/** Greatest number of names kept by a summary; the least names are. */
export const LIMITS = { types: 100, agents: 32, frameworks: 32, tools: 200, models: 50 } as const;

/** Calls, and sums over those with a known duration, of one phase. */
interface PhaseCounts {
  n: number;
  timed: number;
  us: number;
}

type ByPhase = Partial<Record<CallPhase, PhaseCounts>>;

interface ToolCounts {
  phases: ByPhase;
  failed: number;
}

interface ModelCounts extends ToolCounts {
  /** Prompt, completion, total; of the phase that reported them. */
  tokens: Partial<Record<CallPhase, [number, number, number]>>;
}

/**
 * A summary while it grows. A function of the set of contributions: counts are sums of integers, moments are least
 * or greatest by (time, event_id), names are kept by {@link Tally}. Plain JSON, at most some 56 KiB of it.
 */
export interface SummaryState {
  n: number;
  errors: number;
  types: Tally<{ n: number }>;
  agents: Tally<{ n: number }>;
  frameworks: Tally<{ n: number }>;
  tools: Tally<ToolCounts>;
  models: Tally<ModelCounts>;
  session: SessionMark | null;
  start: number;
  end: number;
  finish: Mark | null;
  failure: Mark | null;
  platform_end: Mark | null;
  step: Mark | null;
  created: number;
  updated: number;
}

/** Adds one event's contribution, in place. `into` null: the first. */
export function addContribution(into: SummaryState | null, c: Contribution): SummaryState {
  const summary = into ?? emptySummary(c);
  summary.n += 1;
  if (c.error) summary.errors += 1;
  count(summary.types, c.type, LIMITS.types);
  if (c.agent !== undefined) count(summary.agents, c.agent, LIMITS.agents);
  if (c.framework !== undefined) count(summary.frameworks, c.framework, LIMITS.frameworks);
  summary.start = Math.min(summary.start, c.ms);
  summary.end = Math.max(summary.end, c.end ?? c.ms);
  summary.created = Math.min(summary.created, c.created);
  summary.updated = Math.max(summary.updated, c.updated);
  const mark: Mark = { ms: c.ms, event_id: c.id };
  if (c.mark) summary[c.mark] = latest(summary[c.mark], mark);
  if (c.session !== undefined)
    summary.session = earliest(summary.session, { session_id: c.session, ...mark });
  if (c.tool) addTool(summary.tools, c.tool);
  if (c.model) addModel(summary.models, c.model);
  return summary;
}

/** A summary of its own of `base` and the further contributions; null where there is neither. */
export function summarise(
  base: SummaryState | null,
  further: Iterable<Contribution> = [],
): SummaryState | null {
  let summary = base === null ? null : structuredClone(base);
  for (const contribution of further) summary = addContribution(summary, contribution);
  return summary;
}

/** A summary as it travels. */
export function toGroupSummary(
  summary: SummaryState,
  part: Pick<GroupSummary, 'truncated' | 'continues'>,
): GroupSummary {
  return {
    session: summary.session,
    agents: summary.agents.map(([agent]) => agent),
    frameworks: summary.frameworks.map(([framework]) => framework),
    total_events: summary.n,
    error_count: summary.errors,
    event_counts: toRecord(summary.types, (type) => type.n),
    tools: toRecord(summary.tools, toolStats),
    models: toRecord(summary.models, modelStats),
    start_ms: summary.start,
    end_ms: summary.end,
    last_finish: summary.finish,
    last_failure: summary.failure,
    last_platform_end: summary.platform_end,
    last_step: summary.step,
    truncated: part.truncated,
    continues: part.continues,
    created_ms: summary.created,
    updated_ms: summary.updated,
  };
}

/** The summary of no events, dated `ms` and `appendedMs`: for a group that has left a trace. */
export function noSummary(ms: number, appendedMs: number): GroupSummary {
  return {
    session: null,
    agents: [],
    frameworks: [],
    total_events: 0,
    error_count: 0,
    event_counts: {},
    tools: {},
    models: {},
    start_ms: ms,
    end_ms: ms,
    last_finish: null,
    last_failure: null,
    last_platform_end: null,
    last_step: null,
    truncated: false,
    continues: null,
    created_ms: appendedMs,
    updated_ms: appendedMs,
  };
}

/** Order of moments: by time, then by event id. */
export const isBefore = (a: Mark, b: Mark): boolean =>
  a.ms !== b.ms ? a.ms < b.ms : a.event_id < b.event_id;

export function latest<M extends Mark>(a: M | null, b: M | null): M | null {
  if (a === null || b === null) return a ?? b;
  return isBefore(a, b) ? b : a;
}

export function earliest<M extends Mark>(a: M | null, b: M | null): M | null {
  if (a === null || b === null) return a ?? b;
  return isBefore(b, a) ? b : a;
}

function emptySummary(first: Contribution): SummaryState {
  return {
    n: 0,
    errors: 0,
    types: [],
    agents: [],
    frameworks: [],
    tools: [],
    models: [],
    session: null,
    start: first.ms,
    end: first.end ?? first.ms,
    finish: null,
    failure: null,
    platform_end: null,
    step: null,
    created: first.created,
    updated: first.updated,
  };
}

function addPhase(phases: ByPhase, phase: CallPhase, us: number | undefined): void {
  phases[phase] ??= { n: 0, timed: 0, us: 0 };
  const counts = phases[phase];
  counts.n += 1;
  if (us === undefined) return;
  counts.timed += 1;
  counts.us = plus(counts.us, us);
}

function addTool(tools: Tally<ToolCounts>, tool: NonNullable<Contribution['tool']>): void {
  const create = (): ToolCounts => ({ phases: {}, failed: 0 });
  const counts = tallied(tools, tool.name, LIMITS.tools, create);
  if (!counts) return;
  addPhase(counts.phases, tool.phase, tool.us);
  if (tool.failed) counts.failed += 1;
}

function addModel(models: Tally<ModelCounts>, model: NonNullable<Contribution['model']>): void {
  const create = (): ModelCounts => ({ phases: {}, failed: 0, tokens: {} });
  const counts = tallied(models, model.name, LIMITS.models, create);
  if (!counts) return;
  addPhase(counts.phases, model.phase, model.us);
  if (model.failed) counts.failed += 1;
  if (!model.tokens) return;
  counts.tokens[model.phase] ??= [0, 0, 0];
  const sums = counts.tokens[model.phase]!;
  for (const i of [0, 1, 2] as const) sums[i] = plus(sums[i], model.tokens[i]);
}

/** Durations of the phase that names the end where it has any, since the start of the same call may repeat them. */
function toolStats({ phases, failed }: ToolCounts): ToolStats {
  const measured = [phases.ended, phases.started, phases.announced].find((phase) => phase && phase.timed > 0);
  return {
    calls: Math.max(phases.ended?.n ?? 0, phases.started?.n ?? 0, phases.announced?.n ?? 0),
    errors: failed,
    timed: measured?.timed ?? 0,
    total_ms: (measured?.us ?? 0) / 1_000,
  };
}

function modelStats(counts: ModelCounts): ModelStats {
  const tokens = counts.tokens.ended ?? counts.tokens.started ?? counts.tokens.announced ?? [0, 0, 0];
  return {
    ...toolStats(counts),
    prompt_tokens: tokens[0],
    completion_tokens: tokens[1],
    total_tokens: tokens[2],
  };
}
