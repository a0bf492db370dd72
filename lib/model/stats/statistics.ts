import { estimateCost } from '../cost/estimate-cost.js';
import type { PriceTable } from '../cost/price-table.js';
import type { Measures } from '../facts/event-fact.js';
import { pairSteps } from '../tree/pairs.js';
import { compareSteps } from '../tree/step.js';
import { type Percentiles, percentiles } from './percentiles.js';

const DAY_MS = 86_400_000;

export interface TypeErrors {
  event_type: string;
  events: number;
  errors: number;
  /** Errors of events, 0 to 1. */
  rate: number;
}

/** Events and errors by type, most events first. */
export function errorsByType(measures: readonly Measures[]): TypeErrors[] {
  const types = new Map<string, { events: number; errors: number }>();
  for (const { type, error } of measures) {
    const counts = entryOf(types, type, () => ({ events: 0, errors: 0 }));
    counts.events += 1;
    if (error) counts.errors += 1;
  }
  return [...types]
    .map(([event_type, { events, errors }]) => ({ event_type, events, errors, rate: errors / events }))
    .sort((a, b) => b.events - a.events || (a.event_type < b.event_type ? -1 : 1));
}

export interface CallLatency extends Percentiles {
  name: string;
  calls: number;
  errors: number;
  /** Calls whose duration is known: told by an event, else the time between call and result. */
  timed: number;
}

/**
 * Calls of tools and models, most calls first, durations in milliseconds. Calls and results are paired as in the tree of a trace, group
 * by group; an event that tells a duration by itself is a call of its own.
 */
export function latencies(measures: readonly Measures[]): { tools: CallLatency[]; models: CallLatency[] } {
  const found = {
    tool: new Map<string, { calls: number; errors: number; durations: number[] }>(),
    llm: new Map<string, { calls: number; errors: number; durations: number[] }>(),
  };
  for (const group of byGroup(measures)) {
    if (!group.some(({ step }) => step.family === 'tool' || step.family === 'llm')) continue;
    const steps = group.map(({ step }) => step);
    const { begunBy, endedBy, announcedBy } = pairSteps(steps);
    const announced = new Set(announcedBy);
    group.forEach(({ step, tool, model }, index) => {
      if (step.family !== 'tool' && step.family !== 'llm') return;
      const begins = step.role !== 'close';
      if (begins ? announced.has(index) : begunBy[index]! >= 0) return;
      const end = begins ? group[endedBy[index]!] : undefined;
      const name = step.family === 'tool' ? (tool ?? end?.tool) : (model ?? end?.model);
      if (!name) return;
      const stats = entryOf(found[step.family], name, () => ({ calls: 0, errors: 0, durations: [] }));
      stats.calls += 1;
      if (step.failed || end?.step.failed) stats.errors += 1;
      const between = end ? end.step.ms - step.ms : 0;
      const durationMs = end?.step.durationMs ?? step.durationMs ?? (between > 0 ? between : null);
      if (durationMs !== null) stats.durations.push(durationMs);
    });
  }
  const shown = (calls: (typeof found)['tool']): CallLatency[] =>
    [...calls]
      .map(([name, { calls, errors, durations }]) => ({
        name,
        calls,
        errors,
        timed: durations.length,
        ...percentiles(durations),
      }))
      .sort((a, b) => b.calls - a.calls || (a.name < b.name ? -1 : 1));
  return { tools: shown(found.tool), models: shown(found.llm) };
}

export interface Usage {
  model: string;
  agent_id: string | null;
  /** Events that tell tokens. */
  reports: number;
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  cached_tokens: number;
  cache_write_tokens: number;
  /** Estimated, with the prices of each event's day; null: no price is known. */
  usd: number | null;
  /** Some of it has no price, or was told as a total alone: it may have cost more. */
  at_least: boolean;
}

/** Tokens and cost by model and agent, most tokens first. */
export function usage(measures: readonly Measures[], prices: PriceTable): Usage[] {
  const rows = new Map<string, Usage>();
  const days = new Map<string, { row: Usage; model: string; ms: number; tokens: TokenSums }>();
  for (const { ms, model, agent, tokens } of measures) {
    if (model === null || tokens === null) continue;
    const [prompt_tokens, completion_tokens, total_tokens, cached_tokens, cache_write_tokens] = tokens;
    const told = { prompt_tokens, completion_tokens, total_tokens, cached_tokens, cache_write_tokens };
    const key = JSON.stringify([model, agent]);
    const row = entryOf(rows, key, () => ({
      model,
      agent_id: agent,
      reports: 0,
      ...none(),
      usd: null,
      at_least: false,
    }));
    row.reports += 1;
    add(row, told);
    const day = Math.floor(ms / DAY_MS);
    add(
      entryOf(days, `${day} ${key}`, () => ({ row, model, ms: day * DAY_MS, tokens: none() })).tokens,
      told,
    );
  }
  for (const { row, model, ms, tokens } of days.values()) {
    const { usd, complete } = estimateCost({ [model]: tokens }, prices, ms);
    if (usd !== null) row.usd = (row.usd ?? 0) + usd;
    if (!complete) row.at_least = true;
  }
  return [...rows.values()].sort((a, b) => b.total_tokens - a.total_tokens || (a.model < b.model ? -1 : 1));
}

interface TokenSums {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  cached_tokens: number;
  cache_write_tokens: number;
}

const none = (): TokenSums => ({
  prompt_tokens: 0,
  completion_tokens: 0,
  total_tokens: 0,
  cached_tokens: 0,
  cache_write_tokens: 0,
});

function add(into: TokenSums, tokens: TokenSums): void {
  for (const field of Object.keys(tokens) as (keyof TokenSums)[]) into[field] += tokens[field];
}

export interface Sequence {
  steps: string[];
  /** How often the steps stand one after the other. */
  times: number;
  /** In how many groups (a session, a run, a trace of its own). */
  groups: number;
}

/** The most frequent sequences of `length` steps of one group, unparsed lines left out. A step is its type, with its tool. */
export function sequences(measures: readonly Measures[], length: number, most: number): Sequence[] {
  const found = new Map<string, { times: number; groups: number; last: number }>();
  byGroup(measures).forEach((group, number) => {
    const steps = group
      .filter(({ type }) => type !== 'log')
      .map(({ type, tool }) => (tool === null ? type : `${type} ${tool}`));
    for (let at = 0; at + length <= steps.length; at++) {
      const entry = entryOf(found, JSON.stringify(steps.slice(at, at + length)), () => ({
        times: 0,
        groups: 0,
        last: -1,
      }));
      entry.times += 1;
      if (entry.last !== number) entry.groups += 1;
      entry.last = number;
    }
  });
  return [...found]
    .sort(([a, x], [b, y]) => y.groups - x.groups || y.times - x.times || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([key, { times, groups }]) => ({ steps: JSON.parse(key) as string[], times, groups }));
}

/** Events of each group, in the order of its trace. */
function byGroup(measures: readonly Measures[]): Measures[][] {
  const groups = new Map<string, Measures[]>();
  for (const one of measures) entryOf(groups, one.group, () => []).push(one);
  for (const members of groups.values()) members.sort((a, b) => compareSteps(a.step, b.step));
  return [...groups.values()];
}

function entryOf<V>(map: Map<string, V>, key: string, create: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}
