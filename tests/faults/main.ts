// The fault matrix: node dist/tests/faults/main.js [--row NAME...] [--seed N] [--events N] [--resume]
import { Command, InvalidArgumentError } from 'commander';
import { installParts, requireTools } from '../../deploy/local/prepare.js';
import { codeVersion, RESULTS, ResultFile } from './results.js';
import type { Row } from './row.js';
import { ROWS } from './rows/index.js';
import { secondsSince, Trial } from './trial.js';

const EVENTS = 20_000;
const BIG_EVENTS = 100_000;

interface Options {
  row?: string[];
  seed?: number;
  seeds?: number;
  events?: number;
  big: boolean;
  short?: boolean;
  resume?: boolean;
  list?: boolean;
  results: string;
}

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('not a whole number above 0');
  return value;
};

const program = new Command('faults')
  .description('throws faults at the whole system and compares what it stored with a reference run')
  .option('--row <name...>', 'these rows; left out: all')
  .option('--seed <n>', 'this seed alone', whole)
  .option('--seeds <n>', 'as many seeds of each row, at most', whole)
  .option('--events <n>', `events a run (${EVENTS}; the last seed of a row ${BIG_EVENTS})`, whole)
  .option('--no-big', 'the last seed of a row is like the others')
  .option('--short', 'faults as short as in the everyday tests')
  .option('--resume', 'leave out what passed with this product code')
  .option('--list', 'print the rows')
  .option('--results <file>', 'where results go', RESULTS)
  .parse();
const options = program.opts<Options>();

const unknown = (options.row ?? []).filter((name) => !ROWS.some((row) => row.name === name));
if (unknown.length > 0) {
  console.error(`no such row: ${unknown.join(', ')}; there are ${ROWS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const rows = ROWS.filter(({ name }) => !options.row || options.row.includes(name));
if (options.list) {
  for (const { name, seeds, doc } of rows)
    console.log(`${name.padEnd(32)} ${String(seeds).padStart(2)} seeds  ${doc}`);
  process.exit(0);
}

const parts = ['kafka', 'registry', 'surreal', 'qdrant', 'moto'];
requireTools(parts);
await installParts(parts, (message) => console.error(message));

const results = new ResultFile(options.results);
const version = codeVersion();
let red = 0;
for (const row of rows) {
  for (const seed of seedsOf(row)) {
    const events = eventsOf(row, seed);
    if (options.resume && results.hasPassed(row.name, seed, events, version.product)) continue;
    if (!(await runOne(row, seed, events))) red++;
  }
}
console.log(red === 0 ? 'no fault found' : `${red} red`);
process.exit(red === 0 ? 0 : 1);

function seedsOf(row: Row): number[] {
  if (options.seed !== undefined) return [options.seed];
  return Array.from({ length: Math.min(row.seeds, options.seeds ?? row.seeds) }, (_, n) => n + 1);
}

function eventsOf(row: Row, seed: number): number {
  if (options.events !== undefined) return options.events;
  return options.big && seed === row.seeds ? BIG_EVENTS : EVENTS;
}

async function runOne(row: Row, seed: number, events: number): Promise<boolean> {
  const startedMs = Date.now();
  const size = options.short ? 'short' : 'full';
  const outcome = await Trial.run({ row, seed, events, size }).catch((error: unknown) => ({
    events: 0,
    thrown: {},
    faults: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
    figures: {},
  }));
  const seconds = secondsSince(startedMs);
  const passed = outcome.faults.length === 0;
  const verdict = passed ? 'passed' : 'failed';
  if (size === 'full')
    results.add({
      row: row.name,
      seed,
      verdict,
      ...outcome,
      seconds,
      ...version,
      date: new Date().toISOString(),
    });
  const thrown = Object.entries(outcome.thrown).map(([kind, n]) => `${n} ${kind}`);
  const figures = Object.entries(outcome.figures).map(([name, value]) => `${name} ${value}`);
  console.log(
    `${passed ? 'ok    ' : 'RED   '} ${row.name} seed ${seed}: ${outcome.events} events, ${thrown.join(', ')}, ${seconds} s (${figures.join(', ')})`,
  );
  for (const fault of outcome.faults) console.log(`       ${fault}`);
  if (!passed)
    console.log(
      `       again: node dist/tests/faults/main.js --row ${row.name} --seed ${seed} --events ${events}${options.short ? ' --short' : ''}`,
    );
  return passed;
}
