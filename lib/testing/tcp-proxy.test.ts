import { connect, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kafkaWatcher, TcpProxy } from './tcp-proxy.js';

let echo: Server;
let proxy: TcpProxy;
beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  const { port } = echo.address() as { port: number };
  proxy = await TcpProxy.start(() => ({ host: '127.0.0.1', port }));
});
afterEach(async () => {
  await proxy.close();
  await new Promise((resolve) => echo.close(resolve));
});

/** Sends the parts one by one and resolves to what came back until there is enough, or the connection ended. */
const talk = (parts: (string | Buffer)[], enough: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(proxy.port, '127.0.0.1', () => {
      for (const part of parts) socket.write(part);
    });
    let answer = '';
    const end = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('error', () => undefined);
    socket.on('close', end);
    socket.on('data', (data) => {
      answer += data.toString('latin1');
      if (answer.length >= enough) end();
    });
  });

const request = (apiKey: number, size: number): Buffer => {
  const bytes = Buffer.alloc(4 + size);
  bytes.writeInt32BE(size, 0);
  bytes.writeInt16BE(apiKey, 4);
  return bytes;
};

describe('TcpProxy', () => {
  it('passes bytes in their order, however late', async () => {
    proxy.setDelay(20);
    const parts = Array.from({ length: 50 }, (_, n) => `${n};`);
    const started = performance.now();
    expect(await talk(parts, parts.join('').length)).toBe(parts.join(''));
    expect(performance.now() - started).toBeGreaterThanOrEqual(38);
  });

  it('refuses while it is down, and answers afterwards', async () => {
    proxy.setDown(true);
    expect(await talk(['a'], 1)).toBe('');
    proxy.setDown(false);
    expect(await talk(['a'], 1)).toBe('a');
  });

  it('holds back what is sent while it is still', async () => {
    proxy.setStill(true);
    const answer = talk(['late'], 4);
    expect(await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 50, 'nothing'))])).toBe(
      'nothing',
    );
    proxy.setStill(false);
    expect(await answer).toBe('late');
  });

  it('cuts before or after a request of the watched kind, wherever its bytes were split', async () => {
    for (const split of [1, 3, 5, 6, 9]) {
      const seen: number[] = [];
      for (const verdict of ['reset-before', 'reset-after'] as const) {
        proxy.watch(() =>
          kafkaWatcher((apiKey) => {
            seen.push(apiKey);
            return apiKey === 26 ? verdict : 'pass';
          }),
        );
        const bytes = Buffer.concat([request(0, 40), request(26, 8)]);
        await talk([bytes.subarray(0, split), bytes.subarray(split)], bytes.length);
      }
      expect(seen).toEqual([0, 26, 0, 26]);
    }
  });
});
