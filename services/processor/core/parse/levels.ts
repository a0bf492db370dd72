/** Level names as loggers print them; anything else in a level's place is no level. */
const LEVELS = new Set([
  'TRACE',
  'DEBUG',
  'DEBUG1',
  'DEBUG2',
  'DEBUG3',
  'DEBUG4',
  'DEBUG5',
  'VERBOSE',
  'INFO',
  'INFORMATION',
  'NOTICE',
  'SUCCESS',
  'LOG',
  'WARN',
  'WARNING',
  'ERROR',
  'ERR',
  'SEVERE',
  'CRITICAL',
  'CRIT',
  'ALERT',
  'EMERG',
  'EMERGENCY',
  'FATAL',
  'PANIC',
  'EXCEPTION',
]);

const FAILURES = new Set([
  'ERROR',
  'ERR',
  'SEVERE',
  'CRITICAL',
  'CRIT',
  'ALERT',
  'EMERG',
  'EMERGENCY',
  'FATAL',
  'PANIC',
  'EXCEPTION',
]);

/** Levels of pino and bunyan by number. */
const BY_NUMBER: Record<number, string> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};

/** .NET's console logger and zerolog abbreviate. */
const ABBREVIATED: Record<string, string> = {
  TRCE: 'TRACE',
  DBUG: 'DEBUG',
  FAIL: 'ERROR',
  TRC: 'TRACE',
  DBG: 'DEBUG',
  INF: 'INFO',
  WRN: 'WARN',
  FTL: 'FATAL',
  PNC: 'PANIC',
  SILLY: 'TRACE',
};

/** A level in upper case as printed, or null where the value is no level. */
export function readLevel(value: unknown): string | null {
  if (typeof value === 'number') return BY_NUMBER[value] ?? null;
  if (typeof value !== 'string' || value.length > 12) return null;
  const upper = value.toUpperCase();
  if (Object.hasOwn(ABBREVIATED, upper)) return ABBREVIATED[upper]!;
  return LEVELS.has(upper) ? upper : null;
}

/** Whether a level says that something failed. */
export const isFailure = (level: string | null): boolean => level !== null && FAILURES.has(level);
