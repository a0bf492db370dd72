import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../lib/config/root.js';
import { type LocalComponent, type StartOptions, startComponent } from './component.js';
import { isUsable, serverFolder } from './engine.js';
import type { Progress } from './install.js';
import { installVenv, venvFolder, venvPython } from './python.js';
import { answers } from './wait.js';

const SERVER = { command: 'qdrant', versionArgs: ['--version'], least: [1, 17] };

const source = () => join(projectRoot(), 'deploy/local/qdrant');

const requirements = () => join(source(), 'requirements.txt');
const home = (cacheDir: string) => venvFolder(cacheDir, 'qdrant', requirements());

export const qdrantInstalled = (cacheDir: string): boolean => existsSync(home(cacheDir));

/** Makes the Python virtual environment of the server. Installed already: returns at once. */
export const installQdrant = (cacheDir: string, progress?: Progress): Promise<void> =>
  installVenv(home(cacheDir), 'qdrant', requirements(), progress);

/** Settings of a server of its own: what is stored in `folder`, nothing but HTTP on this machine. */
function serverConfig(folder: string, port: number): string {
  const path = join(folder, 'config.json');
  const config = {
    telemetry_disabled: true,
    storage: { storage_path: join(folder, 'storage'), snapshots_path: join(folder, 'snapshots') },
    service: { host: '127.0.0.1', http_port: port, grpc_port: null },
  };
  writeFileSync(path, JSON.stringify(config, null, 2));
  return path;
}

/** Starts the `qdrant` on PATH, else Qdrant's engine behind the same REST API; data in `dataDir`. */
export async function startQdrant(options: StartOptions): Promise<LocalComponent> {
  mkdirSync(options.dataDir, { recursive: true });
  const url = `http://127.0.0.1:${options.port}`;
  const folder = serverFolder(options.dataDir, () => isUsable(SERVER));
  const program = folder
    ? { command: SERVER.command, args: ['--config-path', serverConfig(folder, options.port)], cwd: folder }
    : {
        command: venvPython(home(options.cacheDir)),
        args: [join(source(), 'server.py')],
        env: {
          ...process.env,
          PYTHONUNBUFFERED: '1',
          PYTHONDONTWRITEBYTECODE: '1',
          QDRANT_PORT: String(options.port),
          QDRANT_DATA: options.dataDir,
        },
      };
  return startComponent(
    { ...program, logFile: options.logFile },
    {
      what: `Qdrant on port ${options.port}`,
      url,
      check: () => answers(`${url}/readyz`),
      limitMs: 60_000,
      signal: options.signal,
    },
  );
}
