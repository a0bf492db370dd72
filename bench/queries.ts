import Table from 'cli-table3';
import { connectTestStore } from '../lib/stores/surreal/fixtures.js';
import { median } from '../lib/testing/median.js';
import { startBenchStack } from './bench-stack.js';
import { cpuMs, FIRST_MS, sinkOf, storedEvent, storedTrace, surrealPid } from './stored-events.js';

/**
 * What questions cost over HTTP, with so many events stored by the SurrealDB sink in traces of 50, and one trace of 10,000:
 *
 *     npm run build && node --enable-source-maps dist/bench/queries.js [events]
 *
 * Median and worst of RUNS (7) requests after one that is not counted, and the CPU of gateway and engine, which other load on the machine does not change.
 */
const EVENTS = Number(process.argv[2] ?? 100_000);
const PER_TRACE = 50;
const LARGE = 10_000;
const RUNS = Number(process.env.RUNS ?? 7);
const KEY = 'bench-key-0123456789abcdef';
const ONLY = process.env.ONLY ? new RegExp(process.env.ONLY) : null;

const iso = (n: number) => new Date(FIRST_MS + n * 1_000).toISOString();
const midHour = `from=${iso(EVENTS / 2)}&to=${iso(EVENTS / 2 + 3_600)}`;
const midDay = `from=${iso(EVENTS / 2)}&to=${iso(EVENTS / 2 + 43_200)}`;

const QUESTIONS: [what: string, path: string][] = [
  ['a trace of 10,000 events, with its tree', `/api/v1/traces/trace-large`],
  ['a trace of 50 events', '/api/v1/traces/trace-7'],
  ['its first 1,000 events', '/api/v1/traces/trace-large?max_events=1000'],
  ['events: newest 50', '/api/v1/events'],
  ['events: newest 1,000', '/api/v1/events?limit=1000'],
  ['events: oldest 50', '/api/v1/events?order=asc'],
  ['events: of an hour', `/api/v1/events?${midHour}`],
  ['events: by type', '/api/v1/events?event_type=tool_error'],
  ['events: by two types, oldest first', '/api/v1/events?event_type=tool_error&event_type=llm_end&order=asc'],
  ['events: by a type that none has', '/api/v1/events?event_type=none'],
  ['events: by agent', '/api/v1/events?agent_id=agent-3'],
  ['events: by agent and type', '/api/v1/events?agent_id=agent-3&event_type=tool_error'],
  ['events: by session', '/api/v1/events?session_id=session-17'],
  ['events: by trace', '/api/v1/events?trace_id=trace-17&order=asc'],
  ['events: by framework', '/api/v1/events?framework=llamaindex'],
  ['events: by a framework that none has', '/api/v1/events?framework=none'],
  ['events: by level', '/api/v1/events?level=error'],
  ['events: by a level that none has', '/api/v1/events?level=fatal'],
  ['text: in every event', '/api/v1/events?text=ferry'],
  ['text: one event, the oldest', '/api/v1/events?text=%22step+3+of%22'],
  ['text: none', '/api/v1/events?text=submarine'],
  ['text: none, oldest first', '/api/v1/events?text=submarine&order=asc'],
  ['text: two words and a type', '/api/v1/events?text=word7+word11&event_type=tool_error'],
  ['text: in the large trace', '/api/v1/events?text=%22step+3+of%22&trace_id=trace-large'],
  ['traces: newest 50', '/api/v1/traces'],
  ['traces: of an hour', `/api/v1/traces?${midHour}`],
  ['traces: by status', '/api/v1/traces?status=failed'],
  ['traces: by a status that none has', '/api/v1/traces?status=truncated'],
  ['traces: by agent', '/api/v1/traces?agent_id=agent-3'],
  ['traces: by session', '/api/v1/traces?session_id=session-17'],
  ['traces: by framework', '/api/v1/traces?framework=llamaindex'],
  ['traces: by a type of their events', '/api/v1/traces?event_type=tool_error'],
  ['traces: by a type that none has', '/api/v1/traces?event_type=none'],
  ['traces: by text', '/api/v1/traces?text=%22step+3+of%22'],
  ['traces: by text that none has', '/api/v1/traces?text=submarine'],
  ['traces: most events first', '/api/v1/traces?sort=events'],
  ['traces: most expensive first', '/api/v1/traces?sort=cost'],
  ['stats: errors', '/api/v1/stats/errors'],
  ['stats: errors of half a day', `/api/v1/stats/errors?${midDay}`],
  ['stats: latency', '/api/v1/stats/latency'],
  ['stats: usage', '/api/v1/stats/usage'],
  ['stats: sequences', '/api/v1/stats/sequences'],
  ['stats: coverage', '/api/v1/stats/coverage'],
  ['stats: traces a day', '/api/v1/stats/traces'],
  ['stats: errors of an agent', '/api/v1/stats/errors?agent_id=agent-3'],
];

const stack = await startBenchStack({ surreal: true });
const store = await connectTestStore(stack.env);
try {
  const sink = sinkOf(store);
  const traces = Math.ceil(EVENTS / PER_TRACE);
  for (let from = 0; from < EVENTS; from += 20_000) {
    const count = Math.min(20_000, EVENTS - from);
    await sink.events(
      Array.from({ length: count }, (_, n) => storedEvent(from + n, Math.floor((from + n) / PER_TRACE))),
    );
  }
  await sink.events(
    Array.from({ length: LARGE }, (_, n) => ({
      ...storedEvent(n, 0, `large-${n}`),
      trace_id: 'trace-large',
      group_id: 'group-large',
      session_id: 'session-large',
    })),
  );
  await sink.traces([
    ...Array.from({ length: traces }, (_, n) => storedTrace(n, n * PER_TRACE, (n + 1) * PER_TRACE)),
    {
      ...storedTrace(0, 0, LARGE),
      trace_id: 'trace-large',
      session_id: 'session-large',
      group_ids: ['group-large'],
    },
  ]);
  const env = { VECTADB_API_KEY: KEY, RATE_LIMIT_PER_MINUTE: '100000000', QDRANT_URL: 'http://127.0.0.1:9' };
  const gateway = await stack.spawnService('gateway', { env });
  await gateway.waitReady();
  const engine = await surrealPid(stack.env.SURREAL_URL!);

  const table = new Table({
    head: ['question', 'rows', 'median ms', 'worst ms', 'CPU ms, gateway', 'CPU ms, SurrealDB', 'KB'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const [what, path] of QUESTIONS) {
    if (ONLY && !ONLY.test(what)) continue;
    const times: number[] = [];
    let text = '';
    let before = [0, 0];
    const used = () => [cpuMs(gateway.pid), engine === null ? Number.NaN : cpuMs(engine)];
    for (let run = 0; run <= RUNS; run++) {
      if (run === 1) before = used();
      const started = performance.now();
      const response = await fetch(gateway.url + path, {
        headers: { authorization: `Bearer ${KEY}` },
        signal: AbortSignal.timeout(120_000),
      });
      text = await response.text();
      if (run > 0) times.push(performance.now() - started);
      if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 300)}`);
    }
    const after = used();
    const body = JSON.parse(text) as Record<string, unknown>;
    const rows = (body.events ?? body.traces ?? []) as unknown[] | number;
    const row = [
      what,
      `${Array.isArray(rows) ? rows.length : rows}${body.next_cursor ? '+' : ''}`,
      median(times).toFixed(0),
      Math.max(...times).toFixed(0),
      ((after[0]! - before[0]!) / RUNS).toFixed(0),
      ((after[1]! - before[1]!) / RUNS).toFixed(0),
      (text.length / 1_024).toFixed(0),
    ];
    table.push(row);
    console.error(row.join(' | '));
  }
  console.log(`${EVENTS} events in ${traces} traces, and one trace of ${LARGE}`);
  console.log(table.toString());
} finally {
  await store.close();
  await stack.stop();
}
process.exit(0);
