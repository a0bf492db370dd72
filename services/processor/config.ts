import { z } from 'zod';
import { KAFKA, REGISTRY } from '../../lib/config/connections.js';
import { readEnvironment, type Settings, STACK, text } from '../../lib/config/env.js';

const VARIABLES = {
  ...KAFKA,
  ...REGISTRY,
  VECTADB_CONFIG: STACK.VECTADB_CONFIG,
  VECTADB_STATE: STACK.VECTADB_STATE,
  LOG_LEVEL: STACK.LOG_LEVEL,
  METRICS_HOST: STACK.METRICS_HOST,
  METRICS_PORT: STACK.METRICS_PORT,
  ON_LOSS: {
    schema: z.enum(['stop', 'continue']).default('stop'),
    doc: 'Where input was deleted before it was processed: stop with the reason, or go on from the start of the log',
  },
  FAULT_POINT: {
    schema: text(''),
    doc: 'For tests: NAME:N ends the process with SIGKILL the N-th time that the named moment is reached, NAME:N:SIGSTOP stops it',
  },
} as const;

export type ProcessorConfig = Settings<typeof VARIABLES>;

/** @throws ConfigError naming every fault at once. */
export const readConfig = (): ProcessorConfig => readEnvironment(VARIABLES);
