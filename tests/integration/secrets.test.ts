import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheFolder } from '../../deploy/local/home.js';
import { findJava } from '../../deploy/local/java.js';
import { type Reservation, reservePort } from '../../deploy/local/ports.js';
import { startSurreal } from '../../deploy/local/surreal.js';
import { waitFor } from '../../deploy/local/wait.js';
import { projectRoot } from '../../lib/config/root.js';
import { type Certificates, hasOpenssl, makeCertificates } from '../../lib/testing/certificates.js';
import { type SecureKafka, startSecureKafka } from '../../lib/testing/secure-kafka.js';
import { spawnService, type TestService } from '../../lib/testing/service.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';

/** Every service with secrets that are known here, through success and every failure: none of them is ever printed or answered. */
const missing = [hasOpenssl() ? [] : 'openssl', findJava() ? [] : 'Java'].flat();
if (missing.length > 0)
  console.warn(`secrets in logs are not looked for: there is no ${missing.join(' and no ')}`);

const secret = (what: string) => `${what}-${randomUUID().replaceAll('-', '')}`;
const SECRETS = {
  rootKey: secret('rootkey'),
  wrongKey: secret('wrongkey'),
  sasl: secret('saslpassword'),
  wrongSasl: secret('wrongsasl'),
  surreal: secret('surrealpassword'),
  wrongSurreal: secret('wrongsurreal'),
  qdrant: secret('qdrantkey'),
  registry: secret('registrypassword'),
  aws: secret('awssecret'),
  awsSession: secret('awssession'),
};
const LIMIT_MS = 60_000;
const SERVICES = ['gateway', 'processor', 'surreal-sink', 'qdrant-sink', 'cloudwatch-poller'];

let stack: TestStack;
let certificates: Certificates;
let kafka: SecureKafka;
let surreal: Awaited<ReturnType<typeof startSurreal>>;
let port: Reservation;
let env: Record<string, string>;
/** Keys that the gateway has made: shown once, and secret like the others. */
const minted: string[] = [];
const said: string[] = [];

/** Nothing of what was printed, or answered to somebody else, holds a secret, in whatever form it travels. */
function expectNoSecret(text: string, where: string): void {
  for (const [name, value] of [...Object.entries(SECRETS), ...minted.map((key) => ['a minted key', key])]) {
    for (const form of [
      value!,
      encodeURIComponent(value!),
      Buffer.from(value!).toString('base64').slice(0, 40),
    ])
      expect(text.includes(form), `${name} in ${where}`).toBe(false);
  }
  expect(text, where).not.toContain(Buffer.from(`registry-user:${SECRETS.registry}`).toString('base64'));
}

beforeAll(async () => {
  if (missing.length > 0) return;
  stack = await startStack({ registry: true, qdrant: true, moto: true });
  certificates = makeCertificates(join(stack.folder, 'certificates'));
  kafka = await startSecureKafka(stack.folder, certificates, { name: 'vectadb', password: SECRETS.sasl });
  port = await reservePort();
  surreal = await startSurreal({
    port: port.port,
    dataDir: join(stack.folder, 'surreal'),
    logFile: join(stack.folder, 'logs', 'surreal.log'),
    cacheDir: cacheFolder(),
    user: 'vectadb',
    password: SECRETS.surreal,
  });
  const config = join(stack.folder, 'config.yaml');
  writeFileSync(config, 'log_groups: [{ prefix: /aws/lambda/ }]\n');
  const registry = new URL(stack.env.SCHEMA_REGISTRY_URL!);
  // a login within the address, as others have it
  registry.username = 'registry-user';
  registry.password = SECRETS.registry;
  env = {
    KAFKA_BROKERS: kafka.login,
    KAFKA_TLS_CA_FILE: certificates.ca,
    KAFKA_SASL_MECHANISM: 'scram-sha-256',
    KAFKA_SASL_USERNAME: 'vectadb',
    KAFKA_SASL_PASSWORD: SECRETS.sasl,
    SCHEMA_REGISTRY_URL: registry.href,
    SURREAL_URL: surreal.url,
    SURREAL_USER: 'vectadb',
    SURREAL_PASS: SECRETS.surreal,
    QDRANT_API_KEY: SECRETS.qdrant,
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: SECRETS.aws,
    AWS_SESSION_TOKEN: SECRETS.awsSession,
    VECTADB_API_KEY: SECRETS.rootKey,
    VECTADB_CONFIG: config,
    MODEL_PATH: `${stack.folder}/models`,
    RETENTION_DAYS: '36500',
    PRODUCE_TIMEOUT_MS: '2000',
    LOG_LEVEL: 'trace',
  };
});
afterAll(async () => {
  await stack?.stop();
  await surreal?.stop(0);
  port?.release();
  await kafka?.stop();
});

async function vectadb(args: string[], more: Record<string, string> = {}) {
  const cli = join(projectRoot(), 'dist/services/cli/main.js');
  const given = { ...process.env, ...stack.env, ...env, ...more };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [cli, ...args], {
    env: given,
    timeout: 60_000,
  }).catch((error: { stdout: string; stderr: string }) => error);
  return `${stdout}${stderr}`;
}

describe.skipIf(missing.length > 0)('no secret is printed', () => {
  let services: TestService[] = [];
  const gateway = () => services[0]!;
  const call = async (path: string, key: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await fetch(gateway().url + path, { ...init, headers });
    return { status: answer.status, text: await answer.text() };
  };
  const spawn = (name: string, more: Record<string, string> = {}) =>
    stack.spawnService(name, { env: { ...env, ...more } });
  const printed = () => services.map((service) => service.output()).join('\n');

  it('while everything works', async () => {
    said.push(await vectadb(['topics', 'apply']));
    services = await Promise.all(SERVICES.map((name) => spawn(name)));
    await Promise.all(services.map((service) => service.waitReady(LIMIT_MS)));
    const made = await call('/api/v1/auth/keys', SECRETS.rootKey, {
      method: 'POST',
      body: JSON.stringify({ name: 'secret test', scopes: ['read', 'ingest'], expires_in_s: 600 }),
    });
    expect(made.status).toBe(201);
    minted.push(JSON.parse(made.text).key);
    const event = { timestamp: '2026-01-07T19:00:00Z', properties: { nonce: randomUUID() } };
    const sent = await call('/api/v1/events', minted[0]!, { method: 'POST', body: JSON.stringify(event) });
    expect([200, 202]).toContain(sent.status);
    const id = JSON.parse(sent.text).event_id;
    await waitFor('the event', async () => (await call(`/api/v1/events/${id}`, minted[0]!)).status === 200, {
      limitMs: LIMIT_MS,
    });
    const paths = ['/ready', '/health', '/metrics', '/openapi.json', '/api/v1/auth/keys', '/api/v1/topics'];
    for (const path of paths) said.push((await call(path, SECRETS.rootKey)).text);
    for (const { url } of services.slice(1))
      for (const path of ['/ready', '/metrics']) said.push(await (await fetch(url + path)).text());
    for (const topic of ['audit-log', 'api-keys', 'raw-logs', 'agent-events'])
      said.push(await vectadb(['consume', topic, '--from-beginning', '--no-follow']));
    said.push(await vectadb(['topics', 'plan']), await vectadb(['lag']), await vectadb(['keys', 'list']));
    expectNoSecret(said.join('\n'), 'answers and commands');
    expectNoSecret(printed(), 'a log');
    expect(printed(), 'the services do log').toContain('"running"');
  });

  it('while keys are wrong, wherever they stand', async () => {
    expect((await call('/api/v1/events', SECRETS.wrongKey)).status).toBe(401);
    expect((await call(`/api/v1/events?key=${SECRETS.wrongKey}`, SECRETS.wrongKey)).status).toBe(401);
    expect((await call(`/api/v1/nothing/${SECRETS.wrongKey}x`, SECRETS.wrongKey)).status).toBe(404);
    said.push(
      await vectadb(['search', 'x'], { VECTADB_URL: gateway().url, VECTADB_API_KEY: SECRETS.wrongKey }),
    );
    expect(said.at(-1)).toMatch(/key/i);
    await new Promise((resolve) => setTimeout(resolve, 500)); // the audit log is written in the background
    said.push(await vectadb(['consume', 'audit-log', '--from-beginning', '--no-follow']));
    expect(said.at(-1)).toContain('refused');
    expectNoSecret(said.join('\n'), 'answers and commands');
    expectNoSecret(printed(), 'a log');
  });

  it('while the stores, the broker and AWS go away', async () => {
    await Promise.all([
      surreal.stop(0),
      stack.part('qdrant').kill(),
      stack.part('moto').kill(),
      stack.part('registry').kill(),
    ]);
    await waitFor(
      'SurrealDB to be missed',
      () => /SurrealDB: (the connection|no connection)/.test(printed()),
      {
        limitMs: LIMIT_MS,
      },
    );
    expect((await call('/api/v1/events', minted[0]!)).status).toBe(503);
    expect((await call('/api/v1/search', minted[0]!, { method: 'POST', body: '{"query":"x"}' })).status).toBe(
      503,
    );
    await kafka.stop();
    const event = JSON.stringify({ timestamp: '2026-01-07T19:00:00Z', properties: {} });
    expect((await call('/api/v1/events', minted[0]!, { method: 'POST', body: event })).status).toBe(503);
    said.push(await vectadb(['topics', 'plan']), (await call('/ready', minted[0]!)).text);
    expectNoSecret(said.join('\n'), 'answers and commands');
    expectNoSecret(printed(), 'a log');
    // a start against nothing at all
    const late = await Promise.all(SERVICES.map((name) => spawn(name)));
    await waitFor(
      'all of them to say something',
      () => late.every((service) => service.output().length > 0),
      {
        limitMs: LIMIT_MS,
      },
    );
    await new Promise((resolve) => setTimeout(resolve, 5_000)); // attempts and their reasons
    expectNoSecret(late.map((service) => service.output()).join('\n'), 'the log of a start');
  });
});

describe('no secret is printed where the settings are wrong', () => {
  const wrong: Record<string, Record<string, string>> = {
    gateway: { VECTADB_API_KEY: `${SECRETS.rootKey}:nonsense`, KAFKA_SASL_PASSWORD: SECRETS.sasl },
    processor: { KAFKA_SASL_MECHANISM: 'nonsense', KAFKA_SASL_PASSWORD: SECRETS.sasl },
    'surreal-sink': { SURREAL_URL: `ws://vectadb:${SECRETS.surreal}@127.0.0.1:1/rpc` },
    'qdrant-sink': { QDRANT_URL: `http://key:${SECRETS.qdrant}@127.0.0.1:1`, QDRANT_API_KEY: SECRETS.qdrant },
    'cloudwatch-poller': { KAFKA_SASL_USERNAME: 'x', KAFKA_SASL_PASSWORD: SECRETS.sasl },
  };
  it.each(Object.entries(wrong))('for the %s, which ends', async (name, settings) => {
    const folder = mkdtempSync(join(tmpdir(), 'vectadb-secrets-'));
    mkdirSync(join(folder, 'logs'));
    const service = await spawnService(name, join(folder, 'logs'), {
      env: { MODEL_PATH: join(folder, 'models'), ...settings },
    });
    try {
      expect((await service.exited).code).not.toBe(0);
      expect(service.output()).toMatch(/fault|fatal/);
      expectNoSecret(service.output(), 'the log');
    } finally {
      await service.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
