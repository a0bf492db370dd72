import type { Result } from './results.js';
import type { Row } from './row.js';

/** The results of the fault matrix as a page of Markdown: each row with what was sent, thrown and found. */
export function reportOf(rows: readonly Row[], results: readonly Result[]): string {
  const full = results.filter(({ mutant }) => mutant === undefined);
  const of = (row: Row) => full.filter((one) => one.row === row.name);
  const missing = rows.filter((row) => of(row).length < row.seeds);
  return `# Figures of the fault matrix

Made by \`npm run docs:faults\` from [results.json](../tests/faults/results.json); what a row throws and compares: [guarantees](guarantees.md). Each seed is a
system of its own; the last seed of a row has 100,000 events, the others 20,000. *Red* are seeds in which anything was lost, doubled, damaged, invented or in
another trace than in the reference run, or came later than it may; of a seed that was run again, the last
run counts. *Fresh* is how long a new event took into both stores once the faults were over.

${sumOf(rows, full)}

| row | seeds | red | events | largest run | thrown | fresh, slowest, s | commit |
| --- | --- | --- | --- | --- | --- | --- | --- |
${rows.map((row) => lineOf(row, of(row))).join('\n')}
${missing.length > 0 ? `\nNot yet run over all their seeds: ${missing.map(({ name }) => `\`${name}\``).join(', ')}.\n` : ''}${mutantsOf(results)}`;
}

function sumOf(rows: readonly Row[], results: readonly Result[]): string {
  const wanted = rows.reduce((sum, { seeds }) => sum + seeds, 0);
  const events = results.reduce((sum, one) => sum + one.events, 0);
  const red = results.filter(({ verdict }) => verdict === 'failed').length;
  const hours = results.reduce((sum, { seconds }) => sum + seconds, 0) / 3_600;
  return `**${results.length} of ${wanted} runs, ${count(events)} events, ${red} red**, ${hours.toFixed(1)} hours.`;
}

function lineOf({ name, seeds }: Row, results: readonly Result[]): string {
  const red = results.filter(({ verdict }) => verdict === 'failed').map(({ seed }) => seed);
  const thrown: Record<string, number> = {};
  for (const one of results)
    for (const [what, times] of Object.entries(one.thrown)) thrown[what] = (thrown[what] ?? 0) + times;
  const events = results.map((one) => one.events);
  const fresh = results.map(({ figures }) => figures.fresh_seconds ?? 0);
  const cells = [
    `\`${name}\``,
    `${results.length} of ${seeds}`,
    red.length === 0 ? '0' : `${red.length} (seed ${red.join(', ')})`,
    count(events.reduce((sum, one) => sum + one, 0)),
    count(Math.max(0, ...events)),
    Object.entries(thrown)
      .map(([what, times]) => `${times} ${what}`)
      .join(', '),
    Math.max(0, ...fresh).toFixed(1),
    [...new Set(results.map(({ commit }) => commit))].join(', '),
  ];
  return `| ${results.length === 0 ? [cells[0], cells[1], '', '', '', '', '', ''].join(' | ') : cells.join(' | ')} |`;
}

function mutantsOf(results: readonly Result[]): string {
  const caught = results.filter((one) => one.mutant !== undefined && one.verdict === 'failed');
  if (caught.length === 0) return '';
  const lines = caught.map(
    ({ mutant, row, seed, events, faults, commit }) =>
      `| \`${mutant}\` | \`${row}\` | ${seed} | ${count(events)} | ${cell(faults[0] ?? '')} | ${commit} |`,
  );
  return `
## Mutants

The product with one safeguard taken out of it (\`make test-faults-mutants\`), and the row and seed that told.

| taken out | row | seed | events | the first thing found | commit |
| --- | --- | --- | --- | --- | --- |
${lines.join('\n')}
`;
}

const count = (n: number): string => n.toLocaleString('en-US');
const cell = (text: string): string => text.split('\n')[0]!.replaceAll('|', '\\|').slice(0, 160);
