import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';
import { startBenchStack } from './bench-stack.js';

/**
 * How fast the gateway takes events: `POST /api/v1/events/batch` until Kafka has stored them (`--wait false`, the default),
 * or until the processor has named their traces (`--wait true`). Starts a stack of its own.
 *
 *     node --enable-source-maps dist/bench/gateway.js --seconds 15 --connections 8 --batch 100
 */
const KEY = 'bench-key-0123456789abcdef';
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '15' },
    connections: { type: 'string', default: '8' },
    batch: { type: 'string', default: '100' },
    wait: { type: 'string', default: 'false' },
  },
});
const seconds = Number(values.seconds);
const connections = Number(values.connections);
const batchSize = Number(values.batch);
const wait = values.wait === 'true';
const WARM_UP_MS = 3_000;

const stack = await startBenchStack();
try {
  const env = {
    VECTADB_API_KEY: KEY,
    RATE_LIMIT_PER_MINUTE: '100000000',
    VECTADB_STATE: `${stack.folder}/state`,
    // nothing listens there: neither store has a part in this
    SURREAL_URL: 'ws://127.0.0.1:9/rpc',
    QDRANT_URL: 'http://127.0.0.1:9',
  };
  const gateway = await stack.spawnService('gateway', { env });
  await gateway.waitReady();
  if (wait) await (await stack.spawnService('processor', { env })).waitReady(60_000);

  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  const failures = new Map<string, number>();
  const start = Date.now() + WARM_UP_MS;
  const end = start + seconds * 1_000;
  let answered = 0;
  await Promise.all(
    Array.from({ length: connections }, async (_, connection) => {
      while (Date.now() < end) {
        const body = batchOf(connection);
        const began = performance.now();
        const { status, text } = await post(gateway.port, agent, body);
        if (began + performance.timeOrigin < start) continue;
        if (status !== 200 && (wait || status !== 202)) {
          failures.set(
            `${status} ${text.slice(0, 200)}`,
            (failures.get(`${status} ${text.slice(0, 200)}`) ?? 0) + 1,
          );
          continue;
        }
        latencies.push(performance.now() - began);
        answered++;
      }
    }),
  );
  latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    Number((latencies[Math.floor(latencies.length * share)] ?? Number.NaN).toFixed(1));
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  const metric = (name: string) => Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(metrics)?.[1]);
  console.log(
    JSON.stringify(
      {
        batch: batchSize,
        connections,
        seconds,
        wait,
        requestsPerSecond: Math.round(answered / seconds),
        eventsPerSecond: Math.round((answered * batchSize) / seconds),
        latencyMs: { p50: at(0.5), p99: at(0.99) },
        gateway: {
          cpuSecondsInAll: metric('vectadb_process_cpu_seconds_total'),
          rssMb: Math.round(metric('vectadb_process_resident_memory_bytes') / 1_048_576),
        },
        failures: Object.fromEntries(failures),
      },
      null,
      2,
    ),
  );
} finally {
  await stack.stop();
}
process.exit(0);

function batchOf(connection: number): string {
  const events = Array.from({ length: batchSize }, (_, index) => ({
    timestamp: new Date().toISOString(),
    event_type: 'tool_call',
    agent_id: `agent-${connection}`,
    session_id: `session-${connection}-${index % 10}`,
    properties: {
      tool_name: 'web_search',
      tool_input: { query: 'weather in San Francisco', nonce: randomUUID() },
      duration_ms: index,
      message: 'Action: web_search, Action Input: weather in San Francisco',
    },
  }));
  return JSON.stringify({ events });
}

function post(port: number, agent: Agent, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        port,
        agent,
        host: '127.0.0.1',
        method: 'POST',
        path: '/api/v1/events/batch',
        headers: {
          authorization: `Bearer ${KEY}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          ...(wait ? {} : { prefer: 'respond-async' }),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
