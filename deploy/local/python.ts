import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installOnce, type Progress, run } from './install.js';

/** Folder of a virtual environment; it carries the hash of its requirements, so that changed ones make a new one. */
export function venvFolder(cacheDir: string, name: string, requirementsFile: string): string {
  const hash = createHash('sha256').update(readFileSync(requirementsFile)).digest('hex');
  return join(cacheDir, `${name}-${hash.slice(0, 12)}`);
}

/** Its interpreter. Scripts in bin/ carry the path of the draft, which is renamed afterwards: never use them. */
export const venvPython = (folder: string): string => join(folder, 'bin/python3');

/** Makes the virtual environment of `requirementsFile`. Installed already: returns at once. */
export async function installVenv(
  folder: string,
  name: string,
  requirementsFile: string,
  progress?: Progress,
): Promise<void> {
  const logFile = join(dirname(folder), `${name}-pip.txt`);
  await installOnce(
    folder,
    async (draft) => {
      progress?.(`${name}: making a virtual environment`);
      await run('python3', ['-m', 'venv', draft], { logFile, limitMs: 120_000 });
      progress?.(`${name}: downloading with pip`);
      await run(venvPython(draft), ['-m', 'pip', 'install', '--no-input', '-r', requirementsFile], {
        logFile,
        limitMs: 600_000,
      });
    },
    { what: name, progress },
  );
}
