import { z } from 'zod';
import { ConfigError } from '../../lib/config/config-error.js';
import { KAFKA, QDRANT, REGISTRY, SURREAL } from '../../lib/config/connections.js';
import {
  integer,
  list,
  readEnvironment,
  type Settings,
  STACK,
  text,
  type Variables,
} from '../../lib/config/env.js';
import { type ApiKey, readApiKey } from './core/api-keys.js';

/** What the gateway reads from the environment; docs/api.md lists it. */
export const VARIABLES = {
  ...KAFKA,
  ...REGISTRY,
  ...SURREAL,
  ...QDRANT,
  MODEL_PATH: STACK.MODEL_PATH,
  EMBEDDING_MODEL: STACK.EMBEDDING_MODEL,
  VECTADB_CONFIG: STACK.VECTADB_CONFIG,
  LOG_LEVEL: STACK.LOG_LEVEL,
  GATEWAY_HOST: { schema: text('127.0.0.1'), doc: 'Address that the HTTP API listens on' },
  GATEWAY_PORT: {
    schema: integer(8080, 0, 65_535),
    doc: 'Port of the HTTP API, its probes and metrics; 0 takes a free one',
  },
  VECTADB_API_KEY: {
    schema: text(''),
    doc: 'API keys, comma-separated: `key` (every scope) or `key:ingest+read`',
    secret: true,
  },
  VECTADB_API_KEYS: { schema: text(''), doc: 'As VECTADB_API_KEY; both are read', secret: true },
  AUTH: {
    schema: z.enum(['on', 'off']).default('on'),
    doc: '`off` takes every request as admin: for tests only',
  },
  AUTH_MAX_STALE_MS: {
    schema: integer(900_000, 1_000),
    doc: 'How long API keys made by people are taken after Kafka was last read: a revocation may have been missed since',
    unit: 'ms',
  },
  INGEST_WAIT_MS: {
    schema: integer(1_000, 0, 60_000),
    doc: 'Longest wait for the trace ids of a request',
    unit: 'ms',
  },
  PRODUCE_TIMEOUT_MS: {
    schema: integer(8_000, 100, 60_000),
    doc: 'Longest wait for Kafka before 503',
    unit: 'ms',
  },
  MAX_BODY_BYTES: {
    schema: integer(5 * 1024 * 1024, 1_024),
    doc: 'Largest request body, after decompression',
    unit: 'bytes',
  },
  MAX_BATCH_ITEMS: { schema: integer(10_000, 1), doc: 'Most events or lines of one request' },
  MAX_IN_FLIGHT_RECORDS: {
    schema: integer(50_000, 1),
    doc: 'Most records on their way to Kafka at once; more is answered by 503',
  },
  MAX_IN_FLIGHT_BYTES: {
    schema: integer(64 * 1024 * 1024, 1_024),
    doc: 'As MAX_IN_FLIGHT_RECORDS',
    unit: 'bytes',
  },
  RATE_LIMIT_PER_MINUTE: {
    schema: integer(120_000, 1),
    doc: 'Requests a minute of one API key that has no limit of its own, at each gateway',
  },
  RATE_LIMIT_ANONYMOUS_PER_MINUTE: {
    schema: integer(600, 1),
    doc: 'Requests a minute without a valid API key, of one address',
  },
  HEADERS_TIMEOUT_MS: {
    schema: integer(10_000, 100),
    doc: 'How long a client may take to send the headers of a request',
    unit: 'ms',
  },
  REQUEST_TIMEOUT_MS: {
    schema: integer(60_000, 100),
    doc: 'How long a client may take to send a request',
    unit: 'ms',
  },
  IDLE_TIMEOUT_MS: {
    schema: integer(120_000, 1_000),
    doc: 'How long nothing may move on a connection, as of a client that does not read its answer; longer than INGEST_WAIT_MS',
    unit: 'ms',
  },
  MAX_CONNECTIONS: {
    schema: integer(10_000, 1),
    doc: 'Connections open at once; one more is closed at once',
  },
  CORS_ORIGINS: {
    schema: list(''),
    doc: 'Origins whose pages may call the API, comma-separated, as https://app.example; empty: none',
  },
  TRUSTED_PROXIES: {
    schema: list(''),
    doc: 'Addresses or CIDR ranges of proxies whose X-Forwarded-For is believed, comma-separated',
  },
} satisfies Variables;

export type GatewaySettings = Settings<typeof VARIABLES> & { apiKeys: ApiKey[] };

/** @throws ConfigError naming every fault at once; a key itself is never repeated. */
export function readConfig(environment?: Record<string, string | undefined>): GatewaySettings {
  const settings = readEnvironment(VARIABLES, environment);
  const entries = `${settings.VECTADB_API_KEY},${settings.VECTADB_API_KEYS}`
    .split(',')
    .map((entry) => entry.trim());
  const read = entries.filter(Boolean).map(readApiKey);
  const faults = read.flatMap((one, index) =>
    one.ok ? [] : [`VECTADB_API_KEY: key ${index + 1}: ${one.fault}`],
  );
  if (read.length === 0 && settings.AUTH === 'on') {
    faults.push(
      'VECTADB_API_KEY is not set: the API needs at least one key (`vectadb up` makes one for development)',
    );
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return { ...settings, apiKeys: read.flatMap((one) => (one.ok ? [one.key] : [])) };
}
