import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { developmentApiKey, readApiKey } from './api-key.js';
import { parseVersion, serverFolder } from './engine.js';
import { installOnce } from './install.js';
import { rotateLogs } from './log-rotation.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vectadb-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the development key', () => {
  it('is minted once, for its owner alone', () => {
    expect(readApiKey(folder)).toBeNull();
    const key = developmentApiKey(folder, {});
    expect(developmentApiKey(folder, {})).toBe(key);
    expect(readApiKey(folder)).toBe(key);
    expect(statSync(join(folder, 'api-key')).mode & 0o777).toBe(0o600);
  });

  it('is the one of the environment where that is set', () => {
    expect(developmentApiKey(folder, { VECTADB_API_KEY: 'mine' })).toBe('mine');
    expect(readApiKey(folder)).toBeNull();
  });
});

describe('a log file', () => {
  it('is rotated past the limit, keeps one older generation, and stays open to its writer', () => {
    const path = join(folder, 'kafka.log');
    writeFileSync(path, 'x'.repeat(101));
    writeFileSync(join(folder, 'small.log'), 'x'.repeat(100));
    expect(rotateLogs(folder, 100)).toEqual([path]);
    expect(statSync(path).size).toBe(0);
    expect(readFileSync(`${path}.1`, 'utf8')).toHaveLength(101);
    writeFileSync(path, 'y'.repeat(102));
    rotateLogs(folder, 100);
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('y'.repeat(102));
  });
});

describe('an installation', () => {
  const place = () => join(folder, 'kafka');

  it('is done once', async () => {
    let fills = 0;
    const fill = async (draft: string) => {
      fills++;
      writeFileSync(join(draft, 'jar'), '');
    };
    await Promise.all([1, 2, 3].map(() => installOnce(place(), fill, { what: 'kafka' })));
    expect(fills).toBe(1);
    expect(statSync(join(place(), 'jar')).isFile()).toBe(true);
  });

  it('leaves nothing that looks whole when it fails, and can be tried again', async () => {
    const broken = async (draft: string) => {
      writeFileSync(join(draft, 'half'), '');
      throw new Error('no network');
    };
    await expect(installOnce(place(), broken, { what: 'kafka' })).rejects.toThrow('no network');
    await installOnce(place(), async (draft) => writeFileSync(join(draft, 'whole'), ''), { what: 'kafka' });
    expect(statSync(join(place(), 'whole')).isFile()).toBe(true);
    expect(() => statSync(join(place(), 'half'))).toThrow();
  });

  it('takes over the lock of an installer that was killed', async () => {
    writeFileSync(`${place()}.lock`, '4194305 1\n'); // above the kernel's largest process number
    await installOnce(place(), async () => {}, { what: 'kafka' });
    expect(statSync(place()).isDirectory()).toBe(true);
  });
});

describe("a store's own server", () => {
  it('is used for new data, and the engine that made the data keeps it', () => {
    expect(serverFolder(join(folder, 'new'), () => true)).toBe(join(folder, 'new/server'));
    expect(serverFolder(join(folder, 'none'), () => false)).toBeNull();
    mkdirSync(join(folder, 'old/wal'), { recursive: true });
    expect(serverFolder(join(folder, 'old'), () => true)).toBeNull();
    expect(() => serverFolder(join(folder, 'new'), () => false)).toThrow('not on PATH any more');
  });

  it.each([
    ['3.0.2 for linux on x86_64', '3.0.2'],
    ['qdrant 1.18.0', '1.18.0'],
    ['usage: surreal', null],
  ])('reads its version from %j', (output, version) => {
    expect(parseVersion(output)).toBe(version);
  });
});
