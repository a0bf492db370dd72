import type { Command } from 'commander';
import { UserError } from '../../../deploy/local/stack.js';
import { ApiClient } from '../api-client.js';
import { renderTrace } from '../trace-view.js';

export function register(program: Command): void {
  program
    .command('trace')
    .description('one trace as a tree, by its id or by the id of one of its events')
    .argument('<id>', 'trace id or event id')
    .option('--json', 'as the API gives it')
    .action(async (id: string, options: { json?: boolean }) => {
      const api = await ApiClient.connect();
      const event = await api.request<{ trace_id: string }>(
        'GET',
        `/api/v1/events/${encodeURIComponent(id)}`,
      );
      const trace = await api.trace(event?.trace_id ?? id);
      if (trace === null) throw new UserError(`neither a trace nor an event has the id ${id}`);
      console.log(options.json ? JSON.stringify(trace, null, 2) : renderTrace(trace));
    });
}
