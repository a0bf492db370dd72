import type { AgentEvent } from '../../lib/model/events.js';
import { Coverage, shareOf } from '../processor/core/parse/coverage.js';
import { FALLBACK_TYPE } from '../processor/core/parse/reading.js';
import type { Analysis } from './analysis.js';

export interface AnalysisSummary {
  lines: number;
  events: number;
  traces: number;
  coverage: Coverage;
  /** Events by what decided their trace. */
  strategies: Record<AgentEvent['why']['strategy'], number>;
}

const STRATEGY_NAMES = { 1: 'trace id', 2: 'session', 3: 'stream or agent', 4: 'alone' } as const;
const MOST_SHOWN = 5;

/** Figures of an analysis that has ended; coverage by what the lines' events are at last. */
export function summarise(analysis: Analysis): AnalysisSummary {
  const coverage = new Coverage();
  const strategies = { 1: 0, 2: 0, 3: 0, 4: 0 };
  for (const { event, fate } of analysis.lines()) {
    const isOwn = event !== null && (fate === 'parsed' || fate === 'fallback');
    const last = isOwn ? (event.event_type === FALLBACK_TYPE ? 'fallback' : 'parsed') : fate;
    coverage.take({ fate: last, rule: event?.rule ?? null, source: event?.source ?? null });
  }
  for (const { strategy } of analysis.events.values()) strategies[strategy]++;
  return {
    lines: analysis.lineCount,
    events: analysis.events.size,
    traces: analysis.traces.length,
    coverage,
    strategies,
  };
}

/** The summary for a terminal. */
export function renderSummary({ lines, events, traces, coverage, strategies }: AnalysisSummary): string {
  const found = Object.entries(STRATEGY_NAMES)
    .map(([strategy, name]) => ({ name, count: strategies[Number(strategy) as 1 | 2 | 3 | 4] }))
    .filter(({ count }) => count > 0)
    .map(({ name, count }) => `${name} ${count.toLocaleString('en')}`);
  const { fallback, joined, duplicate, foreign, dead } = coverage.fates;
  const beside = Object.entries({
    'kept as they are': fallback,
    'joined to others': joined,
    duplicate,
    foreign,
    refused: dead,
  })
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count.toLocaleString('en')} ${name}`);
  return [
    `${counted(lines, 'line')} · ${counted(events, 'event')} · ${counted(traces, 'trace')}`,
    `understood  ${percent(coverage.share)}${beside.length > 0 ? ` (lines ${beside.join(', ')})` : ''}`,
    ...rulesOf(coverage),
    ...sourcesOf(coverage),
    ...(found.length > 0 ? [`traced by   ${found.join(', ')}`] : []),
  ].join('\n');
}

function rulesOf({ rules }: Coverage): string[] {
  const ordered = [...rules].sort((a, b) => b[1] - a[1]);
  if (ordered.length === 0) return [];
  const shown = ordered.slice(0, MOST_SHOWN).map(([rule, count]) => `${rule} ${count.toLocaleString('en')}`);
  return [`by rule     ${shown.join(', ')}${more(ordered.length)}`];
}

/** Where lines are kept as they are, if they come from several sources. */
function sourcesOf(coverage: Coverage): string[] {
  const sources = coverage.ofSources();
  const weak = sources.filter(({ fallback }) => fallback > 0).sort((a, b) => b.fallback - a.fallback);
  if (sources.length < 2 || weak.length === 0) return [];
  const shown = weak
    .slice(0, MOST_SHOWN)
    .map((source) => `${source.logGroup || source.system} ${percent(shareOf(source))}`);
  return [`by source   ${shown.join(', ')}${more(weak.length)}`];
}

const more = (count: number): string => (count > MOST_SHOWN ? `, … ${count - MOST_SHOWN} more` : '');

/** A number of things, in words. */
export const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;

const percent = (share: number | null): string => (share === null ? '–' : `${(100 * share).toFixed(1)} %`);
