import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startStack, type TestStack } from '../../testing/stack.js';
import { TcpProxy } from '../../testing/tcp-proxy.js';
import { connectTestStore } from './fixtures.js';

/** What the client waits between two pings. */
const PING_MS = 30_000;

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack({ surreal: true });
});
afterAll(() => stack?.stop());

it('a connection that ends while the client waits for the answer to its ping ends no process', async () => {
  const { hostname, port } = new URL(stack.env.SURREAL_URL!);
  const proxy = await TcpProxy.start(() => ({ host: hostname, port: Number(port) }));
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  const every = globalThis.setInterval;
  let pings = 0;
  vi.spyOn(globalThis, 'setInterval').mockImplementation(((work: () => void, ms: number) =>
    ms === PING_MS
      ? every(() => {
          pings++;
          work();
        }, 20)
      : every(work, ms)) as typeof setInterval);
  const store = await connectTestStore({
    ...stack.env,
    SURREAL_URL: `ws://127.0.0.1:${proxy.port}/rpc`,
  });
  try {
    proxy.setStill(true);
    const before = pings;
    await expect.poll(() => pings).toBeGreaterThan(before + 2);
    proxy.setDown(true);
    await expect.poll(() => store.health().connected).toBe(false);
    await delay(100);
    expect(unhandled).toEqual([]);
    proxy.setStill(false);
    proxy.setDown(false);
    await expect.poll(() => store.health().connected, { timeout: 10_000 }).toBe(true);
  } finally {
    process.off('unhandledRejection', note);
    vi.restoreAllMocks();
    await store.close();
    await proxy.close();
  }
});
