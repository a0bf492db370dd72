import Table from 'cli-table3';
import type { Command } from 'commander';
import { UserError } from '../../../deploy/local/stack.js';
import { ApiClient, type SearchAnswer } from '../api-client.js';
import { describeEvent } from '../trace-view.js';

/** Hits as a table, with a first line that says what was compared: meaning, or words. */
export function renderHits({ mode, results }: SearchAnswer): string {
  if (results.length === 0) return `${mode}: nothing found`;
  const table = new Table({
    head: ['score', 'type', 'what', 'trace'],
    style: { head: [], border: [], compact: true },
  });
  for (const { score, event } of results) {
    table.push([score.toFixed(3), event.event_type, describeEvent(event), event.trace_id]);
  }
  return `${mode}\n${table.toString()}`;
}

export function register(program: Command): void {
  program
    .command('search')
    .description('events by meaning, best first')
    .argument('<text...>', 'what to look for')
    .option('--limit <n>', 'how many', '10')
    .option('--json', 'as the API gives it')
    .action(async (words: string[], options: { limit: string; json?: boolean }) => {
      const limit = Number(options.limit);
      if (!Number.isInteger(limit) || limit < 1)
        throw new UserError(`--limit is '${options.limit}', wanted is a number from 1`);
      const answer = await (await ApiClient.connect()).search(words.join(' '), limit);
      console.log(options.json ? JSON.stringify(answer, null, 2) : renderHits(answer));
    });
}
