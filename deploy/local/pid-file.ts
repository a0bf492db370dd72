import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * A file that says which process holds something: an installation, a port, the supervisor's place. It is made whole or
 * not at all (a link to a finished file), and one whose process is gone counts as free: a crash leaves nothing behind
 * that a person must remove.
 */
export interface Claim {
  /** Gives it back. */
  release(): void;
}

/** When a process started, in clock ticks since boot, so that a reused number is not taken for it; null where unknown. */
export function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null; // no /proc on this system, or no such process
  }
}

/** True while `pid` exists (and, where that can be known, is the process that started at `start`). */
export function isAlive(pid: number, start: string | null): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false; // 0 and below would ask about process groups
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return start === null || processStart(pid) === start;
}

/** Pid of the living process that holds `path`, or null. */
export function holder(path: string): number | null {
  try {
    const [pid, start] = readFileSync(path, 'utf8').trim().split(' ');
    return isAlive(Number(pid), start || null) ? Number(pid) : null;
  } catch {
    return null; // not there
  }
}

/** Takes `path` for this process, or returns null while another living one holds it. */
export function claim(path: string): Claim | null {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, `${process.pid} ${processStart(process.pid) ?? ''}\n`);
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        linkSync(draft, path);
        return { release: () => rmSync(path, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      if (holder(path) !== null) return null;
      // Moved aside rather than removed: of two who find it stale, only one moves it.
      const stale = `${draft}.stale`;
      try {
        renameSync(path, stale);
        rmSync(stale, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    return null;
  } finally {
    rmSync(draft, { force: true });
  }
}
