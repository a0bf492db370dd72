// What the whole system does on this machine: idle cost, latency, events a second into both stores, lines a second through the
// processor. npm run -s build && node dist/bench/pipeline.js [EVENTS] [LINES]
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import Table from 'cli-table3';
import { ClusterClient } from '../lib/kafka/cluster.js';
import { createProducer } from '../lib/kafka/producer.js';
import { readTopic } from '../lib/kafka/topic-reader.js';
import { connectQdrant } from '../lib/stores/qdrant/store.js';
import { countEvents } from '../lib/stores/surreal/index.js';
import { mint } from '../tests/pipeline/oracle.js';
import { API_KEY, Pipeline } from '../tests/pipeline/pipeline.js';
import { surrealOf } from '../tests/pipeline/surreal.js';
import { agentLine } from './agent-line.js';

const EVENTS = Number(process.argv[2] ?? 50_000);
const LINES = Number(process.argv[3] ?? 200_000);
const SINGLES = 200;
const LIMIT_MS = 300_000;
const TICKS_PER_SECOND = 100;

const say = (text: string) => console.error(text);
const quantile = (sorted: number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;

/** CPU seconds used so far and resident memory, MB, of a process (proc(5)). */
function usage(pid: number): { cpuSeconds: number; rssMb: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    rssMb: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024,
  };
}

async function idle(pipeline: Pipeline, seconds: number): Promise<string[][]> {
  const before = [...pipeline.services].map(([slot, kept]) => ({
    slot,
    pid: kept.service.pid,
    used: usage(kept.service.pid),
  }));
  await delay(seconds * 1_000);
  return before.map(({ slot, pid, used }) => {
    const now = usage(pid);
    return [
      slot,
      `${now.rssMb.toFixed(0)} MB`,
      `${(((now.cpuSeconds - used.cpuSeconds) / seconds) * 100).toFixed(1)} %`,
    ];
  });
}

/** From the acknowledgement of one event until GET /api/v1/events/:id has it, milliseconds. */
async function latencies(pipeline: Pipeline): Promise<number[]> {
  const events = mint(1, SINGLES, 20, Date.now() - SINGLES);
  const headers = { authorization: `Bearer ${API_KEY}` };
  const measured: number[] = [];
  for (const event of events) {
    await pipeline.sendHttp([event]);
    const accepted = performance.now();
    for (;;) {
      const response = await fetch(`${pipeline.gatewayUrl}/api/v1/events/${event.event_id}`, { headers });
      await response.arrayBuffer();
      if (response.ok) break;
      if (performance.now() - accepted > 30_000)
        throw new Error(`${event.event_id} cannot be queried after 30 s`);
      await delay(5);
    }
    measured.push(performance.now() - accepted);
    await delay(20);
  }
  return measured.sort((a, b) => a - b);
}

/** POST /api/v1/events/batch by four clients until both stores hold everything; events a second. */
async function intoStores(
  pipeline: Pipeline,
): Promise<{ accepted: number; surreal: number; qdrant: number }> {
  const { stack } = pipeline;
  const store = await surrealOf(stack);
  const vectors = connectQdrant(stack.env.QDRANT_URL!);
  const inSurreal = await countEvents(store);
  const inQdrant = await vectors.count();
  const events = mint(2, EVENTS, 400, Date.now() - EVENTS);
  const started = performance.now();
  const clients = 4;
  await Promise.all(
    Array.from({ length: clients }, (_, client) =>
      pipeline.sendHttp(events.filter((_event, i) => i % clients === client)),
    ),
  );
  const perSecond = () => Math.round(EVENTS / ((performance.now() - started) / 1_000));
  const accepted = perSecond();
  const until = async (what: string, count: () => Promise<number>, goal: number) => {
    while ((await count()) < goal) {
      if (performance.now() - started > LIMIT_MS)
        throw new Error(`${what} does not hold everything after ${LIMIT_MS} ms`);
      await delay(250);
    }
    return perSecond();
  };
  const [surreal, qdrant] = await Promise.all([
    until('SurrealDB', () => countEvents(store), inSurreal + EVENTS),
    until('Qdrant', () => vectors.count(), inQdrant + EVENTS),
  ]);
  await store.close();
  return { accepted, surreal, qdrant };
}

/** Lines that wait in raw-logs, through parse and trace into agent-events; lines a second between first and last. */
async function throughProcessor(pipeline: Pipeline): Promise<number> {
  for (const slot of ['surreal-sink-0', 'qdrant-sink-0', 'processor-0']) await pipeline.service(slot).stop();
  const producer = await createProducer({ brokers: pipeline.stack.brokers, clientId: 'bench' });
  for (let from = 0; from < LINES; from += 2_000) {
    const messages = Array.from({ length: Math.min(2_000, LINES - from) }, (_, i) => agentLine(from + i));
    await producer.send('raw-logs', messages);
  }
  await producer.close();
  const before = await appended(pipeline);
  pipeline.add('processor', 'processor-bench');
  const limit = Date.now() + LIMIT_MS;
  for (;;) {
    await delay(1_000);
    const now = await appended(pipeline);
    if (now.count - before.count >= LINES)
      return Math.round(LINES / ((now.lastMs - now.firstAfter(before.lastMs)) / 1_000));
    if (Date.now() > limit)
      throw new Error(`only ${now.count - before.count} of ${LINES} lines came through`);
  }
}

async function appended(pipeline: Pipeline) {
  const cluster = new ClusterClient({ brokers: pipeline.stack.brokers, clientId: 'bench' });
  await cluster.connect(['agent-events']);
  const times: number[] = [];
  for await (const records of readTopic(cluster, 'agent-events', { from: 'start', follow: false })) {
    for (const { timestampMs } of records) times.push(timestampMs);
  }
  await cluster.disconnect();
  times.sort((a, b) => a - b);
  return {
    count: times.length,
    lastMs: times.at(-1) ?? 0,
    firstAfter: (ms: number) => times.find((time) => time > ms) ?? ms,
  };
}

say('starting the system');
const pipeline = await Pipeline.start();
try {
  await delay(5_000);
  say('idle for 15 s');
  const idleRows = await idle(pipeline, 15);
  say(`${SINGLES} single events, one after the other`);
  const latency = await latencies(pipeline);
  say(`${EVENTS} events by POST /api/v1/events/batch`);
  const stores = await intoStores(pipeline);
  const busyRows = await idle(pipeline, 1);
  say(`${LINES} lines from raw-logs to agent-events`);
  const lines = await throughProcessor(pipeline);
  const table = new Table({ head: ['figure', 'value'], style: { head: [], border: [], compact: true } });
  table.push(
    ['accepted by POST /api/v1/events/batch', `${stores.accepted} events/s`],
    ['stored in SurrealDB', `${stores.surreal} events/s`],
    ['stored in Qdrant', `${stores.qdrant} events/s`],
    ['raw-logs to agent-events', `${lines} lines/s`],
    ['accepted to queryable, p50', `${quantile(latency, 0.5).toFixed(0)} ms`],
    ['accepted to queryable, p99', `${quantile(latency, 0.99).toFixed(0)} ms`],
    ...idleRows.map(([slot, rss, cpu]) => [`${slot}, idle`, `${rss}, ${cpu} of a core`]),
    ...busyRows.map(([slot, rss]) => [`${slot}, after the load`, `${rss}`]),
  );
  console.log(table.toString());
} finally {
  await pipeline.stop();
}
process.exit(0);
