import type { GenerationRecord } from '../../../lib/kafka/generations/generation-record.js';
import { type Difference, isNothing } from './difference.js';

const LABEL_WIDTH = 14;

/** A difference for a terminal. */
export function renderDifference(
  generation: number,
  { state, from_ms, to_ms }: Pick<GenerationRecord, 'state' | 'from_ms' | 'to_ms'>,
  difference: Difference,
): string {
  const { events, understood, lost, traces, before_context, growing, examples } = difference;
  const lines: [label: string, text: string][] = [
    ['events', numbers({ same: events.same, changed: events.changed, new: events.new, gone: events.gone })],
    ['  changed in', numbers(events.fields)],
    ['newly understood', `${understood.lines} lines${by(understood.rules)}`],
    ['lost', `${lost.lines} lines${by(lost.rules)}`],
    [
      'traces',
      numbers({
        same: traces.same,
        changed: traces.changed,
        split: traces.split,
        merged: traces.merged,
        renamed: traces.renamed,
      }),
    ],
    ['  changed in', numbers(traces.fields)],
  ];
  if (before_context.events + before_context.traces > 0) {
    const text = `${before_context.events} events and ${before_context.traces} traces that began before the hour of context`;
    lines.push(['not compared', text]);
  }
  if (growing > 0) lines.push(['not compared', `${growing} traces that have gone on since`]);
  const title = `generation ${generation} · ${state} · appended ${new Date(from_ms).toISOString()} to ${new Date(to_ms).toISOString()}`;
  const body = lines
    .filter(([, text]) => text !== '')
    .map(([label, text]) => `  ${label.padEnd(LABEL_WIDTH + 4)}${text}`);
  const shown = examples.map(({ kind, id, text }) => `  ${kind.padEnd(11)} ${id}\n    ${text}`);
  return [
    title,
    ...(isNothing(difference) ? ['  no difference'] : []),
    ...body,
    ...(shown.length > 0 ? ['', 'for example', ...shown] : []),
  ].join('\n');
}

const numbers = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');

const by = (rules: Record<string, number>): string =>
  Object.keys(rules).length === 0 ? '' : `: ${numbers(rules)}`;
