// Transpiles lib, services and deploy to dist/, file by file. Types are checked by `npm run typecheck`.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const roots = ['lib', 'services', 'deploy', 'bench', 'tests'];
const sources = roots.flatMap((root) => {
  try {
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.ts$/.test(entry.name) && !/\.(test|d)\.ts$/.test(entry.name))
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
});
if (process.argv.includes('--clean')) rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: sources.filter((file) => !file.startsWith('services/console/')),
  outdir: 'dist',
  outbase: '.',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: true,
  logLevel: 'warning',
});
if (!process.argv.includes('--quiet')) console.log(`built ${sources.length} files into dist/`);
