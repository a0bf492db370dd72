import type { LabelledLine } from '../labelled/record.js';

/** What the naive ways are called in tables. */
export const BASELINES = ['ids only', 'agent window', 'last id'] as const;
export type BaselineName = (typeof BASELINES)[number];

/** As trace detection has it by default, milliseconds. */
const WINDOW_MS = 5 * 60_000;

/**
 * Naive ways to find the trace of a line, by name: the cluster of each line. They are told by the generator which lines are one
 * record, which ids a line shows and that ids shown together are one, so that they have no parser's errors.
 */
export function baselines(lines: readonly LabelledLine[]): Record<BaselineName, string[]> {
  const ids = idClusters(lines);
  return {
    'ids only': byRecord(lines, (line, index) => ids(line) ?? `line ${index}`),
    'agent window': agentWindow(lines, ids),
    'last id': lastId(lines, ids),
  };
}

/** Ids that were ever shown on one line name one cluster. */
function idClusters(lines: readonly LabelledLine[]): (line: LabelledLine) => string | null {
  const parents = new Map<string, string>();
  const root = (id: string): string => {
    const parent = parents.get(id);
    return parent === undefined || parent === id ? id : root(parent);
  };
  for (const { truth } of lines) {
    const [first, ...others] = truth.ids;
    for (const other of others) parents.set(root(other), root(first!));
  }
  return ({ truth }) => (truth.ids.length === 0 ? null : `id ${root(truth.ids[0]!)}`);
}

/** A cluster for each record, decided at its first line; the other lines and second copies follow it. */
function byRecord(
  lines: readonly LabelledLine[],
  decide: (line: LabelledLine, index: number) => string,
): string[] {
  const records = new Map<number, string>();
  return lines.map((line, index) => {
    const { record } = line.truth;
    const known = records.get(record);
    if (known !== undefined) return known;
    const cluster = decide(line, index);
    records.set(record, cluster);
    return cluster;
  });
}

/** The line's id; else what the same agent (the stream where none is named) had last on the stream, up to 5 min ago. */
function agentWindow(lines: readonly LabelledLine[], ids: (line: LabelledLine) => string | null): string[] {
  const last = new Map<string, { cluster: string; atMs: number }>();
  return byRecord(lines, (line, index) => {
    const { stream, agent } = line.truth;
    const atMs = Date.parse(line.input.timestamp);
    const key = `${stream} ${agent ?? ''}`;
    const recent = last.get(key);
    const inherited = recent && atMs - recent.atMs <= WINDOW_MS ? recent.cluster : `line ${index}`;
    const cluster = ids(line) ?? inherited;
    last.set(key, { cluster, atMs });
    return cluster;
  });
}

/** The line's id; else the last one that the stream showed; before the first, the stream itself. */
function lastId(lines: readonly LabelledLine[], ids: (line: LabelledLine) => string | null): string[] {
  const last = new Map<string, string>();
  return byRecord(lines, (line) => {
    const { stream } = line.truth;
    const cluster = ids(line) ?? last.get(stream) ?? `stream ${stream}`;
    last.set(stream, cluster);
    return cluster;
  });
}
