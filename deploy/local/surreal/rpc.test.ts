import fc from 'fast-check';
import { CborCodec } from 'surrealdb';
import { describe, expect, test } from 'vitest';
import type { EmbeddedEngine } from './engine.js';
import { peekHead, RpcConnection, Tokens } from './rpc.js';

const encode = (message: unknown) => new Uint8Array(CborCodec.DEFAULT.encode(message));
const decode = (frame: Uint8Array) =>
  CborCodec.DEFAULT.decode<{ id?: string; result?: unknown; error?: { message: string } }>(
    Uint8Array.from(frame),
  );

/** Answers as the engine does: a bare result. */
const engine: EmbeddedEngine = { execute: async () => encode(['rows']), close: async () => {} };
const settings = { user: 'u', password: 'p', namespace: 'n', database: 'd' };
const connect = () => {
  const connection = new RpcConnection(engine, settings, new Tokens());
  return async (method: string, ...params: unknown[]) =>
    decode(await connection.answer(encode({ id: 'a', method, params, session: undefined })));
};

describe('a connection', () => {
  test('is asked for its credentials before anything reaches the engine', async () => {
    const call = connect();
    expect((await call('query', 'RETURN 1')).error?.message).toContain('sign in first');
    for (const wrong of [{ user: 'u', pass: 'P' }, { user: 'x', pass: 'p' }, { user: 'u' }, undefined]) {
      expect((await call('signin', wrong)).error?.message).toContain('wrong');
      expect((await call('query', 'RETURN 1')).error).toBeDefined();
    }
    expect((await call('signin', { user: 'u', pass: 'p' })).result).toEqual(expect.any(String));
    expect(await call('query', 'RETURN 1')).toEqual({ id: 'a', result: ['rows'] });
    await call('invalidate');
    expect((await call('query', 'RETURN 1')).error).toBeDefined();
  });

  test('a token of another process is refused', async () => {
    expect((await connect()('authenticate', 'a.b.c')).error?.message).toContain('not one of this server');
  });

  test.each(['let', 'unset', 'begin', 'attach', 'live', 'reset', 'import', 'nonsense'])(
    '%s, which would change the session of all, is refused',
    async (method) => {
      const call = connect();
      await call('signin', { user: 'u', pass: 'p' });
      expect((await call(method, 'x', 1)).error?.message).toContain(method);
    },
  );

  test('any bytes get an answer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const answer = decode(await new RpcConnection(engine, settings, new Tokens()).answer(bytes));
        expect(answer.error).toBeDefined();
      }),
    );
  });
});

describe('peekHead', () => {
  test('reads id and method of what the stock client writes', () => {
    expect(peekHead(encode({ id: 'abc', method: 'query', params: ['x'.repeat(10_000)] }))).toEqual({
      id: 'abc',
      method: 'query',
    });
    const long = 'i'.repeat(40);
    expect(peekHead(encode({ id: long, method: 'query' }))).toEqual({ id: long, method: 'query' });
  });

  test('anything else is left to the decoder', () => {
    for (const message of [{ method: 'query', id: 'a' }, { id: 1, method: 'query' }, ['id'], 'id', {}]) {
      expect(peekHead(encode(message))).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        peekHead(bytes);
      }),
    );
  });
});
