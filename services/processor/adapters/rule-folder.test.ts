import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { builtInFolder, keptRules, readFolder } from './rule-folder.js';

const noFault = (file: string, line: number, reason: string) => {
  throw new Error(`${file}:${line}: ${reason}`);
};
const folder = mkdtempSync(join(tmpdir(), 'vectadb-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('what was kept of the built-in rules is what their files say', () => {
  const kept = keptRules();
  expect(Object.keys(kept).length).toBeGreaterThan(5);
  const read = readFolder(builtInFolder(), noFault, {});
  expect(Object.values(kept).flatMap(({ rules }) => rules)).toEqual(JSON.parse(JSON.stringify(read)));
  expect(readFolder(builtInFolder(), noFault)).toEqual(read);
});

it('a file that has changed since it was kept is read', () => {
  const write = (event_type: string) =>
    writeFileSync(
      join(folder, 'own.yaml'),
      `set: own\nparser_rules:\n  - { name: a, pattern: b, event_type: ${event_type} }\n`,
    );
  write('log');
  const [rule] = readFolder(folder, noFault, {});
  const kept = { 'patterns/own.yaml': { sha256: 'of another text', rules: [rule!] } };
  write('query');
  expect(readFolder(folder, noFault, kept)).toMatchObject([{ definition: { event_type: 'query' } }]);
});
