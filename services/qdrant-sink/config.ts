import { QDRANT } from '../../lib/config/connections.js';
import { readEnvironment, type Settings, STACK, text } from '../../lib/config/env.js';
import { DEFAULT_MODEL } from '../../lib/embedding/model-files.js';
import { SINK } from '../../lib/sink/variables.js';

const VARIABLES = {
  ...SINK,
  ...QDRANT,
  MODEL_PATH: STACK.MODEL_PATH,
  EMBEDDING_MODEL: {
    schema: text(DEFAULT_MODEL),
    doc: 'Model below MODEL_PATH; where it is not there, words are hashed',
  },
} as const;

export type SinkConfig = Settings<typeof VARIABLES>;

/** @throws ConfigError naming every fault at once. */
export const readConfig = (): SinkConfig => readEnvironment(VARIABLES);
