import { z } from 'zod';
import { integer, list, readEnvironment, type Settings } from '../../lib/config/env.js';

const port = (fallback: number) => integer(fallback, 1, 65_535);
const instances = (fallback: number) => integer(fallback, 0, 20);
const url = z.string().optional();

/** What the local stack reads from the environment; a service's own variables are passed through to it. */
export const LOCAL = {
  VECTADB_ONLY: {
    schema: list(''),
    doc: 'Components to run, comma-separated, with those they depend on; empty runs all',
  },
  KAFKA_PORT: { schema: port(9092), doc: 'Port of the Kafka broker' },
  KAFKA_CONTROLLER_PORT: { schema: port(9093), doc: 'Port of the Kafka controller' },
  REGISTRY_PORT: { schema: port(8081), doc: 'Port of the schema registry' },
  SURREAL_PORT: { schema: port(8000), doc: 'Port of SurrealDB' },
  QDRANT_PORT: { schema: port(6333), doc: 'Port of Qdrant' },
  MOTO_PORT: { schema: port(5000), doc: 'Port of the CloudWatch emulator' },
  GATEWAY_PORT: { schema: port(8080), doc: 'Port of the HTTP API' },
  PROCESSOR_PORT: { schema: port(9101), doc: 'Probe port of the first processor; the next ones follow' },
  SURREAL_SINK_PORT: {
    schema: port(9121),
    doc: 'Probe port of the first surreal-sink; the next ones follow',
  },
  QDRANT_SINK_PORT: { schema: port(9141), doc: 'Probe port of the first qdrant-sink; the next ones follow' },
  CLOUDWATCH_POLLER_PORT: {
    schema: port(9161),
    doc: 'Probe port of the first cloudwatch-poller; the next ones follow',
  },
  PROCESSOR_INSTANCES: { schema: instances(1), doc: 'Processors started by up' },
  SURREAL_SINK_INSTANCES: { schema: instances(1), doc: 'surreal-sinks started by up' },
  QDRANT_SINK_INSTANCES: { schema: instances(1), doc: 'qdrant-sinks started by up' },
  CLOUDWATCH_POLLER_INSTANCES: { schema: instances(1), doc: 'cloudwatch-pollers started by up' },
  CLOUDWATCH: {
    schema: z.enum(['emulator', 'aws']).default('emulator'),
    doc: 'What the poller reads: the emulator, whole; or AWS, by config.yaml and the credentials of the environment',
  },
  KAFKA_BROKERS: { schema: url, doc: 'Brokers of your own: no broker is started' },
  SCHEMA_REGISTRY_URL: { schema: url, doc: 'Registry of your own: none is started' },
  SURREAL_URL: { schema: url, doc: 'SurrealDB of your own: none is started' },
  QDRANT_URL: { schema: url, doc: 'Qdrant of your own: none is started' },
  AWS_ENDPOINT_URL: { schema: url, doc: 'AWS API of your own, read by config.yaml: no emulator is started' },
  SURREAL_USER: { schema: z.string().default('root'), doc: 'SurrealDB user' },
  SURREAL_PASS: { schema: z.string().default('root'), doc: 'SurrealDB password', secret: true },
} as const;

export type LocalSettings = Settings<typeof LOCAL>;

/** @throws ConfigError naming every fault at once. */
export const readSettings = (environment: Record<string, string | undefined> = process.env): LocalSettings =>
  readEnvironment(LOCAL, environment);

/** The settings without secrets, for status and comparison. */
export const publicSettings = (settings: LocalSettings): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(settings).filter(([name]) => !('secret' in LOCAL[name as keyof typeof LOCAL])),
  );

/** What clients and services are told: the user's own addresses, else those of the local stack. */
export const clientAddresses = (settings: LocalSettings) => ({
  KAFKA_BROKERS: settings.KAFKA_BROKERS ?? `127.0.0.1:${settings.KAFKA_PORT}`,
  SCHEMA_REGISTRY_URL:
    settings.SCHEMA_REGISTRY_URL ?? `http://127.0.0.1:${settings.REGISTRY_PORT}/apis/ccompat/v7`,
  SURREAL_URL: settings.SURREAL_URL ?? `ws://127.0.0.1:${settings.SURREAL_PORT}/rpc`,
  SURREAL_USER: settings.SURREAL_USER,
  SURREAL_PASS: settings.SURREAL_PASS,
  QDRANT_URL: settings.QDRANT_URL ?? `http://127.0.0.1:${settings.QDRANT_PORT}`,
});
