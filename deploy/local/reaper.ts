import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../../lib/config/root.js';

/**
 * Guards processes and folders: when this process is gone, even by SIGKILL, a small shell script ends the processes
 * (SIGTERM, then SIGKILL) and removes the folders. There is one such script per process, started on first use.
 */
let script: ChildProcess | undefined;

function tell(line: string): void {
  if (!script) {
    script = spawn('/bin/sh', [join(projectRoot(), 'deploy/local/reaper.sh')], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true, // a session of its own: Ctrl-C and a kill of our group do not reach it
    });
    script.unref();
    (script.stdin as unknown as { unref(): void }).unref();
    // Without the script nothing is guarded any more; whoever uses it goes on, its own stop() still works.
    script.stdin?.on('error', () => {});
  }
  script.stdin?.write(`${line}\n`);
}

/** Ends process `pid` when this process is gone. */
export const guardProcess = (pid: number): void => tell(`+ ${pid}`);

/** Process `pid` has ended; its number may belong to another soon. */
export const releaseProcess = (pid: number): void => tell(`- ${pid}`);

/** Removes `path` and everything in it when this process is gone. */
export const guardFolder = (path: string): void => tell(`rm ${path}`);
