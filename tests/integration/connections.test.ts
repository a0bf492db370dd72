import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { externalProbes } from '../../deploy/local/external-probes.js';
import { findJava } from '../../deploy/local/java.js';
import { waitFor } from '../../deploy/local/wait.js';
import { projectRoot } from '../../lib/config/root.js';
import { type Certificates, hasOpenssl, makeCertificates } from '../../lib/testing/certificates.js';
import { type SecureKafka, startSecureKafka } from '../../lib/testing/secure-kafka.js';
import type { TestService } from '../../lib/testing/service.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import { startTlsFront, type TlsFront } from '../../lib/testing/tls-front.js';

/** Every service and the command line over TLS: a broker with logins, and stores behind TLS that ask for a certificate. */
const missing = [hasOpenssl() ? [] : 'openssl', findJava() ? [] : 'Java'].flat();
if (missing.length > 0)
  console.warn(`connections over TLS are not tested: there is no ${missing.join(' and no ')}`);

const USER = { name: 'vectadb', password: `secret-${randomUUID()}` };
const KEY = `connections-key-${randomUUID()}`;
const LIMIT_MS = 60_000;
let stack: TestStack;
let ours: Certificates;
let theirs: Certificates;
let kafka: SecureKafka;
let fronts: TlsFront[];
/** Settings with which everything works; Kafka by a login. */
let env: Record<string, string>;

beforeAll(async () => {
  if (missing.length > 0) return;
  stack = await startStack({ registry: true, surreal: true, qdrant: true, moto: true });
  ours = makeCertificates(join(stack.folder, 'ours'));
  theirs = makeCertificates(join(stack.folder, 'theirs'));
  kafka = await startSecureKafka(stack.folder, ours, USER);
  const portOf = (url: string) => Number(new URL(url).port);
  const behind = [stack.env.SCHEMA_REGISTRY_URL, stack.env.SURREAL_URL, stack.env.QDRANT_URL].map((url) =>
    portOf(url!),
  );
  fronts = await Promise.all(behind.map((port) => startTlsFront(ours, port)));
  const [registry, surreal, qdrant] = fronts.map(({ port }) => `127.0.0.1:${port}`);
  const files = (prefix: string) => ({
    [`${prefix}_TLS_CA_FILE`]: ours.ca,
    [`${prefix}_TLS_CERT_FILE`]: ours.client.cert,
    [`${prefix}_TLS_KEY_FILE`]: ours.client.key,
  });
  env = {
    KAFKA_BROKERS: kafka.login,
    KAFKA_TLS_CA_FILE: ours.ca,
    ...login('scram-sha-512'),
    SCHEMA_REGISTRY_URL: `https://${registry}/apis/ccompat/v7`,
    ...files('SCHEMA_REGISTRY'),
    SURREAL_URL: `wss://${surreal}/rpc`,
    ...files('SURREAL'),
    QDRANT_URL: `https://${qdrant}`,
    ...files('QDRANT'),
    VECTADB_API_KEY: KEY,
    MODEL_PATH: `${stack.folder}/models`,
    INGEST_WAIT_MS: '15000',
    RETENTION_DAYS: '36500',
  };
});
afterAll(async () => {
  await stack?.stop();
  await Promise.all((fronts ?? []).map((front) => front.close()));
  await kafka?.stop();
});

const login = (mechanism: string, password = USER.password) => ({
  KAFKA_SASL_MECHANISM: mechanism,
  KAFKA_SASL_USERNAME: USER.name,
  KAFKA_SASL_PASSWORD: password,
});
/** Kafka by a certificate in place of a login. */
const mutual = () => ({
  KAFKA_BROKERS: kafka.mutual,
  KAFKA_TLS_CERT_FILE: ours.client.cert,
  KAFKA_TLS_KEY_FILE: ours.client.key,
  KAFKA_SASL_MECHANISM: '',
  KAFKA_SASL_USERNAME: '',
  KAFKA_SASL_PASSWORD: '',
});

async function vectadb(args: string[], more: Record<string, string> = {}) {
  const cli = join(projectRoot(), 'dist/services/cli/main.js');
  const given = { ...process.env, ...stack.env, ...env, ...more };
  return promisify(execFile)(process.execPath, [cli, ...args], { env: given, timeout: 60_000 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

describe.skipIf(missing.length > 0)('connections over TLS', () => {
  let gateway: TestService;
  const ask = async (path: string, body?: object) => {
    const response = await fetch(gateway.url + path, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${KEY}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    // biome-ignore lint/suspicious/noExplicitAny: answers of several routes
    return { status: response.status, body: (await response.json()) as any };
  };

  it('carry everything: each service by another login, or by a certificate', async () => {
    const applied = await vectadb(['topics', 'apply'], login('plain'));
    expect(applied, applied.stderr).toMatchObject({ code: 0 });
    const spawn = (name: string, more: Record<string, string>) =>
      stack.spawnService(name, { env: { ...env, ...more } });
    const services = await Promise.all([
      spawn('gateway', login('PLAIN')),
      spawn('processor', login('SCRAM-SHA-256')),
      spawn('surreal-sink', login('scram-sha-512')),
      spawn('qdrant-sink', mutual()),
      spawn('cloudwatch-poller', login('scram-sha-256')),
    ]);
    gateway = services[0];
    await Promise.all(services.map((service) => service.waitReady(LIMIT_MS)));
    const event = {
      timestamp: '2026-01-07T19:00:00Z',
      event_type: 'tool_call',
      properties: { tool_name: 'a ferry over the sound', nonce: randomUUID() },
    };
    const sent = await ask('/api/v1/events', event);
    expect([200, 202], JSON.stringify(sent)).toContain(sent.status);
    const path = `/api/v1/events/${sent.body.event_id}`;
    await waitFor('the event in SurrealDB', async () => (await ask(path)).status === 200, {
      limitMs: LIMIT_MS,
    });
    const found = async () => {
      const { body } = await ask('/api/v1/search', { query: 'ferry over the sound', limit: 1 });
      return body.results?.[0]?.event.event_id === sent.body.event_id;
    };
    await waitFor('the event in Qdrant', found, { limitMs: LIMIT_MS });
    const consumed = await vectadb(['consume', 'agent-events', '--from-beginning', '--no-follow'], mutual());
    expect(consumed.stdout).toContain(sent.body.event_id);
    const probes = externalProbes(env);
    for (const probe of Object.values(probes)) expect(await probe()).toEqual({ ready: true });
  });

  /** What is wrong with the way to Kafka, and what is said of it. */
  const faults: Record<string, [() => Record<string, string>, RegExp]> = {
    'a wrong password, PLAIN': [
      () => login('plain', 'wrong-password'),
      /refuses the login .*: check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD/,
    ],
    'a wrong password, SCRAM': [() => login('scram-sha-256', 'wrong-password'), /refuses the login/],
    'an authority of somebody else': [
      () => ({ KAFKA_TLS_CA_FILE: theirs.ca }),
      /certificate is not trusted .*: name the authority that issued it by KAFKA_TLS_CA_FILE/,
    ],
    'no certificate where one is asked for': [
      () => ({ ...mutual(), KAFKA_TLS_CERT_FILE: '', KAFKA_TLS_KEY_FILE: '' }),
      /set KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE/,
    ],
    'a certificate of somebody else': [
      () => ({ ...mutual(), KAFKA_TLS_CERT_FILE: theirs.client.cert, KAFKA_TLS_KEY_FILE: theirs.client.key }),
      /set KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE to one that it trusts/,
    ],
    'no login where one is asked for': [
      () => ({ KAFKA_SASL_MECHANISM: '', KAFKA_SASL_USERNAME: '', KAFKA_SASL_PASSWORD: '' }),
      /closes the connection at the first question, .*: set KAFKA_SASL_MECHANISM/,
    ],
    'no TLS where it is spoken': [() => ({ KAFKA_TLS_CA_FILE: '' }), /speaks TLS there: set KAFKA_TLS=true/],
  };

  for (const [what, [wrong, said]] of Object.entries(faults)) {
    it(`with ${what} end the processor and a command with the reason and what to set`, async () => {
      const service = await stack.spawnService('processor', { env: { ...env, ...wrong() } });
      const { code } = await service.exited;
      expect([code, service.output()]).toEqual([1, expect.stringMatching(said)]);
      expect(service.output()).not.toMatch(/wrong-password|secret-/);
      const command = await vectadb(['topics', 'plan'], wrong());
      expect([command.code, command.stderr]).toEqual([1, expect.stringMatching(said)]);
    });
  }

  it.each(['gateway', 'surreal-sink', 'qdrant-sink', 'cloudwatch-poller'])(
    'with a wrong password end the %s, too',
    async (name) => {
      const service = await stack.spawnService(name, {
        env: { ...env, ...login('plain', 'wrong-password') },
      });
      const { code } = await service.exited;
      expect([code, service.output()]).toEqual([1, expect.stringMatching(/refuses the login/)]);
    },
  );

  it('to a registry that is not trusted end a service with the reason', async () => {
    const wrong = { SCHEMA_REGISTRY_TLS_CA_FILE: theirs.ca };
    const service = await stack.spawnService('processor', { env: { ...env, ...wrong } });
    const said = expect.stringMatching(
      /schema registry at .*: its certificate is not trusted .* SCHEMA_REGISTRY_TLS_CA_FILE/,
    );
    expect([(await service.exited).code, service.output()]).toEqual([1, said]);
  });

  it.each([
    ['surreal-sink', 'SURREAL', /its certificate is not trusted .* SURREAL_TLS_CA_FILE/],
    ['qdrant-sink', 'QDRANT', /its certificate is not trusted .* QDRANT_TLS_CA_FILE/],
  ])('to a store that is not trusted keep the %s waiting, which says why', async (name, prefix, said) => {
    const wrong = { [`${prefix}_TLS_CA_FILE`]: theirs.ca };
    const service = await stack.spawnService(name, { env: { ...env, ...wrong } });
    await waitFor('the reason in the log', () => said.test(service.output()), { limitMs: LIMIT_MS });
    expect((await fetch(`${service.url}/ready`)).status).toBe(503);
    await service.stop();
  });

  it('to a store with a wrong password are explained, and by status, too', async () => {
    const wrong = { ...env, SURREAL_PASS: 'wrong-password' };
    const service = await stack.spawnService('surreal-sink', { env: wrong });
    const said = /SurrealDB at wss:.* refuses SURREAL_USER and SURREAL_PASS/;
    await waitFor('the reason in the log', () => said.test(service.output()), { limitMs: LIMIT_MS });
    expect(service.output()).not.toContain('wrong-password');
    await service.stop();
    await expect(externalProbes(wrong).surreal()).rejects.toThrow(said);
    await expect(externalProbes({ ...env, QDRANT_TLS_CA_FILE: theirs.ca }).qdrant()).rejects.toThrow(
      /not trusted/,
    );
    await expect(externalProbes({ ...env, ...login('plain', 'wrong-password') }).kafka()).rejects.toThrow(
      /refuses the login/,
    );
  });
});
