import type { RunningProcess } from './process.js';

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
}

/** `process` behind `url`. */
export const component = (process: RunningProcess, url: string): LocalComponent => ({
  pid: process.pid,
  url,
  process,
  stop: async (limitMs = 10_000) => {
    await process.stop(limitMs);
  },
});
