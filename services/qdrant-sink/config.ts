import { integer, readEnvironment, type Settings, STACK, text } from '../../lib/config/env.js';
import { DEFAULT_MODEL } from '../../lib/embedding/model-files.js';

const VARIABLES = {
  KAFKA_BROKERS: STACK.KAFKA_BROKERS,
  SCHEMA_REGISTRY_URL: STACK.SCHEMA_REGISTRY_URL,
  QDRANT_URL: STACK.QDRANT_URL,
  MODEL_PATH: STACK.MODEL_PATH,
  VECTADB_STATE: STACK.VECTADB_STATE,
  LOG_LEVEL: STACK.LOG_LEVEL,
  METRICS_PORT: STACK.METRICS_PORT,
  EMBEDDING_MODEL: {
    schema: text(DEFAULT_MODEL),
    doc: 'Model below MODEL_PATH; where it is not there, words are hashed',
  },
  RETENTION_DAYS: {
    schema: integer(30, 1, 36_500),
    doc: 'Events older than this are deleted, by event time',
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
