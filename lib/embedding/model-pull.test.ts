import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missingFiles, modelFolder } from './model-files.js';
import { PullError, pullModel } from './model-pull.js';
import { writeTinyModel } from './testing/tiny-model.js';

let folder: string;
let hub: string;
let server: Server;
let asked: string[];
/** What the hub does with one file; 'whole' unless said. */
let manners: Record<string, 'cut' | 'silent' | 'absent'>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vectadb-pull-'));
  writeTinyModel(join(folder, 'hub'), 'Test/tiny');
  asked = [];
  manners = {};
  server = createServer((request, response) => {
    const file = request.url!.replace('/Test/tiny/resolve/main/', '');
    asked.push(file);
    if (manners[file] === 'silent') return;
    if (manners[file] === 'absent') {
      response.writeHead(404).end();
      return;
    }
    const content = readFileSync(join(folder, 'hub/Test/tiny', file));
    response.writeHead(200, { 'content-length': content.length });
    if (manners[file] === 'cut') {
      response.write(content.subarray(0, 10));
      setImmediate(() => response.destroy());
    } else response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hub = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const pull = (over: { force?: boolean; idleLimitMs?: number } = {}) =>
  pullModel({ modelPath: join(folder, 'models'), modelName: 'Test/tiny', hub, ...over });
const target = () => modelFolder(join(folder, 'models'), 'Test/tiny');

describe('fetching a model', () => {
  it('brings every file, byte for byte', async () => {
    const { fetched } = await pull();
    expect(missingFiles(target())).toEqual([]);
    for (const { file } of fetched) {
      expect(readFileSync(join(target(), file))).toEqual(readFileSync(join(folder, 'hub/Test/tiny', file)));
    }
  });

  it('asks for what is missing only, unless forced', async () => {
    await pull();
    rmSync(join(target(), 'config.json'));
    asked = [];
    await pull();
    expect(asked).toEqual(['config.json']);
    await pull({ force: true });
    expect(asked).toHaveLength(5);
  });

  it.each([
    ['cut', /terminated|aborted|bytes/],
    ['absent', /it answered 404/],
    ['silent', /nothing came for 100 ms/],
  ] as const)(
    'leaves no half of a file behind when the hub is %s, and says what else can be done',
    async (manner, why) => {
      const file = 'onnx/model_quantized.onnx';
      manners[file] = manner;
      const failure = await pull({ idleLimitMs: 100 }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(PullError);
      expect((failure as Error).message).toMatch(why);
      expect((failure as Error).message).toContain(target());
      expect(existsSync(join(target(), file))).toBe(false);
      expect(existsSync(join(target(), `${file}.part`))).toBe(false);
    },
  );

  it('says why when there is no network', async () => {
    const closed = pullModel({ modelPath: folder, modelName: 'Test/tiny', hub: 'http://127.0.0.1:9' });
    await expect(closed).rejects.toThrow(/fetch failed: .+Without a network, copy the files/);
  });
});
