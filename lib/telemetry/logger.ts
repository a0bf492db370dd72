import { destination, type LoggerOptions, pino } from 'pino';

export type Logger = import('pino').Logger;

/** JSON lines on standard output, or on `fd`: `level`, `time` (ISO), `service`, `msg`. Secrets never reach it by name. */
export function createLogger(service: string, level = 'info', fd = 1): Logger {
  const options: LoggerOptions = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: ['password', 'authorization', 'apiKey', '*.password', '*.authorization', '*.apiKey'],
      censor: '***',
    },
  };
  return fd === 1 ? pino(options) : pino(options, destination({ dest: fd, sync: true }));
}
