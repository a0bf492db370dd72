import { BASELINES } from './baselines.js';
import type { ErrorBreakdown } from './errors.js';
import type { Measured } from './measure.js';

/** Rows of text under a head. */
export interface Table {
  head: string[];
  rows: string[][];
}

/** Results of one scenario over its seeds. */
export interface Summary {
  scenario: string;
  goal: number | undefined;
  results: Measured[];
}

/** The middle value; of an even number the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return Number.isInteger(middle) ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)]!;
}

const figure = (value: number): string => value.toFixed(3);

/** What a goal came to: it counts as reached where the worst seed reaches it. */
export function verdict(goal: number | undefined, f1: readonly number[]): string {
  if (goal === undefined) return '';
  if (Math.min(...f1) >= goal) return 'yes';
  return median(f1) >= goal ? 'in the median' : 'no';
}

export function accuracyTable(summaries: readonly Summary[]): Table {
  return {
    head: ['scenario', 'goal', 'F1', 'worst', 'reached', 'precision', 'recall', ...BASELINES],
    rows: summaries.map(({ scenario, goal, results }) => {
      const f1 = results.map(({ score }) => score.f1);
      return [
        scenario,
        goal === undefined ? '' : `≥ ${goal}`,
        figure(median(f1)),
        figure(Math.min(...f1)),
        verdict(goal, f1),
        figure(median(results.map(({ score }) => score.precision))),
        figure(median(results.map(({ score }) => score.recall))),
        ...BASELINES.map((name) => figure(median(results.map(({ baselines }) => baselines[name].f1)))),
      ];
    }),
  };
}

const STRATEGIES: [key: string, name: string][] = [
  ['1', '1 trace id'],
  ['2', '2 session id'],
  ['3', '3 agent or stream'],
  ['4', '4 by itself'],
  ['none', 'no event'],
];

/** What the scenarios are like, by which strategy lines found their trace, and how fast. */
export function volumeTable(summaries: readonly Summary[]): Table {
  return {
    head: ['scenario', 'lines', 'runs', ...STRATEGIES.map(([, name]) => name), 'lines/CPU s'],
    rows: summaries.map(({ scenario, results }) => {
      const lines = sum(results.map((result) => result.lines));
      return [
        scenario,
        String(Math.round(lines / results.length)),
        String(Math.round(sum(results.map(({ runs }) => runs)) / results.length)),
        ...STRATEGIES.map(([key]) => {
          const share = sum(results.map(({ strategies }) => strategies[key] ?? 0)) / lines;
          return share === 0 ? '' : `${(100 * share).toFixed(1)} %`;
        }),
        String(Math.round(median(results.map(({ linesPerCpuSecond }) => linesPerCpuSecond)) / 100) * 100),
      ];
    }),
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Wrong lines by class. */
export function classTable({ classes }: ErrorBreakdown): Table {
  return {
    head: ['lines', 'scored', 'merged into another run', 'split off their run'],
    rows: [...classes]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, { scored, merged, split }]) => [name, String(scored), String(merged), String(split)]),
  };
}

/** What the lines look like from which runs went astray, those that cost most first. */
export function culpritTable({ groups }: ErrorBreakdown, limit: number): Table {
  const worst = groups.toSorted((a, b) => b.lines - a.lines || b.culprits - a.culprits).slice(0, limit);
  return {
    head: ['fault', 'class', 'event_type', 'lines', 'times', 'shape', 'example'],
    rows: worst.map(({ fault, lineClass, eventType, lines, culprits, shape, example }) => [
      fault,
      lineClass,
      eventType,
      String(lines),
      String(culprits),
      shape,
      `seed ${example.seed}, line ${example.line}`,
    ]),
  };
}

/** A table as Markdown; figures to the right. */
export function markdown({ head, rows }: Table): string {
  const cells = (row: string[]) => `| ${row.map((cell) => cell.replace(/\|/g, '\\|')).join(' | ')} |`;
  return [
    cells(head),
    cells(head.map((_, index) => (index === 0 ? '---' : '---:'))),
    ...rows.map(cells),
  ].join('\n');
}
