// Transpiles lib, services and deploy to dist/, file by file. Types are checked by `npm run typecheck`.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
const { outputFiles } = await build({
  entryPoints: sources.filter((file) => !file.startsWith('services/console/')),
  outdir: 'dist',
  outbase: '.',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: true,
  logLevel: 'warning',
  write: false,
});
// Services may be starting from dist at this moment: a file that is the same stays, another is replaced in one step.
for (const { path, contents } of outputFiles) {
  if (existsSync(path) && readFileSync(path).equals(contents)) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}
if (!process.argv.includes('--quiet')) console.log(`built ${sources.length} files into dist/`);
