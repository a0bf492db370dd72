import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import { applyTopics } from '../../lib/kafka/topics/apply.js';
import { loadTopics } from '../../lib/kafka/topics/topic-file.js';
import { Codec } from '../../lib/model/codec.js';
import type { SurrealStore } from '../../lib/stores/surreal/index.js';
import { createLogger } from '../../lib/telemetry/logger.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import { allRead } from '../break-in/all-read.js';
import { ask, json } from '../break-in/ask.js';
import { bodiesHold } from '../break-in/bodies.js';
import { injectionsFail } from '../break-in/injection.js';
import { keysHold } from '../break-in/keys.js';
import { type Description, operationsOf } from '../break-in/operations.js';
import { pathsHold } from '../break-in/paths.js';
import type { Target } from '../break-in/target.js';
import { WIRE_LIMITS, wireHolds } from '../break-in/wire.js';
import { surrealOf } from '../pipeline/surreal.js';

/** Tries to break in: the whole stack, the real gateway, and rows that must stay as they are. */
const ROOT = `break-in-root-key-${randomUUID()}`;
const CANARY = `canary-${randomUUID()}`;
const AGENTS = [`${CANARY}-a`, `${CANARY}-b`];

/** Told to print what the prototypes hold, so that a test can see whether a request has changed them. */
const WATCH_PROTOTYPES = `--import=data:text/javascript,${encodeURIComponent(
  "process.on('SIGUSR2',()=>console.log('prototypes '+[Object,Array,Function,String].map((type)=>Reflect.ownKeys(type.prototype).map(String)).join()))",
)}`;

let stack: TestStack;
let surreal: SurrealStore;
let target: Target;

beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true, surreal: true, qdrant: true });
  const kafka = { brokers: stack.brokers, clientId: 'test' };
  const logger = createLogger('test', 'silent');
  const registry = connectRegistry(stack.env.SCHEMA_REGISTRY_URL!, new Codec(loadSchemas()), { logger });
  await applyTopics({ kafka, registry, topics: loadTopics() });
  const env = {
    VECTADB_API_KEY: ROOT,
    MODEL_PATH: `${stack.folder}/models`,
    RETENTION_DAYS: '36500',
    INGEST_WAIT_MS: '15000',
    RATE_LIMIT_ANONYMOUS_PER_MINUTE: '1000000',
    RATE_LIMIT_PER_MINUTE: '1000000',
  };
  const gateway = await stack.spawnService('gateway', { env: { ...env, NODE_OPTIONS: WATCH_PROTOTYPES } });
  const others = await Promise.all(
    ['processor', 'surreal-sink', 'qdrant-sink'].map((name) => stack.spawnService(name, { env })),
  );
  await Promise.all([gateway, ...others].map((service) => service.waitReady(60_000)));
  surreal = await surrealOf(stack);

  const post = async (path: string, body: unknown) => {
    const answer = await ask(gateway.url, { method: 'POST', path, key: ROOT, ...json(body) });
    return JSON.parse(answer.body);
  };
  const makeKey = async (scopes: string[], expires_in_s = 3_600) =>
    (await post('/api/v1/auth/keys', { name: scopes.join(), scopes, expires_in_s })) as {
      id: string;
      key: string;
    };
  const [admin, read, ingest] = await Promise.all(
    ['admin', 'read', 'ingest'].map((scope) => makeKey([scope])),
  );
  const [expired, revoked] = await Promise.all([makeKey(['admin'], 1), makeKey(['admin'])]);
  await ask(gateway.url, { method: 'DELETE', path: `/api/v1/auth/keys/${revoked!.id}`, key: ROOT });
  await delay(1_100);

  const events = AGENTS.flatMap((agent_id) =>
    ['one', 'two', 'three'].map((step, index) => ({
      timestamp: `2026-01-07T19:00:0${index}Z`,
      event_type: 'tool_call',
      agent_id,
      session_id: `${agent_id}-session`,
      properties: { tool_name: step, text: `needle ${CANARY}` },
    })),
  );
  const isThere = async (path: string) => {
    const found = JSON.parse((await ask(gateway.url, { path, key: ROOT })).body);
    return found.events?.length === 6 ? found.events : null;
  };
  await post('/api/v1/events/batch', { events });
  const all = `/api/v1/events?${AGENTS.map((agent) => `agent_id=${agent}`).join('&')}`;
  await waitFor('the canaries to be stored', async () => (await isThere(all)) !== null, { limitMs: 60_000 });
  await waitFor('every read to be answered', () => allRead(gateway.url, ROOT), { limitMs: 60_000 });
  const first = (await isThere(all)).find((event: { agent_id: string }) => event.agent_id === AGENTS[0]);
  await waitFor(
    'their traces',
    async () => (await readStored()).traces.every((trace) => trace.total_events === 3),
    {
      limitMs: 60_000,
    },
  );

  const description = JSON.parse((await ask(gateway.url, { path: '/openapi.json' })).body) as Description;
  target = {
    gateway,
    startStrict: async () => {
      const strict = {
        HEADERS_TIMEOUT_MS: String(WIRE_LIMITS.headersMs),
        REQUEST_TIMEOUT_MS: String(WIRE_LIMITS.requestMs),
        IDLE_TIMEOUT_MS: String(WIRE_LIMITS.idleMs),
      };
      const service = await stack.spawnService('gateway', { env: { ...env, ...strict } });
      await service.waitReady(60_000);
      return service;
    },
    operations: operationsOf(description),
    keys: { admin: admin!.key, read: read!.key, ingest: ingest!.key },
    badKeys: {
      'a wrong one': 'nobody-knows-this-key-0123456789',
      'a wrong secret': `${admin!.key.slice(0, -4)}${admin!.key.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`,
      'an expired one': expired!.key,
      'a revoked one': revoked!.key,
      'the stored form of one': `vdb_${admin!.id}_${'A'.repeat(43)}`,
      'two at once': `${admin!.key},${read!.key}`,
    },
    canary: CANARY,
    reading: {
      id: first.event_id,
      'traces.id': first.trace_id,
      topic: 'raw-logs',
      agent_id: AGENTS[0],
      session_id: `${AGENTS[0]}-session`,
      event_type: 'tool_call',
      trace_id: first.trace_id,
      timestamp: '2026-01-07T19:00:00Z',
      from: '2026-01-07T00:00:00Z',
      to: '2026-01-08T00:00:00Z',
      query: `needle ${CANARY}`,
      by: 'text',
    },
    writing: {
      event_id: undefined,
      agent_id: 'writer',
      session_id: 'writer-session',
      trace_id: 'writer-trace',
      timestamp: '2026-01-07T19:00:00Z',
      expires_in_s: 60,
    },
    stored: readStored,
  };
});

/** Rows and traces of the canaries, and the tables that there are. */
async function readStored() {
  const [rows, traces, info] = await surreal.query<
    [unknown[], { total_events: number }[], { tables: object }]
  >(
    `SELECT * FROM agent_event WHERE agent_id IN $agents ORDER BY id;
     SELECT id, total_events FROM agent_trace WHERE agents CONTAINSANY $agents ORDER BY id;
     INFO FOR DB;`,
    { agents: AGENTS },
  );
  const plain = JSON.parse(JSON.stringify({ rows, traces, tables: info.tables }));
  if (plain.rows.length !== 6 || plain.traces.length !== 2) throw new Error(JSON.stringify(plain));
  return plain as { rows: unknown[]; traces: { total_events: number }[]; tables: object };
}
afterAll(async () => {
  await surreal?.close();
  await stack?.stop();
});

keysHold(() => target);
injectionsFail(() => target);
pathsHold(() => target);
bodiesHold(() => target);
wireHolds(() => target);
