import type { GroupSummary, Mark, ModelStats, SessionMark, ToolStats } from '../events.js';
import { type CallPhase, type Contribution, momentOf, UNKNOWN_MODEL } from './contribution.js';
import { count, plus, type Tally, tallied, toRecord } from './tally.js';
import type { Tokens } from './tokens.js';

/** Greatest number of names kept by a summary; the least names are. */
export const LIMITS = { types: 100, agents: 32, frameworks: 32, tools: 200, models: 50 } as const;

/** Calls, and sums over those with a known duration, of one phase. */
interface PhaseCounts {
  n: number;
  timed: number;
  us: number;
  /** Sum of the times of those without a duration, milliseconds modulo {@link CLOCK_MS}. */
  at?: number;
}

/**
 * Times are added modulo this, so that sums stay exact whatever the number of events and their years. The difference of two sums
 * is right as long as it is below half of it, some 17,000 years.
 */
const CLOCK_MS = 2 ** 50;

type ByPhase = Partial<Record<CallPhase, PhaseCounts>>;

interface ToolCounts {
  phases: ByPhase;
  failed: number;
}

interface ModelCounts extends ToolCounts {
  /** Of the phase that reported them. */
  tokens: Partial<Record<CallPhase, Tokens>>;
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
  if (c.mark) summary[c.mark] = latest(summary[c.mark], { ...mark, ms: momentOf(c) });
  if (c.session !== undefined)
    summary.session = earliest(summary.session, { session_id: c.session, ...mark });
  if (c.tool) addTool(summary.tools, c.tool, c.ms);
  if (c.model) addModel(summary.models, c.model, c.ms);
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
    models: modelsOf(summary.models),
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

function addPhase(phases: ByPhase, phase: CallPhase, us: number | undefined, ms: number): void {
  phases[phase] ??= { n: 0, timed: 0, us: 0 };
  const counts = phases[phase];
  const untimed = counts.n - counts.timed;
  counts.n += 1;
  if (us === undefined) {
    // a state of before such sums were kept has none, and gets none
    if (untimed === 0 || counts.at !== undefined) counts.at = onClock((counts.at ?? 0) + onClock(ms));
    return;
  }
  counts.timed += 1;
  counts.us = plus(counts.us, us);
}

const onClock = (ms: number): number => ((ms % CLOCK_MS) + CLOCK_MS) % CLOCK_MS;

function addTool(tools: Tally<ToolCounts>, tool: NonNullable<Contribution['tool']>, ms: number): void {
  const create = (): ToolCounts => ({ phases: {}, failed: 0 });
  const counts = tallied(tools, tool.name, LIMITS.tools, create);
  if (!counts) return;
  addPhase(counts.phases, tool.phase, tool.us, ms);
  if (tool.failed) counts.failed += 1;
}

function addModel(models: Tally<ModelCounts>, model: NonNullable<Contribution['model']>, ms: number): void {
  const create = (): ModelCounts => ({ phases: {}, failed: 0, tokens: {} });
  const counts = tallied(models, model.name, LIMITS.models, create);
  if (!counts) return;
  addPhase(counts.phases, model.phase, model.us, ms);
  if (model.failed) counts.failed += 1;
  if (!model.tokens) return;
  counts.tokens[model.phase] ??= [0, 0, 0, 0, 0];
  const sums = counts.tokens[model.phase]!;
  model.tokens.forEach((tokens, i) => {
    sums[i] = plus(sums[i] ?? 0, tokens);
  });
}

/** Durations of the phase that names the end where it has any, since the start of the same call may repeat them. */
function toolStats({ phases, failed }: ToolCounts): ToolStats {
  const { ended, started, announced } = phases;
  const measured = [ended, started, announced].find((phase) => phase && phase.timed > 0);
  const [timed, totalMs] = measured
    ? [measured.timed, measured.us / 1_000]
    : betweenPhases(started ?? announced, ended);
  return {
    calls: Math.max(ended?.n ?? 0, started?.n ?? 0, announced?.n ?? 0),
    errors: failed,
    timed,
    total_ms: totalMs,
  };
}

/**
 * Calls that tell no duration but when they began and when they ended: where there are as many ends as beginnings, the sum of the ends
 * less that of the beginnings is the sum of their durations, whichever end belongs to which beginning. No time between them at all
 * means that the log has no times.
 */
function betweenPhases(begun?: PhaseCounts, ended?: PhaseCounts): [timed: number, totalMs: number] {
  if (begun?.at === undefined || ended?.at === undefined || begun.n !== ended.n) return [0, 0];
  const totalMs = onClock(ended.at - begun.at);
  return totalMs > 0 && totalMs < CLOCK_MS / 2 ? [ended.n, totalMs] : [0, 0];
}

function modelStats(counts: ModelCounts): ModelStats {
  const tokens = counts.tokens.ended ?? counts.tokens.started ?? counts.tokens.announced ?? [0, 0, 0, 0, 0];
  return {
    ...toolStats(counts),
    prompt_tokens: tokens[0],
    completion_tokens: tokens[1],
    total_tokens: tokens[2],
    cached_tokens: tokens[3] ?? 0,
    cache_write_tokens: tokens[4] ?? 0,
  };
}

/**
 * Models by name. Tokens told without a model are left out where they repeat what the models told: where their sum is the
 * models' own, or where they come from no model call (a summary at the end of a run) and the models did tell theirs.
 */
function modelsOf(tally: Tally<ModelCounts>): Record<string, ModelStats> {
  const models = toRecord(tally, modelStats);
  const { [UNKNOWN_MODEL]: unknown, ...named } = models;
  if (!unknown) return models;
  const told = Object.values(named).reduce((sum, model) => plus(sum, model.total_tokens), 0);
  const { phases } = tally.find(([name]) => name === UNKNOWN_MODEL)![1];
  const ofCalls = phases.started !== undefined || phases.ended !== undefined;
  const repeats = told > 0 && (!ofCalls || unknown.total_tokens === told);
  return repeats ? named : models;
}
