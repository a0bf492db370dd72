import type { Explanation } from './explain.js';
import type { ParsedLine } from './parsed-line.js';
import { oneLine } from './trace-view.js';

const LABEL_WIDTH = 11;

/** A line with its explanation for a terminal: what it is, then one fact a line. */
export function renderExplained(parsed: ParsedLine): string {
  const explanation = parsed.explain;
  if (explanation === undefined) return `${parsed.event_type}  ${said(parsed.properties.refused)}`;
  const { line, text, rule_origin, priority, wrappers, near_misses } = explanation;
  const head = [
    parsed.event_type,
    ...(parsed.rule ? [parsed.rule] : []),
    ...(rule_origin ? [rule_origin, `priority ${priority}`] : []),
    ...(parsed.continues ? ['joined to the event before it'] : []),
  ];
  const facts: [label: string, value: string][] = [
    ['refused', said(parsed.properties.refused)],
    ['captures', pairs(explanation.captures)],
    ['properties', pairs(parsed.properties, ['message', 'refused'])],
    ['ids', pairs({ trace: parsed.trace_id, session: parsed.session_id, agent: parsed.agent_id })],
    ...explanation.extracted.map(({ rule, captures }): [string, string] => [
      'extracted',
      `${rule}  ${pairs(captures)}`,
    ]),
    ['wrappers', pairs(wrappers)],
    ['tags', explanation.tags.join(', ')],
    ['trace by', tracedBy(explanation)],
    ['flags', explanation.flags.join(', ')],
    ...near_misses.map(({ rule, origin, reason }): [string, string] => [
      'nearly',
      `${rule} (${origin}) ${reason}`,
    ]),
  ];
  return [
    `${line}  ${head.join(' · ')}`,
    ...(text === '' ? [] : [`    ${oneLine(text)}`]),
    ...facts
      .filter(([, value]) => value !== '')
      .map(([label, value]) => `    ${label.padEnd(LABEL_WIDTH)}${value}`),
  ].join('\n');
}

const STRATEGIES = ['', 'trace id', 'session or request id', 'stream or agent', 'alone'];

function tracedBy({ strategy, inherited, confidence, evidence }: Explanation): string {
  if (strategy === null) return '';
  return [
    STRATEGIES[strategy]!,
    ...(inherited === null ? [] : [`from ${inherited}`]),
    ...(confidence === null ? [] : [`confidence ${confidence}`]),
    ...evidence,
  ].join(', ');
}

const pairs = (values: Record<string, unknown>, without: string[] = []): string =>
  Object.entries(values)
    .filter(([name, value]) => value !== null && value !== undefined && !without.includes(name))
    .map(([name, value]) => `${name}=${said(value)}`)
    .join('  ');

const said = (value: unknown): string =>
  value === undefined ? '' : oneLine(typeof value === 'string' ? value : JSON.stringify(value));
