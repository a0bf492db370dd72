import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from './testing/fake-ports.js';

let folder: string;
let server: TestServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vectadb-console-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>console</title>');
  writeFileSync(join(folder, 'assets/main-abc.js'), 'start()');
  writeFileSync(join(folder, 'assets/main-abc.js.gz'), gzipSync('start()'));
  server = await testServer({ consoleFolder: folder });
});
afterAll(async () => {
  await server.app.close();
  rmSync(folder, { recursive: true });
});

const get = (path: string, headers = {}) => server.app.inject({ url: path, headers });

describe('the console', () => {
  it.each(['/', '/traces', '/traces/8fb1?event=1&view=tree', '/search?q=a', '/overview', '/topics/raw-logs'])(
    'opens at %s, without a key',
    async (path) => {
      const { statusCode, headers, body } = await get(path);
      expect([statusCode, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      expect(body).toContain('<title>console</title>');
      expect(headers['cache-control']).toBe('no-cache');
      expect(headers['content-security-policy']).toContain("default-src 'self'");
    },
  );

  it('is opened as often as an address may ask, however many files that takes', async () => {
    const { app } = await testServer({ consoleFolder: folder, limits: { anonymousPerMinute: 2 } });
    const asked = async (url: string) => (await app.inject(url)).statusCode;
    for (let n = 0; n < 80; n++) expect(await asked('/assets/main-abc.js')).toBe(200);
    expect(await asked('/assets/main-abc.js')).toBe(429);
    expect([await asked('/'), await asked('/traces'), await asked('/')]).toEqual([200, 200, 429]);
    await app.close();
  });

  it.each([
    '/api/v1/nothing',
    '/api/traces',
    '/v1/nothing',
    '/nowhere',
    '/assets/gone.js',
    '/assets/../index.html',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/index.html',
  ])('does not stand in for %s', async (path) => {
    const { statusCode, headers } = await get(path);
    expect([statusCode, headers['content-type']]).toEqual([404, 'application/problem+json']);
  });

  it('leaves the routes of machines alone', async () => {
    expect((await get('/health')).json()).toMatchObject({ status: 'ok' });
    expect((await get('/openapi.json')).json()).toHaveProperty('paths');
    expect((await get('/docs/')).body).toContain('swagger');
    expect((await get('/metrics')).headers['content-type']).toContain('text/plain');
    expect((await get('/api/v1/traces')).statusCode).toBe(401);
  });

  it('lets browsers keep what carries a hash in its name, packed where they take it', async () => {
    const plain = await get('/assets/main-abc.js');
    expect(plain.body).toBe('start()');
    expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    const packed = await get('/assets/main-abc.js', { 'accept-encoding': 'gzip' });
    expect(packed.headers['content-encoding']).toBe('gzip');
  });

  it('says what to do where it is not built', async () => {
    const bare = await testServer({ consoleFolder: join(folder, 'none') });
    const { status, body } = await bare.get('/');
    expect(status).toBe(404);
    expect(body.detail).toContain('npm run build');
    await bare.app.close();
  });
});
