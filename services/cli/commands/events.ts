import Table from 'cli-table3';
import type { Command } from 'commander';
import type { EventRow } from '../../../lib/stores/surreal/rows.js';
import { EventQuery } from '../../gateway/schemas.js';
import { ApiClient } from '../api-client.js';
import { addApiOptions, readApiOptions } from '../api-options.js';
import { listRows } from '../pages.js';
import { describeEvent, oneLine } from '../trace-view.js';

export type ListedEvent = Pick<
  EventRow,
  'timestamp' | 'event_type' | 'agent_id' | 'properties' | 'trace_id' | 'event_id'
>;

/** Events as a table, one a line. */
export function renderEvents(events: readonly ListedEvent[]): string {
  if (events.length === 0) return 'no event fits';
  const table = new Table({
    head: ['time', 'type', 'agent', 'what', 'trace', 'event'],
    style: { head: [], border: [], compact: true },
  });
  for (const event of events) {
    const { timestamp, event_type, agent_id, trace_id, event_id } = event;
    const agent = oneLine(agent_id ?? '', 24);
    table.push([timestamp, event_type, agent, oneLine(describeEvent(event), 60), trace_id, event_id]);
  }
  return table.toString();
}

export function register(program: Command): void {
  const command = program
    .command('events')
    .description('events that fit, newest first; filters as the API has them');
  addApiOptions(command, EventQuery);
  command.option('--json', 'as the API gives it').action(async (options: Record<string, unknown>) => {
    const parameters = readApiOptions(options, EventQuery, Date.now());
    const { rows, next_cursor } = await listRows<EventRow>(
      await ApiClient.connect(),
      '/api/v1/events',
      'events',
      parameters,
    );
    if (options.json) console.log(JSON.stringify({ events: rows, next_cursor }, null, 2));
    else {
      console.log(renderEvents(rows));
      if (next_cursor) console.log(`there are more: --limit ${rows.length * 2}, or --cursor ${next_cursor}`);
    }
  });
}
