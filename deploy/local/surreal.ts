import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../lib/config/root.js';
import { type LocalComponent, type StartOptions, startComponent } from './component.js';
import { answers } from './wait.js';

/** Starts SurrealDB's embedded engine behind its websocket RPC, data in `dataDir`. */
export async function startSurreal(
  options: StartOptions & { user: string; password: string },
): Promise<LocalComponent> {
  mkdirSync(options.dataDir, { recursive: true });
  return startComponent(
    {
      command: process.execPath,
      args: ['--enable-source-maps', join(projectRoot(), 'dist/deploy/local/surreal/main.js')],
      env: {
        ...process.env,
        NODE_ENV: undefined,
        SURREAL_PORT: String(options.port),
        SURREAL_DATA: options.dataDir,
        SURREAL_USER: options.user,
        SURREAL_PASS: options.password,
      },
      logFile: options.logFile,
    },
    {
      what: `SurrealDB on port ${options.port}`,
      url: `ws://127.0.0.1:${options.port}/rpc`,
      check: () => answers(`http://127.0.0.1:${options.port}/health`),
      limitMs: 30_000,
      signal: options.signal,
    },
  );
}
