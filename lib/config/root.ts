import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the installation: the folder of VectaDB's package.json above this file, from source and from dist alike. */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'vectadb') return folder;
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error(`no package.json of vectadb above ${fileURLToPath(import.meta.url)}`);
    folder = parent;
  }
}
