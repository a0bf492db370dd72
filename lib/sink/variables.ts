import { KAFKA, REGISTRY } from '../config/connections.js';
import { integer, STACK, text, type Variables } from '../config/env.js';

/** What every sink reads from the environment, beside its own store's variables. */
export const SINK = {
  ...KAFKA,
  ...REGISTRY,
  VECTADB_STATE: STACK.VECTADB_STATE,
  LOG_LEVEL: STACK.LOG_LEVEL,
  METRICS_HOST: STACK.METRICS_HOST,
  METRICS_PORT: STACK.METRICS_PORT,
  RETENTION_DAYS: {
    schema: integer(30, 1, 36_500),
    doc: 'Events whose last line was appended to raw-logs longer ago than this are deleted',
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
  FAULT_POINT: {
    schema: text(''),
    doc: 'For tests: NAME:N ends the process with SIGKILL the N-th time that the named moment is reached (NAME@TOPIC:N: with a batch of that topic), with :SIGSTOP it is stopped',
  },
} satisfies Variables;
