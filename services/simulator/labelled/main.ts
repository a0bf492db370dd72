// Log lines of agents, with the truth about them: node dist/services/simulator/labelled/main.js --scenario messy > lines.jsonl
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { generate } from './generate.js';
import { loadScenario, scenarioFiles } from './scenario.js';

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('a whole number');
  return value;
};

interface Options {
  scenario: string;
  seed: number;
  truth?: string;
}

const program = new Command('labelled')
  .description('prints log lines of simulated agents, one JSON object a line, as `vectadb parse` takes them')
  .requiredOption('--scenario <file>', 'scenario file, or the name of one of the project')
  .option('--seed <n>', 'the same seed prints the same lines', whole, 1)
  .option(
    '--truth <file>',
    'where to write what is true of each line, one JSON object a line, in the same order',
  )
  .action(async ({ scenario, seed, truth }: Options) => {
    const lines = generate(loadScenario(pathOf(scenario)), seed);
    if (truth) writeFileSync(truth, lines.map((line) => `${JSON.stringify(line.truth)}\n`).join(''));
    for (const { input } of lines)
      if (!process.stdout.write(`${JSON.stringify(input)}\n`)) await once(process.stdout, 'drain');
    const runs = new Set(lines.map((line) => line.truth.run)).size;
    console.error(`scenario ${scenario}, seed ${seed}: ${lines.length} lines of ${runs} sessions`);
  });

/** A path as it is, else one of the project's scenarios. */
function pathOf(scenario: string): string {
  if (existsSync(scenario)) return scenario;
  const known = scenarioFiles();
  const found = known.find(({ name }) => name === scenario);
  if (found) return found.path;
  throw new InvalidArgumentError(`no file, and none of ${known.map(({ name }) => name).join(', ')}`);
}

await program.parseAsync();
