// How well lines are put into traces: npm run -s accuracy -- [--scenario NAME…] [--seeds N] [--errors] [--write]
import { cpus } from 'node:os';
import CliTable from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { loadScenario, scenarioFiles } from '../labelled/scenario.js';
import { writeReport } from './report.js';
import { accuracyTable, classTable, culpritTable, type Summary, type Table, volumeTable } from './tables.js';
import { measureAll } from './workers.js';

const count = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1 on');
  return value;
};

interface Options {
  scenario: string[];
  seeds: number;
  first: number;
  jobs: number;
  errors?: boolean;
  write?: boolean;
}

const CULPRITS = 25;

/** Narrow: every column as wide as its text. */
function show({ head, rows }: Table): void {
  const table = new CliTable({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  console.log(table.toString());
}

const known = scenarioFiles();
const program = new Command('accuracy')
  .description(
    'runs labelled log lines through the whole topology and scores the traces (B-cubed, over lines)',
  )
  .option('--scenario <name...>', `some of ${known.map(({ name }) => name).join(', ')}`, [])
  .option('--seeds <n>', 'how many seeds', count, 10)
  .option(
    '--first <n>',
    'the first of them: others than 1 to 10 are seeds that nothing was tuned by',
    count,
    1,
  )
  .option('--jobs <n>', 'processes', count, Math.min(2, cpus().length))
  .option('--errors', 'show which lines went wrong, by scenario')
  .option('--write', 'put the tables into docs/accuracy.md')
  .action(async ({ scenario: names, seeds, first, jobs, errors, write }: Options) => {
    const unknown = names.filter((name) => !known.some((file) => file.name === name));
    if (unknown.length > 0) program.error(`no scenario ${unknown.join(', ')}`);
    const chosen = known.filter(({ name }) => names.length === 0 || names.includes(name));
    const started = Date.now();
    const tasks = chosen.flatMap(({ name }) =>
      Array.from({ length: seeds }, (_, n) => ({ name, seed: first + n })),
    );
    const measured = await measureAll(tasks, jobs, errors ?? false);
    const summaries: Summary[] = chosen.map(({ name, path }) => ({
      scenario: name,
      goal: loadScenario(path).goal_f1,
      results: measured.filter((one) => one.measured.scenario === name).map((one) => one.measured),
    }));
    console.log(`B-cubed over lines, seeds ${first} to ${first + seeds - 1}: median, and the worst of them`);
    show(accuracyTable(summaries));
    console.log('by which strategy lines found their trace; the whole topology in one process');
    show(volumeTable(summaries));
    if (errors) {
      for (const { name } of chosen) {
        const breakdown = measured.find((one) => one.measured.scenario === name && one.errors)?.errors;
        if (!breakdown || breakdown.wrong === 0) continue;
        console.log(`\n${name}: ${breakdown.wrong} of ${breakdown.scored} lines are in a wrong trace`);
        show(classTable(breakdown));
        console.log('lines from which runs went astray, and how many lines that cost');
        show(culpritTable(breakdown, CULPRITS));
      }
    }
    if (write) console.log(`written: ${writeReport(summaries, first, seeds)}`);
    console.log(`${((Date.now() - started) / 1_000).toFixed(0)} s`);
  });

await program.parseAsync();
