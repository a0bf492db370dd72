import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../lib/config/root.js';
import { replaceFile } from '../../../lib/files/replace-file.js';
import type { WrittenRule } from '../core/rules/rule-types.js';
import { readText } from './rule-text.js';

/** Where the built-in sets are. */
export const builtInFolder = (): string => join(projectRoot(), 'patterns');

/** The built-in files as they were read when VectaDB was built: reading their YAML is most of what a processor does to start. */
const KEPT = () => join(projectRoot(), 'dist/patterns.json');

/** What was read of a file, by its name. */
export type KeptRules = Record<string, { sha256: string; rules: WrittenRule[] }>;

/** The rules of all files of a folder, by name. `onFault` is told of what cannot be read. */
export function readFolder(
  folder: string,
  onFault: (file: string, line: number, reason: string) => void,
  kept: KeptRules = keptRules(),
): WrittenRule[] {
  return textsOf(folder).flatMap(({ file, text }) => {
    const before = kept[file];
    if (before?.sha256 === hashOf(text)) return before.rules;
    return readText(text, file, (line, reason) => onFault(file, line, reason));
  });
}

/** Reads the built-in files and keeps what they say for {@link readFolder}; one with a fault in it is read, and told of, whenever it is used. */
export function keepBuiltIn(): void {
  const kept: KeptRules = {};
  for (const { file, text } of textsOf(builtInFolder())) {
    let isWhole = true;
    const rules = readText(text, file, () => {
      isWhole = false;
    });
    if (isWhole) kept[file] = { sha256: hashOf(text), rules };
  }
  replaceFile(KEPT(), JSON.stringify(kept));
}

/** What was kept when VectaDB was built; nothing where it was not. */
export const keptRules = (): KeptRules =>
  existsSync(KEPT()) ? (JSON.parse(readFileSync(KEPT(), 'utf8')) as KeptRules) : {};

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const textsOf = (folder: string): { file: string; text: string }[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => ({
      file: `patterns/${name}`,
      text: readFileSync(join(folder, name), 'utf8'),
    }));
