import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { KEY, testServer } from './testing/fake-ports.js';

const HEAD = `POST /api/v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${KEY}\r\ncontent-type: application/json\r\n`;
/** More than any buffer between two sockets takes. */
const BODY = randomBytes(15_000_000).toString('base64');
const sized = (body: Buffer, headers = '') =>
  Buffer.concat([Buffer.from(`${HEAD}${headers}content-length: ${body.length}\r\n\r\n`), body]);
const chunked = (body: Buffer) =>
  Buffer.concat([
    Buffer.from(`${HEAD}transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n`),
    body,
    Buffer.from('\r\n0\r\n\r\n'),
  ]);

/** As plain clients do: nothing is read before all is written. @throws Error where the connection ends meanwhile */
async function writeThenRead(socket: Socket, request: Buffer): Promise<string> {
  socket.pause();
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.write(request, (error) => (error ? reject(error) : resolve()));
  });
  socket.resume();
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return answer.toString().split('\r\n')[0]!;
}

describe('a body above the limit', () => {
  it.each([
    ['that says its size', () => sized(Buffer.from(BODY))],
    ['in chunks', () => chunked(Buffer.from(BODY))],
    ['that is packed', () => sized(gzipSync(BODY), 'content-encoding: gzip\r\n')],
  ])('%s: its sender reads why, and goes on', { timeout: 30_000 }, async (_, request) => {
    const { app } = await testServer({ limits: { maxBodyBytes: 100_000 } });
    const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
    const socket = connect(Number(port), '127.0.0.1');
    try {
      expect(await writeThenRead(socket, request())).toBe('HTTP/1.1 413 Payload Too Large');
      socket.end(`GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
      expect(await text(socket)).toMatch(/^HTTP\/1.1 200/m);
    } finally {
      socket.destroy();
      await app.close();
    }
  });
});
