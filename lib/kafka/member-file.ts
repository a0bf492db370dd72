import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Member id that the last process of this slot had, or null. Losing the file costs one session time-out, nothing else. */
export function recallMember(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim() || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Replaces the file in one step, so that a kill leaves the old or the new id. */
export function rememberMember(path: string, memberId: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, memberId);
  renameSync(`${path}.new`, path);
}

export function forgetMember(path: string): void {
  rmSync(path, { force: true });
}
