import Table from 'cli-table3';
import { type Command, Option } from 'commander';
import { UserError } from '../../../deploy/local/stack.js';
import { SearchFilter } from '../../gateway/schemas.js';
import { ApiClient, type SearchAnswer, type SearchBy } from '../api-client.js';
import { addApiOptions, readApiOptions } from '../api-options.js';
import { describeEvent } from '../trace-view.js';

/** Hits as a table, with a first line that says what was compared: meaning or words, or nothing but the text. */
export function renderHits({ mode, results }: SearchAnswer, by: SearchBy = 'meaning'): string {
  const how = by === 'meaning' ? mode : by === 'text' ? 'text' : `${mode} and text`;
  if (results.length === 0) return `${how}: nothing found`;
  const table = new Table({
    head: [
      ...(by === 'text' ? [] : ['score']),
      ...(by === 'both' ? ['found by'] : []),
      'type',
      'what',
      'trace',
    ],
    style: { head: [], border: [], compact: true },
  });
  for (const { score, found_by = [], event } of results) {
    table.push([
      // hits by text alone come newest first: their score says nothing but their place
      ...(by === 'text' ? [] : [score.toFixed(3)]),
      ...(by === 'both' ? [found_by.map((found) => `${found.how} ${found.rank}`).join(', ')] : []),
      event.event_type,
      describeEvent(event),
      event.trace_id,
    ]);
  }
  return `${how}\n${table.toString()}`;
}

interface SearchOptions extends Record<string, unknown> {
  by: SearchBy;
  limit: string;
  json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('search')
    .description('events by meaning, by text, or by both, best first; filters as the API has them')
    .argument('<text...>', 'what to look for')
    .addOption(
      new Option('--by <how>', 'what is compared').choices(['meaning', 'text', 'both']).default('meaning'),
    )
    .option('--limit <n>', 'how many', '10');
  addApiOptions(command, SearchFilter);
  command.option('--json', 'as the API gives it').action(async (words: string[], options: SearchOptions) => {
    const limit = Number(options.limit);
    if (!Number.isInteger(limit) || limit < 1)
      throw new UserError(`--limit is '${options.limit}', wanted is a number from 1`);
    const filter = readApiOptions(options, SearchFilter, Date.now());
    const { by } = options;
    const answer = await (await ApiClient.connect()).search(words.join(' '), limit, { by, filter });
    console.log(options.json ? JSON.stringify(answer, null, 2) : renderHits(answer, by));
  });
}
