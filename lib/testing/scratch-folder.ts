import { existsSync, mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
/** All tests together keep less than half of this at a time. */
const PLENTY_BYTES = 8 * 1024 ** 3;

/**
 * Makes a folder for what is thrown away with its test: in memory where there is plenty, for brokers and stores wait for
 * disks; else, or where TMPDIR says so, where temporary files are.
 */
export const scratchFolder = (prefix: string): string =>
  mkdtempSync(join(process.env.TMPDIR === undefined && isPlentyOfMemory() ? MEMORY : tmpdir(), prefix));

function isPlentyOfMemory(): boolean {
  if (!existsSync(MEMORY)) return false;
  const { bavail, bsize } = statfsSync(MEMORY);
  return Math.min(bavail * bsize, process.availableMemory()) >= PLENTY_BYTES;
}
