import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError } from './config-error.js';
import { flag, list, type Settings, text, type Variables } from './env.js';

/** Certificates of a connection, PEM. What is left out: the system's authorities, and no certificate of our own. */
export interface TlsMaterial {
  /** Authorities that are trusted, in place of the system's. */
  ca?: string;
  /** Our own certificate with its chain, and its key: for servers that ask for one (mTLS). */
  cert?: string;
  key?: string;
}

export interface SaslLogin {
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  username: string;
  password: string;
}

/** How to reach Kafka. */
export interface KafkaSettings {
  brokers: string[];
  clientId: string;
  /** Left out: no encryption. */
  tls?: TlsMaterial;
  sasl?: SaslLogin;
}

/** How to reach the schema registry. `url`: the root of its Confluent-compatible API. */
export interface RegistrySettings {
  url: string;
  tls?: TlsMaterial;
  login?: { username: string; password: string };
}

export interface QdrantSettings {
  url: string;
  tls?: TlsMaterial;
  apiKey?: string;
}

/** The content of a file that is there when the settings are read. */
const pem = z
  .string()
  .optional()
  .transform((path, context) => {
    if (path === undefined) return undefined;
    try {
      const content = readFileSync(path, 'utf8');
      if (content.includes('-----BEGIN ')) return content;
      context.addIssue({ code: 'custom', message: 'holds no PEM' });
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as NodeJS.ErrnoException).code ?? String(error) });
    }
    return z.NEVER;
  });

type TlsVariable<P extends string> = `${P}_TLS_${'CA' | 'CERT' | 'KEY'}_FILE`;

const tlsOf = <P extends string>(prefix: P, whom: string) =>
  ({
    [`${prefix}_TLS_CA_FILE`]: {
      schema: pem,
      doc: `PEM file of the authorities that ${whom}'s certificate is checked by; left out: the system's`,
    },
    [`${prefix}_TLS_CERT_FILE`]: {
      schema: pem,
      doc: `PEM file of the certificate shown to ${whom}, where it asks for one`,
    },
    [`${prefix}_TLS_KEY_FILE`]: { schema: pem, doc: `PEM file of that certificate's key` },
  }) as Record<TlsVariable<P>, { schema: typeof pem; doc: string }>;

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/** Where each part of the stack is, and by what it lets us in: read by every service and by the command line. */
export const KAFKA = {
  KAFKA_BROKERS: { schema: list('127.0.0.1:9092'), doc: 'Kafka bootstrap servers, comma-separated' },
  KAFKA_TLS: {
    schema: flag(false),
    doc: 'Connections to Kafka are encrypted; implied by any KAFKA_TLS_… file',
  },
  ...tlsOf('KAFKA', 'Kafka'),
  KAFKA_SASL_MECHANISM: {
    schema: z
      .string()
      .transform((mechanism) => mechanism.toLowerCase())
      .pipe(z.enum(MECHANISMS))
      .optional(),
    doc: 'How to log in to Kafka: plain, scram-sha-256 or scram-sha-512; left out: not at all',
  },
  KAFKA_SASL_USERNAME: { schema: text(''), doc: 'User of that login' },
  KAFKA_SASL_PASSWORD: { schema: text(''), doc: 'Its password', secret: true },
} satisfies Variables;

export const REGISTRY = {
  SCHEMA_REGISTRY_URL: {
    schema: text('http://127.0.0.1:8081/apis/ccompat/v7'),
    doc: 'Confluent-compatible schema registry; https: for TLS',
  },
  ...tlsOf('SCHEMA_REGISTRY', 'the schema registry'),
  SCHEMA_REGISTRY_USERNAME: { schema: text(''), doc: 'User of the schema registry (HTTP Basic)' },
  SCHEMA_REGISTRY_PASSWORD: { schema: text(''), doc: 'Its password', secret: true },
} satisfies Variables;

export const SURREAL = {
  SURREAL_URL: { schema: text('ws://127.0.0.1:8000/rpc'), doc: 'SurrealDB websocket RPC; wss: for TLS' },
  ...tlsOf('SURREAL', 'SurrealDB'),
  SURREAL_USER: { schema: text('root'), doc: 'SurrealDB user' },
  SURREAL_PASS: { schema: text('root'), doc: 'SurrealDB password', secret: true },
  SURREAL_NAMESPACE: { schema: text('vectadb'), doc: 'SurrealDB namespace' },
  SURREAL_DATABASE: { schema: text('production'), doc: 'SurrealDB database' },
} satisfies Variables;

export const QDRANT = {
  QDRANT_URL: { schema: text('http://127.0.0.1:6333'), doc: 'Qdrant REST API; https: for TLS' },
  ...tlsOf('QDRANT', 'Qdrant'),
  QDRANT_API_KEY: { schema: text(''), doc: 'API key of Qdrant, where it asks for one', secret: true },
} satisfies Variables;

/** @throws ConfigError naming every fault at once. */
export function kafkaSettings(given: Settings<typeof KAFKA>, clientId: string): KafkaSettings {
  const tls = materialOf('KAFKA', given);
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username } = given;
  const faults: string[] = [];
  if (mechanism && !username) faults.push('KAFKA_SASL_USERNAME is not set: KAFKA_SASL_MECHANISM needs it');
  if (mechanism && !given.KAFKA_SASL_PASSWORD)
    faults.push('KAFKA_SASL_PASSWORD is not set: KAFKA_SASL_MECHANISM needs it');
  if (username && !mechanism)
    faults.push(`KAFKA_SASL_MECHANISM is not set: KAFKA_SASL_USERNAME needs one of ${MECHANISMS.join(', ')}`);
  if (faults.length > 0) throw new ConfigError(faults);
  return {
    brokers: given.KAFKA_BROKERS,
    clientId,
    ...(tls || given.KAFKA_TLS ? { tls: tls ?? {} } : {}),
    ...(mechanism ? { sasl: { mechanism, username, password: given.KAFKA_SASL_PASSWORD } } : {}),
  };
}

/** @throws ConfigError */
export function registrySettings(given: Settings<typeof REGISTRY>): RegistrySettings {
  const inUrl = loginIn(given.SCHEMA_REGISTRY_URL);
  const url = inUrl?.url ?? given.SCHEMA_REGISTRY_URL;
  const login = given.SCHEMA_REGISTRY_USERNAME
    ? { username: given.SCHEMA_REGISTRY_USERNAME, password: given.SCHEMA_REGISTRY_PASSWORD }
    : inUrl?.login;
  const tls = materialOf('SCHEMA_REGISTRY', given);
  demandEncryption('SCHEMA_REGISTRY', url, 'https:', tls);
  return {
    url,
    ...(tls ? { tls } : {}),
    ...(login ? { login } : {}),
  };
}

/** @throws ConfigError */
export function surrealSettings(given: Settings<typeof SURREAL>) {
  const tls = materialOf('SURREAL', given);
  refuseLogin('SURREAL', given.SURREAL_URL, 'SURREAL_USER and SURREAL_PASS');
  demandEncryption('SURREAL', given.SURREAL_URL, 'wss:', tls);
  return {
    url: given.SURREAL_URL,
    user: given.SURREAL_USER,
    password: given.SURREAL_PASS,
    namespace: given.SURREAL_NAMESPACE,
    database: given.SURREAL_DATABASE,
    ...(tls ? { tls } : {}),
  };
}

/** @throws ConfigError */
export function qdrantSettings(given: Settings<typeof QDRANT>): QdrantSettings {
  const tls = materialOf('QDRANT', given);
  refuseLogin('QDRANT', given.QDRANT_URL, 'QDRANT_API_KEY');
  demandEncryption('QDRANT', given.QDRANT_URL, 'https:', tls);
  return {
    url: given.QDRANT_URL,
    ...(tls ? { tls } : {}),
    ...(given.QDRANT_API_KEY ? { apiKey: given.QDRANT_API_KEY } : {}),
  };
}

function materialOf<P extends string>(
  prefix: P,
  given: Partial<Record<TlsVariable<P>, string>>,
): TlsMaterial | undefined {
  const [ca, cert, key] = (['CA', 'CERT', 'KEY'] as const).map((part) => given[`${prefix}_TLS_${part}_FILE`]);
  if ((cert === undefined) !== (key === undefined)) {
    const [there, missing] = cert ? ['CERT', 'KEY'] : ['KEY', 'CERT'];
    throw new ConfigError([`${prefix}_TLS_${missing}_FILE is not set: ${prefix}_TLS_${there}_FILE needs it`]);
  }
  if (ca === undefined && cert === undefined) return undefined;
  return { ...(ca ? { ca } : {}), ...(cert && key ? { cert, key } : {}) };
}

/** Certificates beside an address without encryption would be taken for protection that is not there. */
function demandEncryption(prefix: string, url: string, protocol: string, tls: TlsMaterial | undefined): void {
  if (!tls || url.startsWith(protocol)) return;
  throw new ConfigError([
    `${prefix}_URL does not begin with ${protocol}, and ${prefix}_TLS_… files are given`,
  ]);
}

/** A login within a URL, and the URL without it: addresses are shown in logs and by `status`. */
function loginIn(text: string): { url: string; login: { username: string; password: string } } | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const login = { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  if (login.username === '' && login.password === '') return null;
  url.username = '';
  url.password = '';
  return { url: url.href, login };
}

function refuseLogin(prefix: string, url: string, instead: string): void {
  if (loginIn(url) === null) return;
  throw new ConfigError([
    `${prefix}_URL carries a login, which would show wherever the address does: ${instead}`,
  ]);
}
