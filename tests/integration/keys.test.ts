import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { projectRoot } from '../../lib/config/root.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { ClusterClient } from '../../lib/kafka/cluster.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import { readTopic } from '../../lib/kafka/topic-reader.js';
import { applyTopics } from '../../lib/kafka/topics/apply.js';
import { loadTopics } from '../../lib/kafka/topics/topic-file.js';
import { Codec } from '../../lib/model/codec.js';
import { createLogger } from '../../lib/telemetry/logger.js';
import type { TestService } from '../../lib/testing/service.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';

/** Two gateways on one Kafka; SurrealDB and Qdrant are down all the time, which keys must not notice. */
const ROOT = 'keys-test-root-key-0123456789';
const LIMIT_MS = 10_000;
const PATH = '/api/v1/auth/keys';
let stack: TestStack;
let a: TestService;
let b: TestService;
const kafka = () => ({ brokers: stack.brokers, clientId: 'test' });
const env = { VECTADB_API_KEY: ROOT, PRODUCE_TIMEOUT_MS: '2000' };

beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true });
  const logger = createLogger('test', 'silent');
  const registry = connectRegistry(stack.env.SCHEMA_REGISTRY_URL!, new Codec(loadSchemas()), { logger });
  await applyTopics({ kafka: kafka(), registry, topics: loadTopics() });
  const started = await Promise.all(
    [1, 2].map((n) =>
      stack.spawnService('gateway', { env: { ...env, MODEL_PATH: `${stack.folder}/models` }, id: String(n) }),
    ),
  );
  [a, b] = started as [TestService, TestService];
  await Promise.all(started.map((gateway) => gateway.waitReady()));
});
afterAll(async () => {
  await stack?.stop();
});

async function call(gateway: TestService, method: string, path: string, key: string, body?: object) {
  const response = await fetch(gateway.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    // biome-ignore lint/suspicious/noExplicitAny: answers of several routes
    body: (text ? JSON.parse(text) : null) as any,
  };
}
const create = async (more: object = {}) => {
  const made = await call(a, 'POST', PATH, ROOT, {
    name: 'ci',
    scopes: ['ingest'],
    expires_in_s: 3_600,
    ...more,
  });
  expect(made.status).toBe(201);
  return made.body as { id: string; key: string; expires_at: string };
};
/** Sends one event with the key; does not wait for the processor, which is not there. */
const send = async (gateway: TestService, key: string) =>
  (
    await fetch(`${gateway.url}/api/v1/logs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'text/plain' },
      body: 'a line',
    })
  ).status;
const becomes = (status: number, gateway: TestService, key: string) =>
  waitFor(`${status} for a key`, async () => (await send(gateway, key)) === status, { limitMs: LIMIT_MS });

async function textOf(topic: string): Promise<string> {
  const cluster = new ClusterClient(kafka());
  await cluster.connect([topic]);
  let text = '';
  try {
    for await (const records of readTopic(cluster, topic, { from: 'start', follow: false }))
      for (const { key, value } of records) text += `${key} ${value}\n`;
  } finally {
    await cluster.disconnect();
  }
  return text;
}

it('takes a new key at once where it was made, and soon at every gateway', async () => {
  const { key } = await create();
  expect(key).toMatch(/^vdb_[0-9a-f]{12}_[\w-]{43}$/);
  expect(await send(a, key)).toBe(200);
  await becomes(200, b, key);
});

it('refuses a revoked key everywhere within about a second', async () => {
  const { id, key } = await create();
  await becomes(200, b, key);
  const revoked = await call(b, 'DELETE', `${PATH}/${id}`, ROOT);
  expect(revoked.status).toBe(204);
  expect(await send(b, key)).toBe(401);
  const from = performance.now();
  await becomes(401, a, key);
  expect(performance.now() - from).toBeLessThan(2_000);
  expect((await call(a, 'DELETE', `${PATH}/${id}`, ROOT)).status).toBe(204);
  expect((await call(a, 'DELETE', `${PATH}/ffffffffffff`, ROOT)).status).toBe(404);
});

it('tells a wrong, an expired and a revoked key apart in nothing', async () => {
  const short = await create({ expires_in_s: 1 });
  const revoked = await create();
  await call(a, 'DELETE', `${PATH}/${revoked.id}`, ROOT);
  await delay(Math.max(0, Date.parse(short.expires_at) - Date.now()) + 20);
  const wrong = short.key.slice(0, -4) + (short.key.endsWith('AAAA') ? 'BBBB' : 'AAAA');
  const answers = await Promise.all(
    [wrong, short.key, revoked.key, 'nobody-knows-this-key'].map(async (key) => {
      const { status, body, headers } = await call(a, 'GET', '/api/v1/events', key);
      return { status, body, asks: headers.get('www-authenticate') };
    }),
  );
  expect(answers[0]!.status).toBe(401);
  for (const answer of answers) expect(answer).toEqual(answers[0]);
});

it('lets a key do what its scopes say, and never make keys without admin', async () => {
  const ingest = await create();
  const admin = await create({ scopes: ['admin'], name: 'second admin' });
  expect((await call(a, 'GET', '/api/v1/events', ingest.key)).status).toBe(403);
  expect((await call(a, 'GET', PATH, ingest.key)).status).toBe(403);
  const made = await call(a, 'POST', PATH, admin.key, { name: 'x', scopes: ['read'] });
  expect([made.status, made.body.created_by]).toEqual([201, admin.id]);
  const days = (Date.parse(made.body.expires_at) - Date.parse(made.body.created_at)) / 86_400_000;
  expect(days).toBe(90);
  expect(made.headers.get('cache-control')).toBe('no-store');
});

it('lists keys with their last use, and no secret is in the list or on the topic', async () => {
  const { id, key } = await create({ name: 'seen' });
  await send(a, key);
  await waitFor(
    'the last use',
    async () => {
      const { body } = await call(a, 'GET', PATH, ROOT);
      return body.keys.find((one: { id: string }) => one.id === id)?.last_used_at !== null;
    },
    { limitMs: LIMIT_MS },
  );
  const listed = JSON.stringify((await call(a, 'GET', PATH, ROOT)).body);
  expect(listed).toContain('"seen"');
  expect(listed).not.toMatch(/salt|hash/);
  const secret = key.split('_').slice(2).join('_');
  const topic = await textOf('api-keys');
  expect(topic).toContain(id);
  for (const text of [listed, topic, a.output(), b.output()]) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(ROOT);
  }
});

it.each([
  [{ scopes: [] }, 'scopes'],
  [{ scopes: ['root'] }, 'scopes'],
  [{ expires_in_s: 0 }, 'expires_in_s'],
  [{ expires_in_s: null }, 'expires_in_s'],
  [{ requests_per_minute: 0 }, 'requests_per_minute'],
  [{ name: '' }, 'name'],
  [{ name: 'a\u0000b' }, 'name'],
  [{ hash: 'mine' }, 'hash'],
])('refuses %j, naming the field', async (more, field) => {
  const answer = await call(a, 'POST', PATH, ROOT, {
    name: 'x',
    scopes: ['read'],
    expires_in_s: 60,
    ...more,
  });
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.body.errors)).toContain(field);
});

it('writes who did what to the audit log', async () => {
  const { id } = await create({ name: 'audited' });
  await call(a, 'DELETE', `${PATH}/${id}`, ROOT);
  await call(a, 'GET', '/api/v1/events', 'nobody-knows-this-key');
  await waitFor(
    'the audit log',
    async () => {
      const entries = (await textOf('audit-log'))
        .trim()
        .split('\n')
        .flatMap((line) => (line ? [JSON.parse(line.slice(line.indexOf(' ') + 1))] : []));
      const has = (action: string, target: string | null, result: string) =>
        entries.some((one) => one.action === action && one.target === target && one.result === result);
      return (
        has('POST /api/v1/auth/keys', id, 'ok') &&
        has('DELETE /api/v1/auth/keys/:id', id, 'ok') &&
        has('GET /api/v1/events', null, 'refused')
      );
    },
    { limitMs: LIMIT_MS },
  );
  expect(await textOf('audit-log')).not.toMatch(/keys-test-root|nobody-knows/);
});

it('is all there on the command line', async () => {
  const vectadb = async (...args: string[]) => {
    const cli = join(projectRoot(), 'dist/services/cli/main.js');
    const cliEnv = { ...process.env, VECTADB_URL: a.url, VECTADB_API_KEY: ROOT };
    return (await promisify(execFile)(process.execPath, [cli, 'keys', ...args], { env: cliEnv })).stdout;
  };
  const key = (
    await vectadb('create', '--scopes', 'ingest,read', '--expires', '1h', '--name', 'by hand')
  ).trim();
  expect(await send(a, key)).toBe(200);
  const id = key.split('_')[1]!;
  expect(await vectadb('list')).toMatch(new RegExp(`${id} +by hand +ingest,read +active`));
  await vectadb('revoke', id);
  expect(await send(a, key)).toBe(401);
  await expect(vectadb('revoke', 'ffffffffffff')).rejects.toThrow(/no key has the id/);
  await expect(vectadb('create', '--scopes', 'read', '--expires', 'soon')).rejects.toThrow(
    /wanted is a time/,
  );
});

it('knows its keys after a restart, and while Kafka is away', async () => {
  const { key } = await create({ scopes: ['read'] });
  await a.kill();
  a = await stack.spawnService('gateway', { env: { ...env, MODEL_PATH: `${stack.folder}/models` }, id: '1' });
  await a.waitReady();
  // 503 is SurrealDB's: the key was taken
  expect((await call(a, 'GET', '/api/v1/events', key)).status).toBe(503);
  await stack.part('kafka').kill();
  expect((await call(a, 'GET', '/api/v1/events', key)).body.type).toBe(
    'urn:vectadb:problem:store-unavailable',
  );
  const made = await call(a, 'POST', PATH, ROOT, { name: 'x', scopes: ['read'], expires_in_s: 60 });
  expect([made.status, made.body.type]).toEqual([503, 'urn:vectadb:problem:kafka-unavailable']);
  await stack.part('kafka').restart();
  await waitFor(
    'a new key',
    async () =>
      (await call(a, 'POST', PATH, ROOT, { name: 'x', scopes: ['read'], expires_in_s: 60 })).status === 201,
    { limitMs: 30_000 },
  );
});
