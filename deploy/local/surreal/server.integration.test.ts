import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { projectRoot } from '../../../lib/config/root.js';
import { connectSurreal, type SurrealStore } from '../../../lib/stores/surreal/connection.js';
import { reservePort } from '../ports.js';

let folder: string;
let port: number;
let running: Set<ReturnType<typeof spawn>>;
let stores: SurrealStore[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vectadb-surreal-'));
  port = (await reservePort()).port;
  running = new Set();
  stores = [];
});
afterEach(async () => {
  for (const store of stores) await store.close();
  for (const child of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

function start(environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(projectRoot(), 'dist/deploy/local/surreal/main.js')], {
    env: {
      ...process.env,
      SURREAL_PORT: String(port),
      SURREAL_DATA: folder,
      SURREAL_USER: 'admin',
      SURREAL_PASS: 'right',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  let log = '';
  child.stdout!.on('data', (chunk) => {
    log += chunk;
  });
  return { child, log: () => log };
}

const connect = async (given: { password?: string; database?: string; connectTimeoutMs?: number } = {}) => {
  const store = await connectSurreal({
    url: `ws://127.0.0.1:${port}/rpc`,
    user: 'admin',
    password: 'right',
    namespace: 'vectadb',
    database: 'production',
    ...given,
  });
  stores.push(store);
  return store;
};

describe('the local SurrealDB server', () => {
  test('serves the stock client, /health and nothing to who has the wrong password or asks for another database', async () => {
    start();
    const store = await connect();
    expect(await store.query('RETURN 1 + 1;')).toEqual([2]);
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    await expect(connect({ password: 'wrong', connectTimeoutMs: 1_500 })).rejects.toThrow(/authentication/);
    await expect(connect({ database: 'other', connectTimeoutMs: 1_500 })).rejects.toThrow(/'other'/);
    await expect(store.query('SELEC 1')).rejects.toMatchObject({ name: 'StoreRefusedError' });
    await expect(store.query('THROW "no";')).rejects.toThrow(/no/);
    expect(await store.query('RETURN 3;')).toEqual([3]);
  });

  test('of two clients that write one record at once, one inserts it, and the newer value stands', async () => {
    start();
    const [a, b] = [await connect(), await connect()];
    await a.query('DEFINE TABLE t SCHEMALESS;');
    const insert = async (store: SurrealStore, key: string) => {
      const [rows] = await store.query<[unknown[]]>('INSERT IGNORE INTO t { id: $key } RETURN VALUE id;', {
        key,
      });
      return rows.length;
    };
    const replace = (store: SurrealStore, v: number) =>
      store.query('BEGIN; UPSERT t:u CONTENT { v: $v } WHERE v < $v; COMMIT;', { v });
    for (let round = 0; round < 300; round++) {
      const inserted = await Promise.all([insert(a, `r${round}`), insert(b, `r${round}`)]);
      expect(inserted.sort()).toEqual([0, 1]);
      await a.query('UPSERT t:u CONTENT { v: 0 };');
      await Promise.all([replace(a, 1), replace(b, 2)]);
      expect(await b.query('RETURN t:u.v;')).toEqual([2]);
    }
  });

  test('SIGTERM ends it with exit code 0', async () => {
    const { child } = start();
    await connect();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('a second process on the same folder ends within seconds and says why', async () => {
    start();
    await connect();
    const second = start({ SURREAL_PORT: '0' });
    const [code] = await once(second.child, 'exit');
    expect(code).toBe(1);
    expect(second.log()).toContain('already locked by another process');
  });

  test('a taken port is named with the variable that moves it', async () => {
    start();
    await connect();
    const second = start({ SURREAL_DATA: join(folder, 'other') });
    expect((await once(second.child, 'exit'))[0]).toBe(1);
    expect(second.log()).toContain(`port ${port} is taken: set SURREAL_PORT`);
  });

  test('kill -9 between acknowledgements loses no acknowledged row, and the client comes back by itself', async () => {
    let server = start();
    const store = await connect();
    const acknowledged: number[] = [];
    let writing = true;
    const writer = (async () => {
      for (let n = 0; writing; n++) {
        try {
          await store.query('CREATE type::record("row", $n) SET n = $n;', { n }, 5_000);
          acknowledged.push(n);
        } catch {
          await delay(5); // down: what was not acknowledged does not count
        }
      }
    })();
    for (let round = 0; round < 5; round++) {
      const enough = acknowledged.length + 40;
      await expect.poll(() => acknowledged.length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(enough);
      server.child.kill('SIGKILL');
      await once(server.child, 'exit');
      server = start();
    }
    await expect.poll(() => store.health().connected, { timeout: 20_000 }).toBe(true);
    writing = false;
    await writer;
    const [stored] = await store.query<[number[]]>('SELECT VALUE n FROM row;');
    const present = new Set(stored);
    expect(acknowledged.filter((n) => !present.has(n))).toEqual([]);
  });

  test('a query fails at once while the server is down, and in time while it hangs', async () => {
    const server = start();
    const store = await connect();
    server.child.kill('SIGSTOP');
    const asked = performance.now();
    await expect(store.query('RETURN 1;', {}, 500)).rejects.toMatchObject({ name: 'StoreUnavailableError' });
    expect(performance.now() - asked).toBeLessThan(2_000);
    await expect(store.query('RETURN 1;', {}, 500)).rejects.toMatchObject({ name: 'StoreUnavailableError' });
    expect(store.health().connected).toBe(false);
    server.child.kill('SIGCONT');
    await expect.poll(() => store.health().connected, { timeout: 15_000 }).toBe(true);
    expect(await store.query('RETURN 1;')).toEqual([1]);
  });
});
