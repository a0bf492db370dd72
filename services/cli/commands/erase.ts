import { type Command, Option } from 'commander';
import { UserError } from '../../../deploy/local/stack.js';
import { ApiClient } from '../api-client.js';

interface Options {
  trace?: string;
  session?: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('erase')
    .description('delete a trace or a session from both stores, for good; see docs/erasure.md')
    .addOption(new Option('--trace <id>', 'the trace, with everything in it').conflicts('session'))
    .option('--session <id>', 'the events of the session, in whichever traces they are')
    .option('--json', 'as the API gives it')
    .action(async ({ trace, session, json }: Options) => {
      const id = trace ?? session;
      if (!id) throw new UserError('--trace ID or --session ID says what is to be erased');
      const client = await ApiClient.connect();
      const erased = await client.erase(trace === undefined ? 'sessions' : 'traces', id);
      if (json) console.log(JSON.stringify(erased, null, 2));
      else console.log(`erased ${erased.events} events, ${erased.traces} traces; nothing of it comes back`);
    });
}
