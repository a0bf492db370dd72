import { SURREAL } from '../../lib/config/connections.js';
import { readEnvironment, type Settings } from '../../lib/config/env.js';
import { SINK } from '../../lib/sink/variables.js';

const VARIABLES = {
  ...SINK,
  ...SURREAL,
  RETENTION_DAYS: {
    ...SINK.RETENTION_DAYS,
    doc: 'Traces to which nothing was added for so long are deleted with their events',
  },
} as const;

export type SinkConfig = Settings<typeof VARIABLES>;

/** @throws ConfigError naming every fault at once. */
export const readConfig = (): SinkConfig => readEnvironment(VARIABLES);
