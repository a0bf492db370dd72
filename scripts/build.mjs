// Transpiles lib, services and deploy to dist/, file by file, and builds the console there. Types are checked by `npm run typecheck`. What is named
// *.bundle.ts is bundled with the packages that it imports, of which only what it uses is left.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { buildConsole, removeOldConsole } from './build-console.mjs';

const roots = ['lib', 'services', 'deploy', 'bench', 'tests'];
const sources = roots.flatMap((root) => {
  try {
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.ts$/.test(entry.name) && !/\.(test|d)\.ts$/.test(entry.name))
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
      .filter((file) => !file.startsWith('services/console/'));
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
});
if (process.argv.includes('--clean')) rmSync('dist', { recursive: true, force: true });
const { outputFiles } = await build({
  entryPoints: sources.filter((file) => !file.endsWith('.bundle.ts')),
  outdir: 'dist',
  outbase: '.',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: true,
  logLevel: 'warning',
  write: false,
});
// Packages do not change between two builds, mostly: then their bundles are left as they are.
const bundles = sources.filter((file) => file.endsWith('.bundle.ts'));
const packages = createHash('sha256');
for (const file of [...bundles, 'package-lock.json', 'scripts/build.mjs'])
  packages.update(readFileSync(file));
const stamp = packages.digest('hex');
const stampFile = 'dist/bundles.stamp';
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
  const bundled = await build({
    entryPoints: bundles,
    outdir: 'dist',
    outbase: '.',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    conditions: ['module'],
    minifySyntax: true,
    minifyWhitespace: true,
    // packages that are CommonJS ask for node's own modules
    // under a name that no package has for something of its own
    banner: {
      js: "import{createRequire as vectadbRequire}from'node:module';const require=vectadbRequire(import.meta.url);",
    },
    logLevel: 'warning',
    write: false,
  });
  outputFiles.push(...bundled.outputFiles, {
    path: join(process.cwd(), stampFile),
    contents: Buffer.from(stamp),
  });
}
const consoleFiles = await buildConsole();
outputFiles.push(...consoleFiles);
// Services may be starting from dist at this moment: a file that is the same stays, another is replaced in one step.
for (const { path, contents } of outputFiles) {
  if (existsSync(path) && readFileSync(path).equals(contents)) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}
removeOldConsole(consoleFiles);
await keepRules();
if (!process.argv.includes('--quiet')) console.log(`built ${sources.length} files into dist/`);

/** What the built-in rules say, so that no process has to read their YAML; anew where they, or what reads them, have changed. */
async function keepRules() {
  const reader = 'services/processor/adapters/rule-text.ts';
  const rules = readdirSync('patterns').filter((name) => name.endsWith('.yaml'));
  const content = createHash('sha256');
  for (const file of [reader, ...rules.map((name) => join('patterns', name))])
    content.update(readFileSync(file));
  const stamp = content.digest('hex');
  const stampFile = 'dist/patterns.stamp';
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  const { keepBuiltIn } = await import('../dist/services/processor/adapters/rule-folder.js');
  keepBuiltIn();
  writeFileSync(stampFile, stamp);
}
