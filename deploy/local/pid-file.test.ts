import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { claim, holder, processStart } from './pid-file.js';

const folder = mkdtempSync(join(tmpdir(), 'vectadb-pid-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('gives a place to one holder at a time', () => {
  const path = join(folder, 'one');
  const first = claim(path);
  expect(first).not.toBeNull();
  expect(claim(path)).toBeNull();
  expect(holder(path)).toBe(process.pid);
  first?.release();
  expect(holder(path)).toBeNull();
  expect(claim(path)).not.toBeNull();
});

it('takes the place of a process that is gone', () => {
  const path = join(folder, 'gone');
  writeFileSync(path, `${spawnSync('true').pid} 1\n`);
  expect(holder(path)).toBeNull();
  expect(claim(path)).not.toBeNull();
});

it.runIf(process.platform === 'linux')('does not take a reused process number for the holder', () => {
  const path = join(folder, 'reused');
  writeFileSync(path, `${process.pid} ${Number(processStart(process.pid)) - 1}\n`);
  expect(holder(path)).toBeNull();
});

it('takes a half-written file for free', () => {
  const path = join(folder, 'torn');
  writeFileSync(path, '');
  expect(claim(path)).not.toBeNull();
});
