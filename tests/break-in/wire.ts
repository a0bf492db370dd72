import type { Socket } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import type { TestService } from '../../lib/testing/service.js';
import { ask } from './ask.js';
import { exchange, openSocket } from './raw-socket.js';
import type { Target } from './target.js';

/** A request of an attacker's, hidden behind another one: were it answered, somebody else's answer would be his. */
const HIDDEN = 'GET /health HTTP/1.1\r\nhost: hidden\r\n\r\n';
const HEAD = 'POST /api/v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\n';

/** Requests on whose end two servers could disagree (RFC 9112, 6.3 and 11.2). */
const AMBIGUOUS: Record<string, string> = {
  'two lengths': `${HEAD}content-length: 5\r\ncontent-length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  'two equal lengths in one': `${HEAD}content-length: 5, 6\r\n\r\nabcde${HIDDEN}`,
  'a length and chunks': `${HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
  'chunks and a length': `${HEAD}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n${HIDDEN}`,
  'chunks that are not last': `${HEAD}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${HIDDEN}`,
  'an unknown coding': `${HEAD}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
  'a coding after a vertical tab': `${HEAD}transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
  'two codings': `${HEAD}transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n${HIDDEN}`,
  'a space before the colon': `${HEAD}content-length : 5\r\n\r\nabcde${HIDDEN}`,
  'a space before the coding': `${HEAD} transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n${HIDDEN}`,
  'a length with a sign': `${HEAD}content-length: +5\r\n\r\nabcde${HIDDEN}`,
  'a negative length': `${HEAD}content-length: -5\r\n\r\n${HIDDEN}`,
  'a length in hexadecimal': `${HEAD}content-length: 0x5\r\n\r\nabcde${HIDDEN}`,
  'a length of too many digits': `${HEAD}content-length: 99999999999999999999999\r\n\r\n${HIDDEN}`,
  'a bare CR in a value': `${HEAD}x-a: b\rtransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\nabcde${HIDDEN}`,
  'a bare LF after a header': `${HEAD}x-a: b\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n${HIDDEN}`,
  'a NUL in a value': `${HEAD}x-a: b\x00c\r\ncontent-length: 5\r\n\r\nabcde${HIDDEN}`,
  'a NUL in a name': `${HEAD}x\x00a: b\r\ncontent-length: 5\r\n\r\nabcde${HIDDEN}`,
  'a chunk of a length that overflows': `${HEAD}transfer-encoding: chunked\r\n\r\n10000000000000005\r\nabcde\r\n0\r\n\r\n${HIDDEN}`,
  'a chunk of a negative length': `${HEAD}transfer-encoding: chunked\r\n\r\n-1\r\nabcde\r\n0\r\n\r\n${HIDDEN}`,
  'a chunk that ends with LF': `${HEAD}transfer-encoding: chunked\r\n\r\n5\nabcde\n0\n\n${HIDDEN}`,
  'no name': `${HEAD}: b\r\ncontent-length: 5\r\n\r\nabcde${HIDDEN}`,
  'no host': `GET /health HTTP/1.1\r\n\r\n${HIDDEN}`,
  'another version': `GET /health HTTP/3.7\r\nhost: x\r\n\r\n${HIDDEN}`,
  'HTTP/2 by prior knowledge': `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${HIDDEN}`,
  'no HTTP at all': `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${HIDDEN}`,
};

/** Limits of the gateway whose wire is attacked, ms: one of its own, since honest clients of the others need longer ones. */
export const WIRE_LIMITS = { headersMs: 5_000, requestMs: 8_000, idleMs: 10_000 };
/** How much later than its limit a connection may be cut: they are looked for once a second. */
const LATE_MS = 5_000;

/** Bytes that are no proper request, too slow or too many: each is ended, and nobody else notices. */
export function wireHolds(target: () => Target): void {
  let gateway: TestService;
  const port = () => gateway.port;
  /** Somebody else is answered while all of `busy` are still there. */
  const othersAreServed = async (busy: readonly { socket: Socket }[]) => {
    const headers = { connection: 'close' };
    const { status } = await ask(gateway.url, { path: '/api/v1/auth/keys', headers });
    expect(status).toBe(401);
    expect(busy.filter(({ socket }) => socket.destroyed)).toEqual([]);
  };

  describe('the wire', () => {
    beforeAll(async () => {
      gateway = await target().startStrict();
    });

    for (const [what, bytes] of Object.entries(AMBIGUOUS)) {
      it(`ends a connection at ${what}, and answers nothing that follows`, async () => {
        const answers = await exchange(port(), bytes);
        for (const { status } of answers) expect(status).toBeGreaterThanOrEqual(400);
        for (const { status } of answers) expect(status).toBeLessThan(500);
        expect(answers.length).toBeLessThanOrEqual(1);
      });
    }

    it('answers only what was asked where the body looks like another request', async () => {
      const key = `authorization: Bearer ${target().keys.ingest}\r\n`;
      const body = `${HEAD}${key}content-length: ${HIDDEN.length}\r\nconnection: close\r\n\r\n${HIDDEN}`;
      const answers = await exchange(port(), body);
      expect(answers.map(({ status }) => status)).toEqual([200]);
      // refused before its body is read: what is left of the body is no request either
      const refused = await exchange(port(), `${HEAD}content-length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`);
      expect(refused.map(({ status }) => status)).toEqual([401]);
    });

    it('puts nothing of a request into the headers of an answer', async () => {
      const [answer] = await exchange(
        port(),
        'GET /api/v1/events/%0d%0aset-cookie:%20a=b?x=%0d%0aset-cookie:a=b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      );
      expect(answer!.status).toBe(401);
      expect(answer!.head).not.toMatch(/^set-cookie/im);
    });

    it('answers as many requests of one connection as were sent, and no more than the limit lets through', async () => {
      const one = 'GET /api/v1/events HTTP/1.1\r\nhost: x\r\n\r\n';
      const answers = await exchange(port(), one.repeat(2_000), { answers: 2_000, quietMs: 30_000 });
      expect(answers.length).toBe(2_000);
      for (const { status } of answers) expect([401, 429]).toContain(status);
    });

    it('cuts those who send their headers too slowly, and serves others meanwhile', async () => {
      const slow = Array.from({ length: 200 }, () => openSocket(port()));
      const dribble = setInterval(() => {
        for (const { socket } of slow) if (!socket.destroyed) socket.write('x-a: b\r\n');
      }, 200);
      for (const { socket } of slow) socket.write('GET /health HTTP/1.1\r\nhost: x\r\n');
      await othersAreServed(slow);
      const ends = await Promise.all(slow.map(({ ended }) => ended));
      clearInterval(dribble);
      for (const { ms, text } of ends) {
        expect(ms).toBeLessThan(WIRE_LIMITS.headersMs + LATE_MS);
        expect(text).toMatch(/^HTTP\/1\.1 408 /);
      }
    });

    it('cuts those who send nothing at all', async () => {
      const silent = Array.from({ length: 50 }, () => openSocket(port()));
      for (const { ms } of await Promise.all(silent.map(({ ended }) => ended)))
        expect(ms).toBeLessThan(WIRE_LIMITS.headersMs + LATE_MS);
    });

    it('cuts those who send their body too slowly, and serves others meanwhile', async () => {
      const { keys } = target();
      const slow = Array.from({ length: 100 }, () => openSocket(port()));
      for (const { socket } of slow)
        socket.write(`${HEAD}authorization: Bearer ${keys.ingest}\r\ncontent-length: 100000\r\n\r\n`);
      const dribble = setInterval(() => {
        for (const { socket } of slow) if (!socket.destroyed) socket.write('x');
      }, 100);
      await othersAreServed(slow);
      const ends = await Promise.all(slow.map(({ ended }) => ended));
      clearInterval(dribble);
      for (const { ms, text } of ends) {
        expect(ms).toBeLessThan(WIRE_LIMITS.requestMs + LATE_MS);
        expect(text).not.toMatch(/^HTTP\/1\.1 [25]/);
      }
    });

    it('cuts those who do not read their answer', async () => {
      const { keys } = target();
      const one = `GET /openapi.json HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${keys.read}\r\n\r\n`;
      const deaf = Array.from({ length: 20 }, () => openSocket(port()));
      for (const { socket } of deaf) {
        socket.pause();
        socket.write(one.repeat(200));
      }
      await othersAreServed(deaf);
      // Node lets a write that has moved at all since the last look wait once more
      await waitFor('them to be cut', async () => (await connections()) < deaf.length / 2, {
        limitMs: 3 * WIRE_LIMITS.idleMs,
        everyMs: 500,
      });
      for (const { socket } of deaf) socket.destroy();
    });

    it('serves a thousand connections at once', async () => {
      const many = Array.from({ length: 1_000 }, () => openSocket(port()));
      for (const { socket } of many)
        socket.write('GET /api/v1/events HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
      await othersAreServed([]);
      for (const { ended } of many) expect((await ended).text).toMatch(/^HTTP\/1\.1 (401|429) /);
    });
  });

  /** Connections that the gateway holds now. */
  async function connections(): Promise<number> {
    const { body } = await ask(gateway.url, {
      path: '/metrics',
      headers: { connection: 'close' },
    });
    return Number(/^vectadb_gateway_connections\{[^}]*\} (\d+)$/m.exec(body)?.[1]);
  }
}
