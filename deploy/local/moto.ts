import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../lib/config/root.js';
import { type LocalComponent, type StartOptions, startComponent } from './component.js';
import type { Progress } from './install.js';
import { installVenv, venvFolder, venvPython } from './python.js';
import { answers } from './wait.js';

const source = () => join(projectRoot(), 'deploy/local/moto');
const requirements = () => join(source(), 'requirements.txt');
const home = (cacheDir: string) => venvFolder(cacheDir, 'moto', requirements());

/** What an AWS client needs to speak to the emulator: it takes any key. Its account is 123456789012. */
export const EMULATOR_CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'emulator',
  AWS_SECRET_ACCESS_KEY: 'emulator',
  AWS_REGION: 'us-east-1',
} as const;

export const motoInstalled = (cacheDir: string): boolean => existsSync(home(cacheDir));

/** Makes the Python virtual environment of the emulator. Installed already: returns at once. */
export const installMoto = (cacheDir: string, progress?: Progress): Promise<void> =>
  installVenv(home(cacheDir), 'moto', requirements(), progress);

/** Starts the emulator of CloudWatch Logs. What is put into it is in its memory and ends with it. */
export function startMoto(options: StartOptions): Promise<LocalComponent> {
  const url = `http://127.0.0.1:${options.port}`;
  return startComponent(
    {
      command: venvPython(home(options.cacheDir)),
      args: [join(source(), 'server.py')],
      env: {
        ...process.env,
        PYTHONUNBUFFERED: '1',
        PYTHONDONTWRITEBYTECODE: '1',
        MOTO_PORT: String(options.port),
      },
      logFile: options.logFile,
    },
    {
      what: `moto on port ${options.port}`,
      url,
      check: () => answers(`${url}/moto-api/`),
      limitMs: 60_000,
      signal: options.signal,
    },
  );
}
