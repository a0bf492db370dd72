import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalComponent } from './component.js';
import { installOnce, type Progress } from './install.js';
import { reservePort } from './ports.js';
import { guardFolder } from './reaper.js';

/**
 * A Java class archive (JEP 310): the loaded classes of one trial run, mapped into later ones. It halves the start of a
 * broker, and tests start many. A JVM that cannot use an archive ignores it.
 */
const FILE = 'classes.jsa';

/** JVM options that use the archive in `folder`; none where there is none. */
export const archiveOptions = (folder: string): string[] =>
  existsSync(join(folder, FILE)) ? [`-XX:SharedArchiveFile=${join(folder, FILE)}`, '-Xlog:cds=off'] : [];

/**
 * Makes the archive in `folder` by one trial run, once. `start` starts the program with the given JVM options. A trial
 * that fails leaves an empty folder: starting is slower then, and nothing else.
 */
export async function makeArchive(
  folder: string,
  what: string,
  start: (trial: { jvm: string[]; ports: [number, number]; dataDir: string }) => Promise<LocalComponent>,
  progress?: Progress,
): Promise<void> {
  const fill = async (draft: string) => {
    progress?.(`${what}: trial run, so that later starts are fast`);
    const dataDir = mkdtempSync(join(tmpdir(), 'vectadb-trial-'));
    guardFolder(dataDir);
    const [first, second] = [await reservePort(), await reservePort()];
    try {
      const trial = await start({
        jvm: [`-XX:ArchiveClassesAtExit=${join(draft, FILE)}`],
        ports: [first.port, second.port],
        dataDir,
      });
      await trial.stop(60_000);
    } catch (error) {
      progress?.(
        `${what}: no class archive (${error instanceof Error ? error.message.split('\n')[0] : error})`,
      );
    } finally {
      first.release();
      second.release();
      rmSync(dataDir, { recursive: true, force: true });
    }
  };
  await installOnce(folder, fill, { what, progress });
}
