import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from '../../config/root.js';
import { loadSchemas } from '../../config/schemas.js';
import { topicsMarkdown } from './docs.js';
import { loadTopics } from './topic-file.js';

it('docs/topics.md says what topics.yaml and schemas/ say; else run `npm run vectadb -- topics docs --write`', () => {
  expect(readFileSync(join(projectRoot(), 'docs/topics.md'), 'utf8')).toBe(
    topicsMarkdown(loadTopics(), loadSchemas()),
  );
});

it('every field of every record has a meaning', () => {
  const rows = topicsMarkdown(loadTopics(), loadSchemas()).split('\n');
  expect(rows.filter((row) => /^\| `\w+` \|.*\| {1,2}\|$/.test(row))).toEqual([]);
});
