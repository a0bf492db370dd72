import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Registry } from 'prom-client';

/** What a service says of itself: `ready` with a reason when it is not. */
export interface Health {
  ready: boolean;
  state: string;
  details?: Record<string, unknown>;
}

export interface ProbeServer {
  port: number;
  registry: Registry;
  close(): Promise<void>;
}

/** A registry with the process's default metrics, prefixed `vectadb_`. */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry, prefix: 'vectadb_' });
  return registry;
}

/**
 * Serves /health (alive), /ready (200 or 503 with the reason) and /metrics (Prometheus) on `port`; 0 takes a free one.
 * @param host whose address is listened on; who scrapes from another machine or container needs more than the default.
 */
export async function startProbeServer(
  port: number,
  registry: Registry,
  health: () => Health,
  host = '127.0.0.1',
): Promise<ProbeServer> {
  const server: Server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    const send = (status: number, type: string, body: string) =>
      response.writeHead(status, { 'content-type': type }).end(body);
    if (path === '/health') send(200, 'application/json', JSON.stringify({ status: 'ok', ...health() }));
    else if (path === '/ready') {
      const now = health();
      send(now.ready ? 200 : 503, 'application/json', JSON.stringify(now));
    } else if (path === '/metrics') {
      registry.metrics().then(
        (text) => send(200, registry.contentType, text),
        (error: unknown) => send(500, 'text/plain', String(error)),
      );
    } else send(404, 'text/plain', 'not found: /health, /ready, /metrics');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    registry,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
