import { aboutEvent } from '../../../../lib/model/describe-event.js';
import type { TraceEvent } from '../api/types.js';
import { plainText } from '../parts/format.js';

/** An event as a line of the trace page. Times are milliseconds since the trace began. */
export interface Row {
  event: TraceEvent;
  /** Place in the order of time, from 0. */
  place: number;
  /** Steps above it. */
  depth: number;
  parent: Row | null;
  children: Row[];
  atMs: number;
  /** What the bar covers; as long as `atMs` where nothing is known of how long it took. */
  startMs: number;
  endMs: number;
  /** How long it took, where that is known. */
  tookMs: number | null;
  failed: boolean;
  /** Something below it failed. */
  failedBelow: boolean;
  title: string;
  detail: string;
}

export interface TraceRows {
  /** In order of time. */
  byTime: Row[];
  /** In order of the tree: each before what belongs to it. */
  byTree: Row[];
  byId: ReadonlyMap<string, Row>;
  /** From the first start to the last end; at least 1 ms. */
  spanMs: number;
}

export const isFailure = (eventType: string): boolean => /(?:^|_)error$/.test(eventType);

/** The lines of a trace. `events` are as the API gives them: in order of time, each with its parent. */
export function rowsOf(events: readonly TraceEvent[], startTime: string): TraceRows {
  const origin = Date.parse(startTime);
  const byTime = events.map((event, place): Row => {
    const atMs = Date.parse(event.timestamp) - origin;
    const told = event.properties as { duration_ms?: unknown };
    const own = typeof told.duration_ms === 'number' ? told.duration_ms : null;
    const [title = '', ...rest] = aboutEvent(event).map(plainText);
    // what something's end tells of its length lies before it
    const spans = event.latency_ms ?? 0;
    const before = event.latency_ms === null && own !== null ? Math.min(own, Math.max(0, atMs)) : 0;
    return {
      event,
      place,
      depth: 0,
      parent: null,
      children: [],
      atMs,
      startMs: atMs - before,
      endMs: atMs + spans,
      tookMs: event.latency_ms ?? own,
      failed: isFailure(event.event_type),
      failedBelow: false,
      title,
      detail: rest.join(' '),
    };
  });
  const byId = new Map(byTime.map((row) => [row.event.event_id, row]));
  const roots: Row[] = [];
  for (const row of byTime) {
    row.parent = byId.get(row.event.parent_id ?? '') ?? null;
    (row.parent?.children ?? roots).push(row);
  }
  const byTree: Row[] = [];
  // a stack of our own: a trace may be as deep as it is long
  const stack = roots.toReversed();
  for (let row = stack.pop(); row; row = stack.pop()) {
    row.depth = row.parent ? row.parent.depth + 1 : 0;
    byTree.push(row);
    stack.push(...row.children.toReversed());
  }
  for (const row of byTree.toReversed()) {
    if (row.parent && (row.failed || row.failedBelow)) row.parent.failedBelow = true;
  }
  const spanMs = byTime.reduce((most, row) => Math.max(most, row.endMs), 1);
  return { byTime, byTree, byId, spanMs };
}

export interface RowFilter {
  /** Words that a line must all hold, in any case. */
  text: string;
  /** Kinds of events; empty: every one. */
  kinds: readonly string[];
  failuresOnly: boolean;
  /** Event ids: the first and last step that are shown, in any order. */
  between: readonly [string, string] | null;
}

/** Whether a filter leaves anything out. */
export const isFiltering = ({ text, kinds, failuresOnly, between }: RowFilter): boolean =>
  text.trim() !== '' || kinds.length > 0 || failuresOnly || between !== null;

/** The lines that are shown: all in order of the tree without what is collapsed, or those that a filter leaves, in order of time. */
export function shownRows(
  rows: TraceRows,
  collapsed: ReadonlySet<string>,
  filter: RowFilter,
  kindOf: (eventType: string) => string,
): Row[] {
  if (isFiltering(filter)) {
    const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
    const [from, to] = rangeOf(rows, filter.between);
    return rows.byTime.filter(
      (row) =>
        row.place >= from &&
        row.place <= to &&
        (!filter.failuresOnly || row.failed) &&
        (filter.kinds.length === 0 || filter.kinds.includes(kindOf(row.event.event_type))) &&
        holds(row.event, words),
    );
  }
  if (collapsed.size === 0) return rows.byTree;
  const shown: Row[] = [];
  let hiddenBelow = Number.POSITIVE_INFINITY;
  for (const row of rows.byTree) {
    if (row.depth > hiddenBelow) continue;
    hiddenBelow = collapsed.has(row.event.event_id) ? row.depth : Number.POSITIVE_INFINITY;
    shown.push(row);
  }
  return shown;
}

function rangeOf(rows: TraceRows, between: RowFilter['between']): [number, number] {
  const places = (between ?? []).map((id) => rows.byId.get(id)?.place).filter((place) => place !== undefined);
  if (places.length < 2) return [0, Number.POSITIVE_INFINITY];
  return [Math.min(...places), Math.max(...places)];
}

function holds(event: TraceEvent, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const text = `${event.event_type} ${JSON.stringify(event.properties)}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** The time that the bars stand in: that of the trace, or what lies between two steps. */
export function timeFrameOf(
  rows: TraceRows,
  shown: readonly Row[],
  { between }: RowFilter,
): { fromMs: number; spanMs: number } {
  const first = shown[0];
  const last = shown.at(-1);
  if (!between || !first || !last) return { fromMs: 0, spanMs: rows.spanMs };
  return { fromMs: first.atMs, spanMs: Math.max(1, last.atMs - first.atMs) };
}

/** The steps above a line, outermost first. */
export function pathOf(row: Row): Row[] {
  const path: Row[] = [];
  for (let above = row.parent; above; above = above.parent) path.unshift(above);
  return path;
}

/** What happened between two steps, both included, in a few figures. */
export function tallyOf(rows: readonly Row[]): {
  events: number;
  spanMs: number;
  failures: number;
  tools: string[];
  thoughts: number;
} {
  const first = rows[0];
  const last = rows.at(-1);
  const tools = rows
    .filter(({ event }) => event.event_type === 'tool_call' || event.event_type === 'agent_action')
    .map(({ title }) => title)
    .filter(Boolean);
  return {
    events: rows.length,
    spanMs: first && last ? last.atMs - first.atMs : 0,
    failures: rows.filter(({ failed }) => failed).length,
    tools: [...new Set(tools)],
    thoughts: rows.filter(({ event }) => event.event_type === 'agent_thought').length,
  };
}
