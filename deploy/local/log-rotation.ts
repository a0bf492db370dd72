import { copyFileSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

/** A log file is rotated past this size, bytes; one older generation is kept, so a component takes at most twice this. */
export const LOG_LIMIT_BYTES = 20 * 1_048_576;

/**
 * Copies each `*.log` past `limitBytes` to `*.log.1` and empties it. The children hold their files open in append
 * mode, so they go on at the new end; lines written between copy and truncation are lost. Returns what was rotated.
 */
export function rotateLogs(folder: string, limitBytes = LOG_LIMIT_BYTES): string[] {
  const large = readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).size > limitBytes);
  for (const path of large) {
    copyFileSync(path, `${path}.1`);
    truncateSync(path, 0);
  }
  return large;
}
