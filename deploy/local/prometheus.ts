import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasDebian, onPath, unpackDebian } from './debian.js';
import { installOnce, type Progress } from './install.js';

/** The server, and the tool that checks its files. */
export interface Prometheus {
  server: string;
  promtool: string;
}

const home = (cacheDir: string): string => join(cacheDir, 'prometheus');

/** Prometheus of this machine, else the one that {@link installPrometheus} put into the cache; null: neither. */
export function findPrometheus(cacheDir: string, path = process.env.PATH): Prometheus | null {
  const server = onPath(['prometheus'], path);
  const promtool = onPath(['promtool'], path);
  if (server && promtool) return { server, promtool };
  const bin = join(home(cacheDir), 'root/usr/bin');
  if (!existsSync(join(bin, 'promtool'))) return null;
  return { server: join(bin, 'prometheus'), promtool: join(bin, 'promtool') };
}

/**
 * Unpacks Debian's Prometheus, whose programs need nothing else, into the cache. Returns null, downloading nothing, on a machine
 * without apt. @throws with apt's last lines where the download fails.
 */
export async function installPrometheus(cacheDir: string, progress?: Progress): Promise<Prometheus | null> {
  const found = findPrometheus(cacheDir);
  if (found || !hasDebian()) return found;
  mkdirSync(cacheDir, { recursive: true });
  const folder = home(cacheDir);
  const logFile = join(dirname(folder), 'prometheus-apt.txt');
  const fill = async (draft: string) => {
    progress?.("prometheus: downloading Debian's");
    await unpackDebian(draft, ['prometheus'], { logFile, withWhatTheyNeed: false });
  };
  await installOnce(folder, fill, { what: 'prometheus', progress });
  return findPrometheus(cacheDir);
}
