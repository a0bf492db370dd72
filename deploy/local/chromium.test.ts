import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findChromium } from './chromium.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vectadb-chromium-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function program(name: string, mode: number): string {
  const bin = join(folder, name);
  mkdirSync(bin);
  writeFileSync(join(bin, 'chromium'), '#!/bin/sh\n');
  chmodSync(join(bin, 'chromium'), mode);
  return bin;
}

describe('the browser of the tests', () => {
  it('is the first on PATH that can be run, as it is', () => {
    const path = ['', join(folder, 'none'), program('a', 0o755), program('b', 0o755)].join(delimiter);
    expect(findChromium(folder, path)).toEqual({ executable: join(folder, 'a/chromium'), env: {} });
  });

  it('is none where PATH has no such program and nothing was unpacked', () => {
    expect(findChromium(folder, folder)).toBeNull();
    expect(findChromium(folder, '')).toBeNull();
  });
});
