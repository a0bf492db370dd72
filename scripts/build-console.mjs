// Builds the console when something that it is made of has changed. Its files are returned, with gzip and brotli forms beside
// what a browser loads, and index.html last: whoever opens it finds what it names.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const SOURCE = 'services/console';
const FOLDER = 'dist/services/console';
const STAMP = 'dist/console.stamp';

/** Files below a folder that end up in the console, in a stable order. */
const sourcesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();

function stampOf() {
  const hash = createHash('sha256');
  // lib/model is what it shares with the services
  for (const file of [...sourcesIn(SOURCE), ...sourcesIn('lib/model'), 'package-lock.json', ...scripts]) {
    hash.update(file).update(readFileSync(file));
  }
  return hash.digest('hex');
}
const scripts = ['scripts/build-console.mjs'];

export async function buildConsole() {
  const stamp = stampOf();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return [];
  const { build } = await import('vite');
  const { output } = await build({
    configFile: join(SOURCE, 'vite.config.ts'),
    logLevel: 'warn',
    build: { write: false },
  });
  const files = output.map((file) => ({
    path: join(process.cwd(), FOLDER, file.fileName),
    contents: Buffer.from(file.type === 'chunk' ? file.code : file.source),
  }));
  const packed = files.flatMap(({ path, contents }) =>
    /\.(js|css|svg)$/.test(path)
      ? [
          { path: `${path}.gz`, contents: gzipSync(contents, { level: 9 }) },
          { path: `${path}.br`, contents: brotliCompressSync(contents) },
        ]
      : [],
  );
  const isEntry = ({ path }) => path.endsWith('index.html');
  return [
    ...packed,
    ...files.filter((file) => !isEntry(file)),
    ...files.filter(isEntry),
    { path: join(process.cwd(), STAMP), contents: Buffer.from(stamp) },
  ];
}

/** Removes what an older build left, once the new files are in their places: names carry hashes, so none was written over. */
export function removeOldConsole(files) {
  if (files.length === 0) return;
  const kept = new Set(files.map(({ path }) => path));
  for (const entry of readdirSync(FOLDER, { recursive: true, withFileTypes: true })) {
    const path = join(process.cwd(), entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && !kept.has(path)) rmSync(path);
  }
}
