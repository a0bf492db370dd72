import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Logger } from '../../../lib/telemetry/logger.js';
import type { LocalSurrealConfig } from './config.js';
import { type EmbeddedEngine, openEngine } from './engine.js';
import { withOneWriter } from './one-writer.js';
import { pinSession, RpcConnection, Tokens } from './rpc.js';

const MAX_FRAME_BYTES = 256 * 1024 * 1024;
const DRAIN_LIMIT_MS = 8_000;

export interface LocalSurreal {
  port: number;
  close(): Promise<void>;
}

/**
 * SurrealDB's embedded engine behind SurrealDB's websocket RPC at `ws://127.0.0.1:<port>/rpc` (subprotocol cbor), with
 * `GET /health` beside it.
 *
 * @throws when the port is taken, when another process holds the folder, or when it does not open in time.
 */
export async function startLocalSurreal(config: LocalSurrealConfig, logger: Logger): Promise<LocalSurreal> {
  let engine: EmbeddedEngine | null = null;
  const http = createServer((request, response) => {
    const found = request.url?.split('?')[0] === '/health';
    const status = !found ? 404 : engine ? 200 : 503;
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify({ status: !found ? 'not found' : engine ? 'ok' : 'opening', pid: process.pid }));
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`port ${config.port} is taken: set SURREAL_PORT to another one`)
          : error,
      ),
    );
    http.listen(config.port, '127.0.0.1', resolve);
  });
  const port = (http.address() as AddressInfo).port;
  const opened = withOneWriter(await openEngine(join(config.dataFolder, 'kv'), config.openTimeoutMs));
  await pinSession(opened, config);
  engine = opened;

  const tokens = new Tokens();
  const pending = new Set<Promise<unknown>>();
  const sockets = new WebSocketServer({
    server: http,
    path: '/rpc',
    maxPayload: MAX_FRAME_BYTES,
    handleProtocols: (offered) => (offered.has('cbor') ? 'cbor' : false),
  });
  sockets.on('connection', (socket: WebSocket) => {
    const connection = new RpcConnection(opened, config, tokens);
    socket.on('error', (error) => logger.warn({ error: error.message }, 'a connection failed'));
    socket.on('message', (data) => {
      const answered = connection.answer(data as Buffer).then(
        (answer) => {
          if (socket.readyState === socket.OPEN) socket.send(answer);
        },
        (error: unknown) => {
          logger.error({ error: String(error) }, 'a request could not be answered');
          socket.close(1011);
        },
      );
      pending.add(answered);
      answered.finally(() => pending.delete(answered));
    });
  });

  return {
    port,
    close: async () => {
      http.close();
      sockets.close();
      const drained = Promise.allSettled(pending);
      await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, DRAIN_LIMIT_MS).unref())]);
      for (const socket of sockets.clients) socket.terminate();
      await opened.close();
    },
  };
}
