import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk in memory, to be filled. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  /** @throws where this process may not mount, which takes root. */
  static mount(sizeMb: number): SmallDisk {
    const folder = mkdtempSync(join(tmpdir(), 'vectadb-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', folder]);
    return new SmallDisk(folder);
  }

  /** Whether this process may mount. */
  static get isPossible(): boolean {
    try {
      SmallDisk.mount(1).unmount();
      return true;
    } catch {
      // not root: what needs a disk of its own is left out, and says so
      return false;
    }
  }

  unmount(): void {
    execFileSync('umount', ['--lazy', this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
