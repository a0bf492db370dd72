import Table from 'cli-table3';
import type { Command } from 'commander';
import { chooseStack } from '../../../deploy/local/choose.js';
import { type StackReport, UserError } from '../../../deploy/local/stack.js';
import { ApiClient, type FlowAnswer } from '../api-client.js';

const RED = '\x1b[31m';
const PLAIN = '\x1b[0m';

/** What was accepted in the last 24 hours and what became of it, in one line; what is lost in red where there are colours. */
export function renderFlow({ total }: FlowAnswer, hasColours: boolean): string {
  const { accepted, stored, dead_lettered, in_flight, unaccounted } = total;
  const count = (value: number) => value.toLocaleString('en');
  const parts = [
    `accepted ${count(accepted)}`,
    `stored ${count(stored)}`,
    `dead-lettered ${count(dead_lettered)}`,
    `in flight ${count(in_flight)}`,
  ];
  const lost = `unaccounted ${count(unaccounted)}`;
  const shown = unaccounted > 0 ? `${lost}: EVENTS ARE MISSING, see docs/receipts.md` : lost;
  return `last 24 h: ${parts.join(' · ')} · ${unaccounted > 0 && hasColours ? RED + shown + PLAIN : shown}`;
}

/** The line, or why there is none; null where no gateway runs that could be asked. */
async function flowLine(report: StackReport): Promise<{ flow: FlowAnswer | null; line: string } | null> {
  const { gateway } = report.endpoints;
  if (!gateway) return null;
  try {
    const flow = await new ApiClient(gateway.url, process.env.VECTADB_API_KEY ?? report.api_key).flow();
    if (flow === null) return null;
    return { flow, line: renderFlow(flow, process.stdout.isTTY === true && !process.env.NO_COLOR) };
  } catch (error) {
    if (error instanceof UserError) return { flow: null, line: `last 24 h: not known: ${error.message}` };
    throw error;
  }
}

/** Whether search compares meaning, in one line, and what to do where it does not; null where the gateway does not say. */
export function renderSearch(mode: string | undefined): string | null {
  if (mode === undefined) return null;
  return mode === 'semantic'
    ? 'search: by meaning'
    : `search: by words, ${mode}, not by meaning: vectadb model pull, then start gateway and qdrant-sink again`;
}

async function searchMode({ endpoints }: StackReport): Promise<string | undefined> {
  if (!endpoints.gateway) return undefined;
  try {
    const response = await fetch(`${endpoints.gateway.url}/ready`, { signal: AbortSignal.timeout(5_000) });
    const { parts } = (await response.json()) as { parts?: { search?: { detail?: string } } };
    return parts?.search?.detail;
  } catch {
    return undefined; // the table says what the gateway's state is
  }
}

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
      const flow = report.running ? await flowLine(report) : null;
      const search = report.running ? await searchMode(report) : undefined;
      console.log(
        options.json
          ? JSON.stringify({ ...report, flow: flow?.flow ?? null, search: search ?? null }, null, 2)
          : [renderStatus(report), flow?.line, renderSearch(search)].filter(Boolean).join('\n'),
      );
      if (!report.ready) process.exitCode = 1;
    });
}
