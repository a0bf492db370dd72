import { UserError } from '../../deploy/local/stack.js';
import { nameOf } from '../../lib/dead-letters/letter.js';
import { listed, NewestLetters } from '../../lib/dead-letters/listed-letter.js';
import type { LetterState } from '../../lib/dead-letters/selection.js';
import { GROUPINGS, type Grouping, LetterSummary } from '../../lib/dead-letters/summary.js';
import { readableBytes, showRecord } from '../../lib/kafka/shown-record.js';
import { DEAD_LETTER_TOPIC } from '../../lib/topology/dead-letter.js';
import { type FilterOptions, filterOf, readPosition, withLetters } from './dead-letter-command.js';
import { renderLetter, renderList, renderSummary } from './dead-letter-view.js';
import { wholeNumber, writeLine } from './kafka-command.js';

export interface ListOptions extends FilterOptions {
  state: string;
  by?: string;
}

export const STATES = ['open', 'redriven', 'all'];
/** Letters that are listed where nothing else is asked for. */
export const LIST_LIMIT = 50;

/** `vectadb dlq list`. Returns the exit code. */
export async function listLetters(options: ListOptions): Promise<number> {
  const filter = filterOf(options);
  const limit = options.limit === undefined ? LIST_LIMIT : wholeNumber('--limit', options.limit);
  if (!STATES.includes(options.state))
    throw new UserError(`--state is '${options.state}', wanted is one of ${STATES.join(', ')}`);
  if (options.by !== undefined && !GROUPINGS.includes(options.by as Grouping))
    throw new UserError(`--by is '${options.by}', wanted is one of ${GROUPINGS.join(', ')}`);
  const state = options.state === 'all' ? undefined : (options.state as LetterState);
  return withLetters(async ({ letters }) => {
    const summary = new LetterSummary((options.by as Grouping | undefined) ?? null);
    const newest = new NewestLetters(limit);
    let others = 0;
    await letters.forEach(filter, (traced) => {
      if (state !== undefined && traced.state !== state) others++;
      else {
        summary.add(traced);
        newest.add(traced);
      }
      return true;
    });
    const groups = summary.rows();
    const count = groups.reduce((sum, group) => sum + group.letters, 0);
    const shown = options.by === undefined ? newest.rows() : [];
    if (options.json) await writeLine(JSON.stringify({ summary: groups, letters: shown }));
    else if (count === 0) await writeLine(nothing(options, others));
    else {
      await writeLine(renderSummary(groups));
      if (shown.length > 0) await writeLine(`\n${renderList(shown)}`);
      if (options.by === undefined && shown.length < count)
        await writeLine(`\nthe newest ${shown.length} of ${count}: --limit shows more`);
    }
    return 0;
  });
}

function nothing(options: ListOptions, others: number): string {
  const { state, limit: _limit, json: _json, by: _by, ...filters } = options;
  const which = state === 'all' ? '' : `${state} `;
  const chosen = Object.keys(filters).length > 0 ? ' that these options select' : '';
  const rest = others > 0 ? ` (${others} in another state: --state all)` : '';
  return `No ${which}dead letters${chosen}${rest}.`;
}

/** `vectadb dlq show`. Returns the exit code. */
export async function showLetter(name: string, { json }: { json?: boolean }): Promise<number> {
  const position = readPosition(name);
  return withLetters(async ({ letters, context }) => {
    const traced = await letters.find(position);
    if (traced === null)
      throw new UserError(`there is no dead letter ${name}; those older than the topic's retention are gone`);
    const { letter, trail } = traced;
    const record = { ...letter, topic: DEAD_LETTER_TOPIC, timestampMs: letter.refusedMs };
    const shown = await showRecord(record, context.registry);
    const successor = letters.successorOf(letter);
    if (!json) await writeLine(renderLetter(traced, shown, successor));
    else {
      const { key, headers, format, value } = shown;
      const facts = { ...listed(traced), origin: letter.origin, key, headers, format, value, trail };
      const links = {
        predecessor: letter.predecessor && nameOf(letter.predecessor),
        successor: successor && nameOf(successor),
      };
      await writeLine(JSON.stringify({ ...facts, ...links }, readableBytes));
    }
    return 0;
  });
}
