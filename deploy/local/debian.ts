import { accessSync, constants, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './install.js';
import { tail } from './wait.js';

const DOWNLOAD_LIMIT_MS = 600_000;

/** The first of `names` that can be run on `path`. */
export const onPath = (names: readonly string[], path = process.env.PATH): string | null => {
  const folders = (path ?? '').split(delimiter).filter(Boolean);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(canRun) ?? null;
};

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not ours to run
  }
}

/** Whether this machine can unpack packages of Debian. */
export const hasDebian = (): boolean => onPath(['apt-get']) !== null && onPath(['dpkg-deb']) !== null;

/**
 * Unpacks packages of Debian below `<draft>/root`; needs no root. `withWhatTheyNeed` brings everything that an installation
 * would, and that this machine does not have. What apt said last is in `logFile`.
 */
export async function unpackDebian(
  draft: string,
  packages: readonly string[],
  { logFile, withWhatTheyNeed }: { logFile: string; withWhatTheyNeed: boolean },
): Promise<void> {
  const work = join(draft, 'apt');
  for (const folder of ['lists/partial', 'archives/partial', 'debs'])
    mkdirSync(join(work, folder), { recursive: true });
  // lists and archives of our own: those of the machine may be old, missing, or root's alone
  const options = [
    `Dir::State::lists=${join(work, 'lists')}`,
    `Dir::Cache=${work}`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  const apt = (args: string[]) =>
    run('apt-get', [...options, ...args], {
      cwd: join(work, 'debs'),
      logFile,
      limitMs: DOWNLOAD_LIMIT_MS,
    });
  await apt(['update']);
  let wanted = [...packages];
  if (withWhatTheyNeed) {
    // everything that an installation would bring: what the machine has already is not among it
    await apt(['install', '--yes', '--no-install-recommends', '--print-uris', '--reinstall', ...packages]);
    wanted = [...tail(logFile, 10_000).matchAll(/^'[^']+' ([^_\s]+)_\S+\.deb /gm)].map(([, name]) => name!);
  }
  await apt(['download', ...wanted]);
  for (const file of readdirSync(join(work, 'debs')).sort()) {
    await run('dpkg-deb', ['--extract', join(work, 'debs', file), join(draft, 'root')], {
      logFile,
      limitMs: 120_000,
    });
  }
  rmSync(work, { recursive: true });
}
