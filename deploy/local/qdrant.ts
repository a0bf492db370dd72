import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../lib/config/root.js';
import { type LocalComponent, type StartOptions, startComponent } from './component.js';
import { isUsable, serverFolder } from './engine.js';
import { installOnce, type Progress, run } from './install.js';
import { answers } from './wait.js';

const SERVER = { command: 'qdrant', versionArgs: ['--version'], least: [1, 17] };

const source = () => join(projectRoot(), 'deploy/local/qdrant');

/** The virtual environment's folder carries the hash of its requirements: changed ones make a new one. */
function home(cacheDir: string): string {
  const requirements = readFileSync(join(source(), 'requirements.txt'));
  return join(cacheDir, `qdrant-${createHash('sha256').update(requirements).digest('hex').slice(0, 12)}`);
}

export const qdrantInstalled = (cacheDir: string): boolean => existsSync(home(cacheDir));

/** Makes the Python virtual environment of the server. Installed already: returns at once. */
export async function installQdrant(cacheDir: string, progress?: Progress): Promise<void> {
  const folder = home(cacheDir);
  const logFile = join(cacheDir, 'qdrant-pip.txt');
  await installOnce(
    folder,
    async (draft) => {
      progress?.('qdrant: making a virtual environment');
      await run('python3', ['-m', 'venv', draft], { logFile, limitMs: 120_000 });
      progress?.('qdrant: downloading with pip');
      // By its interpreter, never by bin/pip: scripts carry the path of the draft, which is renamed afterwards.
      await run(
        join(draft, 'bin/python3'),
        ['-m', 'pip', 'install', '--no-input', '-r', join(source(), 'requirements.txt')],
        { logFile, limitMs: 600_000 },
      );
    },
    { what: 'qdrant', progress },
  );
}

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
        command: join(home(options.cacheDir), 'bin/python3'),
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
