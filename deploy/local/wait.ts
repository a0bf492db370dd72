import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeExit, type RunningProcess } from './process.js';

export interface WaitOptions {
  limitMs: number;
  everyMs?: number;
  /** Waiting ends early, with its last log lines, when this process has ended. */
  child?: RunningProcess;
  signal?: AbortSignal;
}

/** Last `count` lines of a log file; empty when there is none. */
export function tail(path: string, count: number): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch (error) {
    return `(${path}: ${error instanceof Error ? error.message : String(error)})`;
  }
}

/**
 * Asks `check` until it resolves to true. A rejection counts as "not yet"; the last one is part of the error.
 * @throws after `limitMs`, when the child has ended or the signal aborts, saying what was waited for.
 */
export async function waitFor(
  what: string,
  check: () => Promise<boolean> | boolean,
  options: WaitOptions,
): Promise<void> {
  const started = Date.now();
  let last = '';
  const logs = () =>
    options.child ? `\nlast lines of ${options.child.logFile}:\n${tail(options.child.logFile, 15)}` : '';
  for (;;) {
    options.signal?.throwIfAborted();
    if (options.child && !options.child.running()) {
      throw new Error(`${what}: the process ended with ${describeExit(await options.child.exited)}${logs()}`);
    }
    try {
      if (await check()) return;
    } catch (error) {
      last = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (Date.now() - started >= options.limitMs) {
      throw new Error(`${what}: not after ${options.limitMs} ms${last}${logs()}`);
    }
    await sleep(options.everyMs ?? 50, undefined, options.signal ? { signal: options.signal } : undefined);
  }
}

/** True when `url` answers with a 2xx within 3 s. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return true;
}
