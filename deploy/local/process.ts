import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { guardProcess, releaseProcess } from './reaper.js';

/** A program to run as a child of this process. Standard output and error are appended to `logFile`. */
export interface ProcessSpec {
  command: string;
  args: string[];
  /** The whole environment of the child; left out: ours. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  logFile: string;
}

/** How a process ended: exit code or signal; `error` when it could not be started at all. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  error?: Error;
}

export interface RunningProcess {
  pid: number;
  logFile: string;
  exited: Promise<Exit>;
  running(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, after `limitMs` SIGKILL; resolves when it has ended. 0 kills at once. */
  stop(limitMs?: number): Promise<Exit>;
}

/** "exit code 1" or "signal SIGKILL". */
export const describeExit = (exit: Exit): string =>
  exit.error ? exit.error.message : exit.signal ? `signal ${exit.signal}` : `exit code ${exit.code}`;

/** Starts `spec`; it ends with this process at the latest. @throws where the program cannot be started. */
export async function startProcess(spec: ProcessSpec): Promise<RunningProcess> {
  mkdirSync(dirname(spec.logFile), { recursive: true });
  const log = openSync(spec.logFile, 'a');
  const child = spawn(spec.command, spec.args, {
    cwd: spec.cwd,
    env: spec.env ?? process.env,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let ended = false;
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, error });
    });
    child.once('exit', (code, signal) => resolve({ code, signal }));
  }).then((exit) => {
    ended = true;
    if (child.pid !== undefined) releaseProcess(child.pid);
    return exit;
  });
  if (child.pid === undefined) {
    const exit = await exited;
    throw new Error(`${spec.command} could not be started: ${describeExit(exit)}`);
  }
  guardProcess(child.pid);
  return {
    pid: child.pid,
    logFile: spec.logFile,
    exited,
    running: () => !ended,
    signal: (signal) => {
      if (!ended) child.kill(signal);
    },
    stop: async (limitMs = 10_000) => {
      if (limitMs > 0) {
        child.kill('SIGTERM');
        child.kill('SIGCONT'); // a stopped process would not see it
        const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
        return exited.finally(() => clearTimeout(timer));
      }
      child.kill('SIGKILL');
      return exited;
    },
  };
}
