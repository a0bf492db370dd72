import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from '../../lib/config/root.js';
import { type ApiDescription, apiMarkdown } from './api-docs.js';
import { VARIABLES } from './config.js';
import { PROBLEMS } from './problem.js';
import { testServer } from './testing/fake-ports.js';

it('docs/api.md says what the routes say; else run this test with UPDATE_DOCS=1', async () => {
  const { app } = await testServer();
  await app.ready();
  const markdown = apiMarkdown(app.swagger() as ApiDescription, PROBLEMS, VARIABLES);
  const path = join(projectRoot(), 'docs/api.md');
  if (process.env.UPDATE_DOCS) writeFileSync(path, markdown);
  expect(readFileSync(path, 'utf8')).toBe(markdown);
});
