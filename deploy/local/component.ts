import { type ProcessSpec, type RunningProcess, startProcess } from './process.js';
import { waitFor } from './wait.js';

/** A started part of the stack. `url` is what clients are given. */
export interface LocalComponent {
  pid: number;
  url: string;
  process: RunningProcess;
  /** Ends it in an orderly way within `limitMs` (0: SIGKILL). */
  stop(limitMs?: number): Promise<void>;
}

export interface StartOptions {
  port: number;
  dataDir: string;
  logFile: string;
  cacheDir: string;
  /** Gives up starting: what was started is killed. */
  signal?: AbortSignal;
}

/** When a component is ready, and how long that may take. */
export interface Readiness {
  what: string;
  url: string;
  check: () => Promise<boolean>;
  limitMs: number;
  signal?: AbortSignal;
}

/**
 * Starts `spec` and resolves when it is ready. @throws with its last log lines when it ends first, is late, or starting is
 * given up; nothing is left running then.
 */
export async function startComponent(spec: ProcessSpec, readiness: Readiness): Promise<LocalComponent> {
  readiness.signal?.throwIfAborted();
  const child = await startProcess(spec);
  try {
    await waitFor(readiness.what, readiness.check, {
      limitMs: readiness.limitMs,
      child,
      signal: readiness.signal,
    });
  } catch (error) {
    await child.stop(0);
    throw error;
  }
  return {
    pid: child.pid,
    url: readiness.url,
    process: child,
    stop: async (limitMs = 10_000) => {
      await child.stop(limitMs);
    },
  };
}
