import { pino } from 'pino';

export type Logger = import('pino').Logger;

/** JSON lines on standard output: `level`, `time` (ISO), `service`, `msg`. Secrets never reach it by name. */
export function createLogger(service: string, level = 'info'): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: ['password', 'authorization', 'apiKey', '*.password', '*.authorization', '*.apiKey'],
      censor: '***',
    },
  });
}
