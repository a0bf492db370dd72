import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { atLeast } from './requirements.js';

/** A store's own server, found on PATH, in place of the engine that comes with the repository. */
export interface ServerProgram {
  command: string;
  /** Arguments that print its version. */
  versionArgs: string[];
  /** Oldest version that the clients support. */
  least: readonly number[];
}

/** First a.b.c in the output of a version command, or null. */
export const parseVersion = (output: string): string | null => /\d+\.\d+\.\d+/.exec(output)?.[0] ?? null;

/** True when the program is on PATH and new enough. */
export function isUsable(program: ServerProgram): boolean {
  try {
    const output = execFileSync(program.command, program.versionArgs, {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const version = parseVersion(output);
    return version !== null && atLeast(version, program.least);
  } catch {
    return false; // not on PATH, or it does not run here
  }
}

/**
 * Folder below `dataDir` for a server of its own, or null where the built-in engine is to be used. Whichever made the
 * data keeps it: a program that appears on PATH later does not hide what is stored.
 */
export function serverFolder(dataDir: string, usable: () => boolean): string | null {
  const folder = join(dataDir, 'server');
  if (!existsSync(folder)) {
    const builtIn = existsSync(dataDir) && readdirSync(dataDir).length > 0;
    if (builtIn || !usable()) return null;
    mkdirSync(folder, { recursive: true });
  } else if (!usable()) {
    throw new Error(
      `${folder} was made by a server that is not on PATH any more: install it, or remove that folder`,
    );
  }
  return folder;
}
