import type { LabelledLine } from '../labelled/record.js';
import { clusterOf, type Outcome } from './measure.js';

/** What kind of line it is, for tuning. */
export type LineClass =
  | 'first of a run'
  | 'last of a run'
  | 'with an id'
  | 'of a library'
  | 'joined line'
  | 'without an id';

/**
 * merged: the line is in a cluster that is mostly another run's. split: its cluster is its own run's, but not the one that
 * holds most of the run.
 */
export type Fault = 'merged' | 'split';

/** Lines that went wrong in the same way. */
export interface ErrorGroup {
  fault: Fault;
  lineClass: LineClass;
  eventType: string;
  /** The text with what varies taken out. */
  shape: string;
  /** Lines that began a wrong piece: from here on the run went astray. */
  culprits: number;
  /** Lines of the pieces that these began. */
  lines: number;
  example: { seed: number; line: number; message: string };
}

export interface ErrorBreakdown {
  scored: number;
  wrong: number;
  /** Wrong lines by their class and fault. */
  classes: Map<LineClass, { scored: number; merged: number; split: number }>;
  groups: ErrorGroup[];
}

/** An empty breakdown, to add seeds to. */
export const noErrors = (): ErrorBreakdown => ({ scored: 0, wrong: 0, classes: new Map(), groups: [] });

/**
 * Adds what went wrong with one seed. A run's lines in one wrong cluster are a piece; the first of them is its culprit, and
 * pieces are grouped by what their culprits look like.
 */
export function addErrors(into: ErrorBreakdown, seed: number, outcomes: readonly Outcome[]): void {
  const scored = outcomes
    .map((outcome, index) => ({
      outcome,
      index,
      cluster: clusterOf(outcome, index),
      run: outcome.line.truth.run,
    }))
    .filter((item): item is typeof item & { run: string } => item.run !== null);
  const mostOf = (key: 'run' | 'cluster', other: 'run' | 'cluster'): Map<string, string> => {
    const counts = new Map<string, Map<string, number>>();
    for (const item of scored) {
      const row = counts.get(item[key]) ?? new Map<string, number>();
      counts.set(item[key], row.set(item[other], (row.get(item[other]) ?? 0) + 1));
    }
    return new Map(
      [...counts].map(([name, row]) => [name, [...row].reduce((a, b) => (b[1] > a[1] ? b : a))[0]]),
    );
  };
  const runOf = mostOf('cluster', 'run');
  const homeOf = mostOf('run', 'cluster');
  const groups = new Map(into.groups.map((group) => [keyOf(group), group]));
  const pieces = new Map<string, ErrorGroup>();
  for (const { outcome, index, cluster, run } of scored) {
    const lineClass = classOf(outcome.line);
    const counted = into.classes.get(lineClass) ?? { scored: 0, merged: 0, split: 0 };
    into.classes.set(lineClass, counted);
    counted.scored++;
    into.scored++;
    const fault = runOf.get(cluster) !== run ? 'merged' : homeOf.get(run) !== cluster ? 'split' : null;
    if (fault === null) continue;
    into.wrong++;
    counted[fault]++;
    const piece = `${run}\n${cluster}`;
    let group = pieces.get(piece);
    if (!group) {
      const { input, truth } = outcome.line;
      const { message } = input;
      const found: ErrorGroup = {
        fault,
        lineClass,
        eventType: outcome.eventType ?? 'none',
        shape: shapeOf(truth.agent === null ? message : message.replaceAll(truth.agent, '(agent)')),
        culprits: 0,
        lines: 0,
        example: { seed, line: index + 1, message },
      };
      group = groups.get(keyOf(found)) ?? found;
      groups.set(keyOf(group), group);
      pieces.set(piece, group);
      group.culprits++;
    }
    group.lines++;
  }
  into.groups = [...groups.values()];
}

const keyOf = ({ fault, lineClass, eventType, shape }: ErrorGroup): string =>
  [fault, lineClass, eventType, shape].join('\n');

function classOf({ truth }: LabelledLine): LineClass {
  if (!truth.isHead) return 'joined line';
  if (truth.position === 'first') return 'first of a run';
  if (truth.position === 'last') return 'last of a run';
  if (truth.ids.length > 0) return 'with an id';
  return truth.kind === 'library' ? 'of a library' : 'without an id';
}

const SHAPE_CHARACTERS = 70;

/** The beginning of a line with times, ids, numbers and quoted text taken out. */
export function shapeOf(message: string): string {
  return (
    message
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken out
      .replace(/\x1b\[[\d;]*m/g, '')
      .replace(/^\[?\d{4}-\d\d-\d\d[T ][\d:.,]+Z?\]?/, '')
      .replace(/"(?:asctime|timestamp|@timestamp|time|pid|hostname)":(?:"[^"]*"|\d+),?/g, '')
      .replace(/\b(?=\w*\d)[\w-]{6,}/g, '#')
      .replace(/\d+(?:\.\d+)?/g, '0')
      .trim()
      .slice(0, SHAPE_CHARACTERS)
  );
}
