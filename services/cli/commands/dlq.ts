import type { Command } from 'commander';
import { GROUPINGS } from '../../../lib/dead-letters/summary.js';
import { LIST_LIMIT, type ListOptions, listLetters, STATES, showLetter } from '../dead-letter-list.js';
import { type RedriveOptions, redriveLetters } from '../dead-letter-redrive.js';
import { runCommand } from '../kafka-command.js';

/** `vectadb dlq list | show | redrive`: what could not be processed, why, and back with it. */
export function register(program: Command): void {
  const dlq = program
    .command('dlq')
    .description('dead letters: what could not be processed, and back with it');
  withFilters(dlq.command('list'))
    .description(
      'what was refused, by cause, and the latest letters; of letters refused again the last attempt',
    )
    .option('--state <state>', `${STATES.join(', ')}`, 'open')
    .option('--by <what>', `only the counts, by ${GROUPINGS.join(', ')}`)
    .option('-n, --limit <n>', `at most so many letters, the newest (${LIST_LIMIT})`)
    .action((options: ListOptions) => runCommand(() => listLetters(options)));
  dlq
    .command('show')
    .description('one letter: headers, cause, position, its bytes decoded, and what was done about it')
    .argument('<letter>', 'PARTITION/OFFSET, as list names it')
    .option('--json', 'for scripts')
    .action((letter: string, options: { json?: boolean }) => runCommand(() => showLetter(letter, options)));
  withFilters(dlq.command('redrive'))
    .description('send letters back to where they came from; each is sent once, unless --again')
    .argument('[letters...]', 'PARTITION/OFFSET; left out: those that the options select')
    .option('--all', 'every open letter')
    .option('--again', 'those, too, that were redriven before')
    .option('-n, --limit <n>', 'at most so many letters')
    .option('--encoding <name>', 'for INVALID_UTF8: what the bytes are written in, as in windows-1252')
    .option('--dry-run', 'say what would be sent, and send nothing')
    .option('-y, --yes', 'do not ask')
    .action((letters: string[], options: RedriveOptions) =>
      runCommand(() => redriveLetters(letters, options)),
    );
}

function withFilters(command: Command): Command {
  return command
    .option('--since <time>', 'refused since: ISO 8601, or how long ago: 15m, 2h, 3d')
    .option('--until <time>', 'refused before')
    .option('--topic <topic>', 'from this topic')
    .option('--stage <stage>', 'refused by: parse, trace, aggregate, surreal-sink, qdrant-sink')
    .option('--cause <code>', 'refused for, as in UNKNOWN_SCHEMA_ID')
    .option('--contains <text>', 'with this text in value, key or message')
    .option('--json', 'for scripts');
}
