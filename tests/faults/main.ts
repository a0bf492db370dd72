// The fault matrix: node dist/tests/faults/main.js [--row NAME...] [--seed N] [--events N] [--resume]
import { Command, InvalidArgumentError } from 'commander';
import { installParts, requireTools } from '../../deploy/local/prepare.js';
import { isAboutData } from './check/compare.js';
import { buildMutant, MUTANTS } from './mutants.js';
import { codeVersion, RESULTS, ResultFile } from './results.js';
import type { Row } from './row.js';
import { ROWS } from './rows/index.js';
import { secondsSince, Trial } from './trial.js';

const EVENTS = 20_000;
const BIG_EVENTS = 100_000;
/** A mutant that so many seeds of its rows do not see is not caught. */
const MUTANT_SEEDS = 3;

interface Options {
  row?: string[];
  seed?: number;
  seeds?: number;
  events?: number;
  big: boolean;
  short?: boolean;
  resume?: boolean;
  list?: boolean;
  mutants?: boolean | string;
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
  .option(
    '--mutants [name]',
    'run the product with one of its safeguards taken out, which must turn a row red',
  )
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
const red = options.mutants ? await uncaught() : await redRows();
console.log(red === 0 ? 'all is well' : `${red} red`);
process.exit(red === 0 ? 0 : 1);

/** Runs rows and seeds; returns how many were red. */
async function redRows(): Promise<number> {
  let count = 0;
  for (const row of rows) {
    const reason = row.impossible?.() ?? null;
    if (reason !== null) {
      console.log(`left out ${row.name}: ${reason}`);
      continue;
    }
    for (const seed of seedsOf(row)) {
      const events = eventsOf(row, seed);
      if (options.resume && results.hasPassed(row.name, seed, events, version.product)) continue;
      if ((await runOne(row, seed, events)).length > 0) count++;
    }
  }
  return count;
}

/** Runs each mutant until a row catches it; returns how many were not caught. */
async function uncaught(): Promise<number> {
  let count = 0;
  for (const mutant of MUTANTS.filter(({ name }) => options.mutants === true || options.mutants === name)) {
    const dist = buildMutant(mutant);
    const trials = Array.from({ length: MUTANT_SEEDS }, (_, n) => n + 1).flatMap((seed) =>
      mutant.rows.map((name) => ({ row: ROWS.find((row) => row.name === name)!, seed })),
    );
    let caught = false;
    for (const { row, seed } of trials) {
      // a machine that is too slow catches nothing: what counts is what is stored
      const faults = await runOne(row, seed, options.events ?? EVENTS, { name: mutant.name, dist });
      caught = faults.some(isAboutData);
      if (caught) break;
    }
    console.log(`${caught ? 'caught ' : 'UNSEEN '} ${mutant.name}: ${mutant.doc}`);
    if (!caught) count++;
  }
  return count;
}

function seedsOf(row: Row): number[] {
  if (options.seed !== undefined) return [options.seed];
  return Array.from({ length: Math.min(row.seeds, options.seeds ?? row.seeds) }, (_, n) => n + 1);
}

function eventsOf(row: Row, seed: number): number {
  if (options.events !== undefined) return options.events;
  return options.big && seed === row.seeds ? BIG_EVENTS : EVENTS;
}

/** Returns what was wrong. */
async function runOne(
  row: Row,
  seed: number,
  events: number,
  mutant?: { name: string; dist: string },
): Promise<string[]> {
  const startedMs = Date.now();
  const size = options.short ? 'short' : 'full';
  const outcome = await Trial.run({ row, seed, events, size, dist: mutant?.dist }).catch(
    (error: unknown) => ({
      events: 0,
      thrown: {},
      faults: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
      figures: {},
    }),
  );
  const seconds = secondsSince(startedMs);
  const passed = outcome.faults.length === 0;
  const verdict = passed ? 'passed' : 'failed';
  if (size === 'full') {
    const date = new Date().toISOString();
    results.add({
      row: row.name,
      seed,
      mutant: mutant?.name,
      verdict,
      ...outcome,
      seconds,
      ...version,
      date,
    });
  }
  const thrown = Object.entries(outcome.thrown).map(([kind, n]) => `${n} ${kind}`);
  const figures = Object.entries(outcome.figures).map(([name, value]) => `${name} ${value}`);
  const what = mutant ? `${mutant.name} in ${row.name}` : row.name;
  console.log(
    `${passed ? 'ok    ' : 'RED   '} ${what} seed ${seed}: ${outcome.events} events, ${thrown.join(', ')}, ${seconds} s (${figures.join(', ')})`,
  );
  for (const fault of outcome.faults) console.log(`       ${fault}`);
  if (!passed && !mutant) {
    const size = options.short ? ' --short' : '';
    console.log(
      `       again: node dist/tests/faults/main.js --row ${row.name} --seed ${seed} --events ${events}${size}`,
    );
  }
  return outcome.faults;
}
