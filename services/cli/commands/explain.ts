import type { Command } from 'commander';
import { UserError } from '../../../deploy/local/stack.js';
import { ApiClient, type EventExplanation } from '../api-client.js';
import { oneLine } from '../trace-view.js';

const LABEL_WIDTH = 11;

/** An explanation for a terminal: the answer, a sentence a line, then the recorded facts that it is made of. */
export function renderExplanation(explanation: EventExplanation): string {
  const { links, siblings, raw } = explanation;
  const sibling = ({ timestamp, event_type, event_id }: EventExplanation['siblings']['before'][number]) =>
    `${timestamp} ${event_type} ${event_id}`;
  const facts: [label: string, values: string[]][] = [
    ['rule', [[explanation.rule, explanation.rule_version].filter(Boolean).join(' ')]],
    ['captures', Object.entries(explanation.captures).map(([name, value]) => `${name}=${oneLine(value)}`)],
    ['group', [`${explanation.group_id} (${oneLine(explanation.group_key)})`]],
    ['evidence', explanation.evidence],
    ['before', links.previous_trace_ids],
    ['goes on', links.continued_by === null ? [] : [links.continued_by]],
    ['flags', explanation.flags],
    ['raw record', [`${raw.topic}/${raw.partition} offset ${raw.offset}`]],
    [
      'siblings',
      [...siblings.before.map(sibling), `→ ${explanation.event_id}`, ...siblings.after.map(sibling)],
    ],
  ];
  return [
    `event ${explanation.event_id} · trace ${explanation.trace_id}`,
    ...explanation.summary.split(/(?<=\.) (?=[A-Z])/).map((sentence) => `  ${oneLine(sentence, 200)}`),
    '',
    ...facts.flatMap(([label, values]) =>
      values
        .filter((value) => value !== '')
        .map((value, index) => `  ${(index === 0 ? label : '').padEnd(LABEL_WIDTH)}${value}`),
    ),
  ].join('\n');
}

export function register(program: Command): void {
  program
    .command('explain')
    .description('why a stored event is what it is and in the trace that it is in')
    .argument('<id>', 'event id')
    .option('--json', 'as the API gives it')
    .action(async (id: string, options: { json?: boolean }) => {
      const explanation = await (await ApiClient.connect()).explain(id);
      if (explanation === null) throw new UserError(`no event has the id ${id}`);
      console.log(options.json ? JSON.stringify(explanation, null, 2) : renderExplanation(explanation));
    });
}
