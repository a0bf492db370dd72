import Table from 'cli-table3';
import type { Command } from 'commander';
import { chooseStack } from '../../../deploy/local/choose.js';
import type { StackReport } from '../../../deploy/local/stack.js';

/** The report as a table for a terminal. */
export function renderStatus(report: StackReport): string {
  if (!report.running) return 'nothing runs: vectadb up';
  const table = new Table({
    head: ['component', 'state', 'pid', 'restarts', 'address'],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, state, pid, restarts, url } of report.components) {
    table.push([name, state, pid ?? '', restarts, url ?? '']);
  }
  const reasons = report.components
    .filter((component) => component.reason)
    .map((component) => `${component.name}: ${component.reason}`);
  const key = report.api_key ? [`API key: ${report.api_key}`] : [];
  return [table.toString(), ...reasons, ...key].join('\n');
}

export function register(program: Command): void {
  program
    .command('status')
    .description('every component with its state and address; exit code 1 when not all is ready')
    .option('--json', 'for scripts: endpoints, states and the development API key')
    .action(async (options: { json?: boolean }) => {
      const report = await (await chooseStack()).status();
      console.log(options.json ? JSON.stringify(report, null, 2) : renderStatus(report));
      if (!report.ready) process.exitCode = 1;
    });
}
