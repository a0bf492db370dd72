import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reservePort } from '../../deploy/local/ports.js';
import { type Exit, startProcess } from '../../deploy/local/process.js';
import { answers, waitFor } from '../../deploy/local/wait.js';
import { projectRoot } from '../config/root.js';

export interface SpawnOptions {
  env?: Record<string, string>;
  args?: string[];
  /** Slot of the instance: names its log file and its VECTADB_STATE, which a restart with the same id finds again. Left out: a new one. */
  id?: string;
  /** Folder of the built code; left out: dist. */
  dist?: string;
}

/** A service of dist/services as a child process. */
export interface TestService {
  name: string;
  pid: number;
  /** Where /health, /ready, /metrics (and the gateway's API) are: METRICS_PORT, GATEWAY_PORT. */
  port: number;
  url: string;
  /** Its standard output and error. */
  logFile: string;
  output(): string;
  exited: Promise<Exit>;
  /** Resolves once /ready answers 2xx. @throws with its last log lines when it ends first or takes too long. */
  waitReady(limitMs?: number): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<Exit>;
  /** SIGTERM, after `limitMs` SIGKILL. */
  stop(limitMs?: number): Promise<Exit>;
  sigstop(): void;
  sigcont(): void;
}

let counter = 0;

/** Starts dist/services/<name>/main.js with the probe port of its own. Does not wait until it is ready. */
export async function spawnService(
  name: string,
  logFolder: string,
  options: SpawnOptions = {},
): Promise<TestService> {
  const entry = join(options.dist ?? join(projectRoot(), 'dist'), 'services', name, 'main.js');
  if (!existsSync(entry)) throw new Error(`${entry} is not there: npm run build`);
  const reservation = await reservePort();
  const port = Number(options.env?.METRICS_PORT ?? options.env?.GATEWAY_PORT ?? reservation.port);
  const label = `${name}-${options.id ?? ++counter}`;
  const logFile = join(logFolder, `${label}.log`);
  // kafkajs shortens its retries under NODE_ENV=test, and vitest's own variables have no place in a service.
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => key !== 'NODE_ENV' && !key.startsWith('VITEST')),
  );
  const child = await startProcess({
    command: process.execPath,
    args: ['--enable-source-maps', entry, ...(options.args ?? [])],
    env: {
      ...inherited,
      METRICS_PORT: String(port),
      GATEWAY_PORT: String(port),
      // A restarted service with the same id finds what its predecessor left there.
      VECTADB_STATE: join(logFolder, '..', 'state', label),
      ...options.env,
    },
    logFile,
  });
  void child.exited.then(() => reservation.release());
  const url = `http://127.0.0.1:${port}`;
  return {
    name,
    pid: child.pid,
    port,
    url,
    logFile,
    output: () => readFileSync(logFile, 'utf8'),
    exited: child.exited,
    waitReady: (limitMs = 30_000) =>
      waitFor(`${name} ready on port ${port}`, () => answers(`${url}/ready`), { limitMs, child }),
    kill: () => child.stop(0),
    stop: (limitMs = 10_000) => child.stop(limitMs),
    sigstop: () => child.signal('SIGSTOP'),
    sigcont: () => child.signal('SIGCONT'),
  };
}
