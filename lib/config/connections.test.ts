import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import {
  KAFKA,
  kafkaSettings,
  QDRANT,
  qdrantSettings,
  REGISTRY,
  registrySettings,
  SURREAL,
  surrealSettings,
} from './connections.js';
import { readEnvironment } from './env.js';

const folder = mkdtempSync(join(tmpdir(), 'vectadb-connections-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, content: string) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const CA = file('ca.pem', '-----BEGIN CERTIFICATE-----\nca\n');
const CERT = file('cert.pem', '-----BEGIN CERTIFICATE-----\ncert\n');
const KEY = file('key.pem', '-----BEGIN PRIVATE KEY-----\nkey\n');
const kafka = (environment: Record<string, string>) =>
  kafkaSettings(readEnvironment(KAFKA, environment), 'me');

it('asks for neither TLS nor a login where nothing is said of them', () => {
  expect(kafka({})).toEqual({ brokers: ['127.0.0.1:9092'], clientId: 'me' });
});

it('reads certificates and the login, whose password may lie in a file', () => {
  const read = kafka({
    KAFKA_TLS_CA_FILE: CA,
    KAFKA_TLS_CERT_FILE: CERT,
    KAFKA_TLS_KEY_FILE: KEY,
    KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
    KAFKA_SASL_USERNAME: 'u',
    KAFKA_SASL_PASSWORD_FILE: file('password', ' hidden\n'),
  });
  expect(read.sasl).toEqual({ mechanism: 'scram-sha-512', username: 'u', password: 'hidden' });
  expect(read.tls).toMatchObject({ ca: expect.stringContaining('ca'), key: expect.stringContaining('key') });
  expect(kafka({ KAFKA_TLS: 'true' }).tls).toEqual({});
});

it.each([
  [{ KAFKA_TLS_CA_FILE: join(folder, 'nowhere') }, /KAFKA_TLS_CA_FILE .*ENOENT/],
  [{ KAFKA_TLS_CA_FILE: file('no.pem', 'x') }, /KAFKA_TLS_CA_FILE .*holds no PEM/],
  [{ KAFKA_TLS_CERT_FILE: CERT }, /KAFKA_TLS_KEY_FILE is not set/],
  [{ KAFKA_TLS_KEY_FILE: KEY }, /KAFKA_TLS_CERT_FILE is not set/],
  [{ KAFKA_SASL_MECHANISM: 'gssapi' }, /KAFKA_SASL_MECHANISM is 'gssapi'/],
  [{ KAFKA_SASL_MECHANISM: 'plain' }, /KAFKA_SASL_USERNAME is not set[\s\S]*KAFKA_SASL_PASSWORD is not set/],
  [{ KAFKA_SASL_USERNAME: 'u' }, /KAFKA_SASL_MECHANISM is not set/],
  [{ KAFKA_SASL_PASSWORD: 'a', KAFKA_SASL_PASSWORD_FILE: CA }, /KAFKA_SASL_PASSWORD_FILE are both set/],
])('refuses %o and names the variable', (environment, said) => {
  expect(() => kafka(environment as unknown as Record<string, string>)).toThrow(said);
});

it('takes a login out of the registry’s address, which is shown in logs', () => {
  const given = { SCHEMA_REGISTRY_URL: 'https://me:p%40ss@registry:8081/apis/ccompat/v7' };
  expect(registrySettings(readEnvironment(REGISTRY, given))).toEqual({
    url: 'https://registry:8081/apis/ccompat/v7',
    login: { username: 'me', password: 'p@ss' },
  });
});

it('refuses a login in the address of a store without repeating it, and certificates without TLS', () => {
  const surreal = (environment: Record<string, string>) =>
    surrealSettings(readEnvironment(SURREAL, environment));
  const qdrant = (environment: Record<string, string>) =>
    qdrantSettings(readEnvironment(QDRANT, environment));
  const withLogin = () => surreal({ SURREAL_URL: 'ws://me:hidden@127.0.0.1/rpc' });
  expect(withLogin).toThrow(/SURREAL_URL carries a login.*SURREAL_USER and SURREAL_PASS/);
  expect(withLogin).not.toThrow(/hidden/);
  expect(() => qdrant({ QDRANT_URL: 'http://127.0.0.1:6333', QDRANT_TLS_CA_FILE: CA })).toThrow(
    /QDRANT_URL does not begin with https:/,
  );
  expect(qdrant({ QDRANT_URL: 'https://127.0.0.1', QDRANT_API_KEY: 'k' })).toEqual({
    url: 'https://127.0.0.1',
    apiKey: 'k',
  });
});
