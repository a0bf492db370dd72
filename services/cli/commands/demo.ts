import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { chooseStack } from '../../../deploy/local/choose.js';
import { cloudWatchOf } from '../../../deploy/local/cloudwatch.js';
import { readSettings } from '../../../deploy/local/settings.js';
import type { StackReport } from '../../../deploy/local/stack.js';
import type { LogWriter } from '../../simulator/cloudwatch/log-writer.js';
import { differences } from '../../simulator/demo/compare.js';
import { type DemoLine, type DemoScenario, loadDemo } from '../../simulator/demo/scenario.js';
import { ApiClient, type SearchAnswer, type TraceDetail } from '../api-client.js';
import { renderTrace } from '../trace-view.js';
import { renderHits } from './search.js';

const STORED_LIMIT_MS = 60_000;
const POLL_MS = 100;

interface Outcome {
  sent: number;
  traces: TraceDetail[];
  search: SearchAnswer;
  faults: string[];
  /** From the last acknowledgement until everything could be queried. */
  queryableMs: number;
}

export function register(program: Command): void {
  program
    .command('demo')
    .description('start everything, send the logs of three agents, show what became of them')
    .option('--json', 'figures instead of pictures')
    .action(async (options: { json?: boolean }) => {
      const started = Date.now();
      const say = (message: string) =>
        console.error(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${message}`);
      const stack = await chooseStack();
      const { api_key } = await stack.up({ progress: say, limitMs: 240_000 });
      const upMs = Date.now() - started;
      const api = await ApiClient.connect();
      say('sending the logs of three agents');
      const emulator = await emulatorOf(await stack.status());
      const outcome = await run(api, emulator);
      const totalMs = Date.now() - started;
      if (options.json) {
        const { sent, traces, search, faults, queryableMs } = outcome;
        const figures = {
          ok: faults.length === 0,
          events_sent: sent,
          traces: traces.map(({ trace_id, status, total_events }) => ({ trace_id, status, total_events })),
          search_mode: search.mode,
          up_ms: upMs,
          queryable_ms: queryableMs,
          total_ms: totalMs,
          faults,
          api: api.url,
          api_key,
        };
        console.log(JSON.stringify(figures, null, 2));
      } else print(outcome, api, totalMs);
      if (outcome.faults.length > 0) process.exitCode = 1;
    });
}

/** The CloudWatch emulator of a stack; null where it reads AWS, or an endpoint of the user, which is not ours to write to. */
async function emulatorOf({ endpoints }: StackReport): Promise<LogWriter | null> {
  const { external } = cloudWatchOf(readSettings());
  const url = endpoints.moto?.url;
  if (external || !url) return null;
  // the AWS client is loaded by none but those who use it
  const { emulatorWriter } = await import('../../simulator/cloudwatch/emulator.js');
  return emulatorWriter(url);
}

/** The Lambda agent's lines by CloudWatch and the poller where there is an emulator, else over HTTP. */
async function sendLambda(api: ApiClient, lines: DemoLine[], emulator: LogWriter | null): Promise<number> {
  if (!emulator) return api.sendLines(lines);
  const { log_group, log_stream } = lines[0]!.source;
  await emulator.put(
    log_group,
    log_stream,
    lines.map(({ timestamp, message }) => ({ timestampMs: Date.parse(timestamp), message })),
  );
  return lines.length;
}

async function run(api: ApiClient, emulator: LogWriter | null): Promise<Outcome> {
  const ids = {
    run: randomUUID().slice(0, 8),
    request_1: randomUUID(),
    request_2: randomUUID(),
    session: `ticket-${randomUUID().slice(0, 8)}`,
    trace: randomUUID(),
  };
  const demo = loadDemo(ids, Date.now());
  let sent = await sendLambda(api, demo.lambda, emulator);
  sent += await api.sendLines(demo.llamaindex);
  const batch = { type: 'application/json', content: JSON.stringify({ events: demo.ownAgent }) };
  const answer = await api.request<{ ingested: number; failed: number; errors: unknown[] }>(
    'POST',
    '/api/v1/events/batch',
    batch,
  );
  sent += answer!.ingested;
  const acknowledged = Date.now();

  let traces: TraceDetail[] = [];
  let faults: string[] = [];
  for (const limit = acknowledged + STORED_LIMIT_MS; ; ) {
    ({ traces, faults } = await check(api, demo, ids));
    if (faults.length === 0 || Date.now() > limit) break;
    await delay(POLL_MS);
  }
  const queryableMs = Date.now() - acknowledged;
  const search = await api.search(demo.search.query, 3);
  if (search.mode !== 'semantic') Object.assign(search, await api.search(demo.search.lexical_query, 3));
  if (!String(search.results[0]?.event.properties.message).includes(demo.search.hit)) {
    faults.push(`search: the best hit is not '${demo.search.hit}'`);
  }
  return { sent, traces, search, faults, queryableMs };
}

/** Finds each expected trace by what its agent is known by, and compares. */
async function check(api: ApiClient, demo: DemoScenario, ids: Record<string, string>) {
  const faults: string[] = [];
  const traces: TraceDetail[] = [];
  for (const expected of demo.expected) {
    const id = expected.trace_id ?? (await findTrace(api, expected.session_id ?? null, demo, ids));
    const trace = id ? await api.trace(id) : null;
    if (trace === null) faults.push(`${expected.name}: nothing of it is stored yet`);
    else {
      traces.push(trace);
      faults.push(...differences(expected, trace));
    }
  }
  return { traces, faults };
}

async function findTrace(
  api: ApiClient,
  session: string | null,
  demo: DemoScenario,
  ids: Record<string, string>,
) {
  if (session) return (await api.events({ session_id: session, limit: '1' }))[0]?.trace_id;
  const { timestamp } = demo.llamaindex[0]!;
  const events = await api.events({ from: timestamp, limit: '200' });
  return events.find(({ source }) => source?.log_stream === ids.run)?.trace_id;
}

function print(
  { sent, traces, search, faults, queryableMs }: Outcome,
  api: ApiClient,
  totalMs: number,
): void {
  for (const trace of traces) console.log(`\n${renderTrace(trace)}`);
  console.log(`\nsearch by meaning, ${renderHits(search)}`);
  console.log(
    `\n${sent} events in ${traces.length} traces, queryable ${queryableMs} ms after the last was accepted`,
  );
  for (const fault of faults) console.log(`NOT AS EXPECTED  ${fault}`);
  console.log(
    faults.length === 0 ? 'every event is stored and every trace is as written by hand' : 'the demo failed',
  );
  console.log(
    `\nit goes on running; \`make down\` ends it (${(totalMs / 1000).toFixed(1)} s in all)

API      ${api.url}   (documentation: ${api.url}/docs)
API key  ${api.key}
console  ${api.url}/   (it asks for that key once)`,
  );
  for (const { trace_id, status } of traces) {
    console.log(`         ${api.url}/traces/${encodeURIComponent(trace_id)}   ${status}`);
  }
}
