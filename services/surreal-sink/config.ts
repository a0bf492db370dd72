import { readEnvironment, type Settings, STACK } from '../../lib/config/env.js';
import { SINK } from '../../lib/sink/variables.js';

const VARIABLES = {
  ...SINK,
  SURREAL_URL: STACK.SURREAL_URL,
  SURREAL_USER: STACK.SURREAL_USER,
  SURREAL_PASS: STACK.SURREAL_PASS,
  SURREAL_NAMESPACE: STACK.SURREAL_NAMESPACE,
  SURREAL_DATABASE: STACK.SURREAL_DATABASE,
  RETENTION_DAYS: {
    ...SINK.RETENTION_DAYS,
    doc: 'Traces to which nothing was added for so long are deleted with their events',
  },
} as const;

export type SinkConfig = Settings<typeof VARIABLES>;

/** @throws ConfigError naming every fault at once. */
export const readConfig = (): SinkConfig => readEnvironment(VARIABLES);
