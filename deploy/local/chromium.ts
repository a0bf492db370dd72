import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasDebian, onPath, unpackDebian } from './debian.js';
import { installOnce, type Progress } from './install.js';

/** A browser that can be started: the program, and the environment that it needs on top of ours. */
export interface Chromium {
  executable: string;
  env: Record<string, string>;
}

/** The fonts that pictures are drawn with: a machine without a desktop may have none. */
const PACKAGES = ['chromium', 'fonts-inter', 'fonts-jetbrains-mono', 'fonts-dejavu-core'];
const NAMES = ['chromium', 'chromium-browser'];

const home = (cacheDir: string): string => {
  const hash = createHash('sha256').update(PACKAGES.join()).digest('hex');
  return join(cacheDir, `chromium-${hash.slice(0, 12)}`);
};

/** The browser of this machine, else the one that {@link installChromium} put into the cache; null: neither. */
export function findChromium(cacheDir: string, path = process.env.PATH): Chromium | null {
  const own = onPath(NAMES, path);
  if (own) return { executable: own, env: {} };
  const root = join(home(cacheDir), 'root');
  const executable = join(root, 'usr/lib/chromium/chromium');
  if (!existsSync(executable)) return null;
  const libraries = ['usr/lib', 'lib'].flatMap((folder) => libraryFolders(join(root, folder)));
  return {
    executable,
    env: {
      LD_LIBRARY_PATH: [...libraries, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':'),
      FONTCONFIG_FILE: join(home(cacheDir), 'fonts.conf'),
      XDG_DATA_DIRS: `${join(root, 'usr/share')}:/usr/local/share:/usr/share`,
    },
  };
}

/** Folders like `x86_64-linux-gnu`, where Debian has its libraries, and those below: some libraries have one of their own. */
const libraryFolders = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.so(\.|$)/.test(entry.name))
        .map((entry) => entry.parentPath)
        .filter((path, index, all) => path.includes('-linux-gnu') && all.indexOf(path) === index)
    : [];

/**
 * Unpacks Debian's Chromium with the libraries and fonts that this machine lacks into the cache; needs no root. Does nothing
 * where there is a browser already. @throws with what to do on a machine without apt.
 */
export async function installChromium(cacheDir: string, progress?: Progress): Promise<void> {
  if (findChromium(cacheDir)) return;
  if (!hasDebian()) {
    throw new Error(
      'the tests of the console need a browser: put `chromium` on PATH (this machine has no apt to get it with)',
    );
  }
  mkdirSync(cacheDir, { recursive: true });
  const folder = home(cacheDir);
  const logFile = join(dirname(folder), 'chromium-apt.txt');
  const fill = async (draft: string) => {
    progress?.("chromium: downloading Debian's");
    await unpackDebian(draft, PACKAGES, { logFile, withWhatTheyNeed: true });
    writeFileSync(join(draft, 'fonts.conf'), fontConfig(folder));
  };
  await installOnce(folder, fill, { what: 'chromium', progress });
}

const fontConfig = (folder: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>${join(folder, 'root/usr/share/fonts')}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${join(folder, 'font-cache')}</cachedir>
  <alias><family>sans-serif</family><prefer><family>Inter</family><family>DejaVu Sans</family></prefer></alias>
  <alias><family>system-ui</family><prefer><family>Inter</family><family>DejaVu Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>JetBrains Mono</family><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
`;
