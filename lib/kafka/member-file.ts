import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The file of a group's member id in an instance's own folder; null where it has none. */
export const memberFileIn = (stateFolder: string, groupId: string): string | null =>
  stateFolder === '' ? null : join(stateFolder, `${groupId}.member`);

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
