import type { Command } from 'commander';
import { UserError } from '../../../deploy/local/stack.js';
import type { Receipt } from '../../gateway/core/receipt.js';
import { ApiClient } from '../api-client.js';
import { table } from '../kafka-command.js';
import { oneLine } from '../trace-view.js';

/** A receipt for a terminal: where the event is, then its way, a step a line. */
export function renderReceipt(receipt: Receipt): string {
  const { event_id, state, trace_id, steps, dead_letter, looked } = receipt;
  const rows = steps.map(({ step, state: done, at, topic, partition, offset, detail }) => [
    `  ${step}`,
    done,
    at ?? '',
    topic === null ? '' : `${topic}/${partition}@${offset}`,
    detail === null ? '' : oneLine(detail),
  ]);
  const head = [
    `event ${event_id}`,
    state.replace('_', ' '),
    ...(trace_id === null ? [] : [`trace ${trace_id}`]),
  ];
  const cut = looked.filter(({ unread }) => unread > 0);
  return [
    head.join(' · '),
    table(['  step', 'state', 'at', 'record', ''], rows),
    ...(dead_letter === null
      ? []
      : [
          `refused by ${dead_letter.stage}: it lies in ${dead_letter.topic}/${dead_letter.partition} at ${dead_letter.offset}`,
        ]),
    ...cut.map(
      ({ topic, records, unread }) =>
        `${topic}: the newest ${records} records were looked at, ${unread} older offsets not`,
    ),
  ].join('\n');
}

export function register(program: Command): void {
  program
    .command('receipt')
    .description('where an accepted event is: on its way, stored, or in dead-letter and why')
    .argument('<id>', 'event id, as the API gave it when the event was sent')
    .option('--json', 'as the API gives it')
    .action(async (id: string, options: { json?: boolean }) => {
      const receipt = await (await ApiClient.connect()).receipt(id);
      if (receipt === null)
        throw new UserError(`nothing is stored under ${id}, on its way or in dead-letter`);
      console.log(options.json ? JSON.stringify(receipt, null, 2) : renderReceipt(receipt));
    });
}
