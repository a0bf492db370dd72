import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../lib/config/root.js';
import { type LocalComponent, type StartOptions, startComponent } from './component.js';
import { isUsable, serverFolder } from './engine.js';
import { answers } from './wait.js';

const SERVER = { command: 'surreal', versionArgs: ['version'], least: [3, 0] };

/** Starts the `surreal` on PATH, else SurrealDB's embedded engine behind the same websocket RPC; data in `dataDir`. */
export async function startSurreal(
  options: StartOptions & { user: string; password: string },
): Promise<LocalComponent> {
  mkdirSync(options.dataDir, { recursive: true });
  const folder = serverFolder(options.dataDir, () => isUsable(SERVER));
  const credentials = { SURREAL_USER: options.user, SURREAL_PASS: options.password };
  const program = folder
    ? {
        command: SERVER.command,
        args: ['start', '--no-banner', '--bind', `127.0.0.1:${options.port}`, `surrealkv://${folder}`],
        env: { ...process.env, ...credentials },
      }
    : {
        command: process.execPath,
        args: ['--enable-source-maps', join(projectRoot(), 'dist/deploy/local/surreal/main.js')],
        env: {
          ...process.env,
          ...credentials,
          NODE_ENV: undefined,
          SURREAL_PORT: String(options.port),
          SURREAL_DATA: options.dataDir,
        },
      };
  return startComponent(
    { ...program, logFile: options.logFile },
    {
      what: `SurrealDB on port ${options.port}`,
      url: `ws://127.0.0.1:${options.port}/rpc`,
      check: () => answers(`http://127.0.0.1:${options.port}/health`),
      limitMs: 30_000,
      signal: options.signal,
    },
  );
}
