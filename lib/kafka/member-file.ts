import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../files/replace-file.js';

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

/** A kill leaves the old or the new id. */
export const rememberMember = (path: string, memberId: string): void => replaceFile(path, memberId);

export function forgetMember(path: string): void {
  rmSync(path, { force: true });
}
