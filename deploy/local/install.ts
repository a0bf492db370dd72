import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { claim } from './pid-file.js';
import { startProcess } from './process.js';
import { tail, waitFor } from './wait.js';

export type Progress = (message: string) => void;

/**
 * Makes `folder` by `fill`, once: it is filled under another name and renamed when complete, so a half-finished one is
 * never taken for whole; a second process waits for the first.
 * @throws what `fill` throws, or after `limitMs` of waiting for another process.
 */
export async function installOnce(
  folder: string,
  fill: (draft: string) => Promise<void>,
  options: { limitMs?: number; progress?: Progress; what: string },
): Promise<string> {
  if (existsSync(folder)) return folder;
  const lockFile = `${folder}.lock`;
  let lock = claim(lockFile);
  if (!lock) {
    options.progress?.(`${options.what}: another process installs it, waiting`);
    await waitFor(
      `installation of ${options.what}`,
      () => {
        lock = claim(lockFile);
        return lock !== null || existsSync(folder);
      },
      { limitMs: options.limitMs ?? 600_000, everyMs: 200 },
    );
  }
  const draft = `${folder}.${process.pid}.part`;
  try {
    if (existsSync(folder)) return folder;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    await fill(draft);
    renameSync(draft, folder);
    return folder;
  } finally {
    rmSync(draft, { recursive: true, force: true });
    lock?.release();
  }
}

/** Runs a program to its end. @throws with its last output lines when it fails or takes longer than `limitMs`. */
export async function run(
  command: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string | undefined>; logFile: string; limitMs: number },
): Promise<void> {
  rmSync(options.logFile, { force: true });
  const child = await startProcess({ command, args, ...options });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void child.stop(2_000);
  }, options.limitMs);
  const exit = await child.exited;
  clearTimeout(timer);
  if (late) throw new Error(`${command} took longer than ${options.limitMs / 1000} s and was ended`);
  if (exit.code !== 0) {
    throw new Error(`${command} failed (${exit.code ?? exit.signal}):\n${tail(options.logFile, 20)}`);
  }
}

/** Copies the artifacts of a pom into `<cacheDir>/<name>/libs` with Maven, once. Returns that folder. */
export async function installFromMaven(
  pom: string,
  folder: string,
  what: string,
  progress?: Progress,
  finish?: (draft: string) => Promise<void>,
): Promise<string> {
  const fill = async (draft: string) => {
    progress?.(`${what}: downloading with Maven`);
    await run(
      'mvn',
      ['-B', '-ntp', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${join(draft, 'libs')}`],
      { logFile: join(dirname(folder), `${what}-maven.txt`), limitMs: 600_000 },
    );
    await finish?.(draft);
  };
  return installOnce(folder, fill, { what, progress });
}
