import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../lib/config/root.js';
import { component, type LocalComponent, type StartOptions } from './component.js';
import { startProcess } from './process.js';
import { answers, waitFor } from './wait.js';

/** Starts SurrealDB's embedded engine behind its websocket RPC, data in `dataDir`. */
export async function startSurreal(
  options: StartOptions & { user: string; password: string },
): Promise<LocalComponent> {
  mkdirSync(options.dataDir, { recursive: true });
  const child = await startProcess({
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
  });
  try {
    await waitFor(
      `SurrealDB on port ${options.port}`,
      () => answers(`http://127.0.0.1:${options.port}/health`),
      { limitMs: 30_000, child },
    );
  } catch (error) {
    await child.stop(0);
    throw error;
  }
  return component(child, `ws://127.0.0.1:${options.port}/rpc`);
}
