import { integer, readEnvironment, type Settings, STACK } from '../../lib/config/env.js';

const VARIABLES = {
  KAFKA_BROKERS: STACK.KAFKA_BROKERS,
  SCHEMA_REGISTRY_URL: STACK.SCHEMA_REGISTRY_URL,
  SURREAL_URL: STACK.SURREAL_URL,
  SURREAL_USER: STACK.SURREAL_USER,
  SURREAL_PASS: STACK.SURREAL_PASS,
  SURREAL_NAMESPACE: STACK.SURREAL_NAMESPACE,
  SURREAL_DATABASE: STACK.SURREAL_DATABASE,
  VECTADB_STATE: STACK.VECTADB_STATE,
  LOG_LEVEL: STACK.LOG_LEVEL,
  METRICS_PORT: STACK.METRICS_PORT,
  RETENTION_DAYS: {
    schema: integer(30, 1, 36_500),
    doc: 'Traces to which nothing was added for so long are deleted with their events',
    unit: 'days',
  },
  RETENTION_INTERVAL_MS: {
    schema: integer(3_600_000, 1_000),
    doc: 'Time between two retention runs',
    unit: 'ms',
  },
  BATCH_RECORDS: {
    schema: integer(1_000, 1, 10_000),
    doc: 'Most records taken from one partition at a time',
  },
} as const;

export type SinkConfig = Settings<typeof VARIABLES>;

/** @throws ConfigError naming every fault at once. */
export const readConfig = (): SinkConfig => readEnvironment(VARIABLES);
