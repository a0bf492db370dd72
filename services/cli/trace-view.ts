import { stripVTControlCharacters } from 'node:util';
import { buildTree, type TreeEvent, type TreeNode } from '../../lib/model/trace-tree.js';
import type { EventRow, TraceRow } from '../../lib/stores/surreal/rows.js';

const TEXT_WIDTH = 90;

type ViewedEvent = TreeEvent & Pick<EventRow, 'properties'>;

/** What the picture of a trace needs of it. */
export interface ViewedTrace
  extends Pick<
    TraceRow,
    | 'trace_id'
    | 'status'
    | 'total_events'
    | 'error_count'
    | 'duration_ms'
    | 'models'
    | 'session_id'
    | 'agent_id'
    | 'start_time'
  > {
  events: ViewedEvent[];
  events_truncated: boolean;
}

/** A trace as a tree for a terminal: a head line, then one line an event with its time since the start. */
export function renderTrace(trace: ViewedTrace): string {
  const tokens = Object.values(trace.models).reduce((sum, model) => sum + model.total_tokens, 0);
  const head = [
    `trace ${trace.trace_id}`,
    trace.status,
    `${trace.total_events} events`,
    `${(trace.duration_ms / 1000).toFixed(2)} s`,
    ...(trace.error_count > 0 ? [`${trace.error_count} errors`] : []),
    ...(tokens > 0 ? [`${tokens} tokens`] : []),
  ];
  const who = [
    ...(trace.session_id ? [`session ${trace.session_id}`] : []),
    ...(trace.agent_id ? [`agent ${trace.agent_id}`] : []),
  ];
  const startMs = Date.parse(trace.start_time);
  const lines = [head.join(' · '), ...(who.length > 0 ? [`  ${who.join(' · ')}`] : [])];
  draw(buildTree(trace.events), '  ', startMs, lines);
  if (trace.events_truncated) lines.push(`  … only the first ${trace.events.length} events are shown`);
  return lines.join('\n');
}

function draw(nodes: TreeNode<ViewedEvent>[], indent: string, startMs: number, lines: string[]): void {
  nodes.forEach(({ event, children }, index) => {
    const last = index === nodes.length - 1;
    const since = `${((Date.parse(event.timestamp) - startMs) / 1000).toFixed(3)} s`.padStart(9);
    lines.push(
      `${since} ${indent}${last ? '└─' : '├─'} ${event.event_type}  ${describeEvent(event)}`.trimEnd(),
    );
    draw(children, `${indent}${last ? '   ' : '│  '}`, startMs, lines);
  });
}

/** What an event says, in one line: what its kind is about, else its text. */
export function describeEvent({
  event_type,
  properties: p,
}: Pick<EventRow, 'event_type' | 'properties'>): string {
  const said = (...names: string[]) =>
    names.map((name) => p[name]).find((value) => value !== undefined && value !== null);
  const about: Record<string, unknown[]> = {
    agent_action: [said('tool_name'), said('tool_input')],
    tool_call: [said('tool_name'), said('tool_input')],
    tool_result: [said('tool_output', 'message')],
    tool_error: [said('tool_name'), said('error_message')],
    agent_thought: [said('reasoning', 'message')],
    agent_finish: [said('output', 'message')],
    chain_start: [said('chain_type')],
    chain_end: [said('chain_type')],
    llm_start: [said('model')],
    llm_end: [
      said('model'),
      said('total_tokens') === undefined ? undefined : `${said('total_tokens')} tokens`,
    ],
    error: [said('error_type'), said('error_message')],
    platform: [said('platform_event'), said('request_id')],
    query: [said('query_text')],
    retrieval: [said('document_count') === undefined ? undefined : `${said('document_count')} documents`],
    synthesis: [said('source_count') === undefined ? undefined : `${said('source_count')} sources`],
  };
  const parts = (about[event_type] ?? []).filter(
    (part) => part !== undefined && part !== null && part !== '',
  );
  const duration = typeof p.duration_ms === 'number' ? ` (${p.duration_ms} ms)` : '';
  const text = parts.length > 0 ? parts.map(plain).join(' ← ') : plain(said('message') ?? '');
  return oneLine(text) + duration;
}

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Text on one line, cut; colours and control characters of a log are not for this terminal. */
export function oneLine(text: string): string {
  const clean = stripVTControlCharacters(text)
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
  return clean.length > TEXT_WIDTH ? `${clean.slice(0, TEXT_WIDTH - 1)}…` : clean;
}
