import { QDRANT } from '../../lib/config/connections.js';
import { readEnvironment, type Settings, STACK } from '../../lib/config/env.js';
import { SINK } from '../../lib/sink/variables.js';

const VARIABLES = {
  ...SINK,
  ...QDRANT,
  MODEL_PATH: STACK.MODEL_PATH,
  EMBEDDING_MODEL: STACK.EMBEDDING_MODEL,
} as const;

export type SinkConfig = Settings<typeof VARIABLES>;

/** @throws ConfigError naming every fault at once. */
export const readConfig = (): SinkConfig => readEnvironment(VARIABLES);
