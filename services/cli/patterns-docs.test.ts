import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { defaultAppConfig } from '../../lib/config/app-config.js';
import { projectRoot } from '../../lib/config/root.js';
import { loadRules } from '../processor/adapters/rule-files.js';
import { reference, withReference } from './patterns-docs.js';

it('docs/patterns.md says what patterns/*.yaml say; else run `npm run docs:patterns`', () => {
  const document = readFileSync(join(projectRoot(), 'docs/patterns.md'), 'utf8');
  expect(withReference(document)).toBe(document);
});

it('names every built-in rule once, in tables of five columns', () => {
  const rows = reference()
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (?:rule|---) /.test(line));
  const names = rows.map((row) => /^\| \[?`([^`]+)`/.exec(row)![1]);
  expect(names.sort()).toEqual(
    loadRules(defaultAppConfig())
      .global.map(({ name }) => name)
      .sort(),
  );
  for (const row of rows) expect(row.replaceAll('\\|', '').split('|'), row).toHaveLength(7);
});

it('keeps what is written by hand, and refuses a document whose mark is lost', () => {
  const [mark] = readFileSync(join(projectRoot(), 'docs/patterns.md'), 'utf8').match(
    /<!--.*docs:patterns.*-->/,
  )!;
  expect(withReference(`# Mine\n\n${mark}\nold`)).toBe(`# Mine\n\n${mark}\n\n${reference()}`);
  expect(() => withReference('# Mine')).toThrow('has lost its line');
});
