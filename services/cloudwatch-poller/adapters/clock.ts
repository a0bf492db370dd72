import { readFileSync } from 'node:fs';

/** Unix milliseconds. */
export type Clock = () => number;

/** The wall clock; with a file, the milliseconds in it are added, read on each use so that a test can move it. */
export function wallClock(offsetFile: string): Clock {
  if (offsetFile === '') return Date.now;
  return () => {
    try {
      return Date.now() + Number(readFileSync(offsetFile, 'utf8').trim() || 0);
    } catch (error) {
      // no file yet: the clock has not been moved
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Date.now();
      throw error;
    }
  };
}
