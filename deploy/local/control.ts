import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ComponentStatus, type Supervisor, SupervisorError } from './supervisor.js';

/** Longest path of a Unix socket that every system takes, bytes. */
const SOCKET_PATH_LIMIT = 100;

/** Where the supervisor of this home listens; below the system's folder for temporary files if the home's path is too long. */
export function socketPath(home: string): string {
  const path = join(home, 'run', 'supervisor.sock');
  if (Buffer.byteLength(path) <= SOCKET_PATH_LIMIT) return path;
  return join(tmpdir(), `vectadb-${createHash('sha256').update(home).digest('hex').slice(0, 16)}.sock`);
}

export const pidPath = (home: string): string => join(home, 'run', 'supervisor.pid');

export interface StackStatus {
  pid: number;
  /** It was told to end and is doing so. */
  stopping: boolean;
  /** Addresses and ports it was started with, to compare with those asked for now. */
  settings: Record<string, unknown>;
  components: ComponentStatus[];
}

/** Serves GET /status, POST /scale and POST /down on the home's socket, which only its owner may open. */
export async function serveControl(
  home: string,
  supervisor: Supervisor,
  settings: Record<string, unknown>,
  down: () => void,
): Promise<Server> {
  const handle = async (method: string, url: URL): Promise<unknown> => {
    if (method === 'GET' && url.pathname === '/status') {
      const status: StackStatus = {
        pid: process.pid,
        stopping: supervisor.stopping,
        settings,
        components: await supervisor.status(),
      };
      return status;
    }
    if (method === 'POST' && url.pathname === '/scale') {
      await supervisor.scale(
        url.searchParams.get('service') ?? '',
        Number(url.searchParams.get('instances')),
      );
      return {};
    }
    if (method === 'POST' && url.pathname === '/down') {
      down();
      return {};
    }
    throw new SupervisorError(`not found: ${method} ${url.pathname}`);
  };
  const server = createServer((incoming, response) => {
    handle(incoming.method ?? '', new URL(incoming.url ?? '/', 'http://supervisor')).then(
      (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (error: unknown) =>
        response
          .writeHead(error instanceof SupervisorError ? 400 : 500, { 'content-type': 'application/json' })
          .end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) })),
    );
  });
  const path = socketPath(home);
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true }); // of a predecessor that was killed: the pid file says that it is gone
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return server;
}

/**
 * Asks the supervisor of `home`. Null when none runs.
 * @throws SupervisorError with its refusal, or an Error when it does not answer within `limitMs`.
 */
export function askSupervisor<T>(
  home: string,
  method: 'GET' | 'POST',
  path: string,
  limitMs = 10_000,
): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: socketPath(home), method, path, timeout: limitMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
        if (response.statusCode === 200) resolve(body as T);
        else reject(new SupervisorError(body.error));
      });
    });
    call.on('timeout', () => call.destroy(new Error(`the supervisor did not answer within ${limitMs} ms`)));
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(null);
      else reject(error);
    });
    call.end();
  });
}
