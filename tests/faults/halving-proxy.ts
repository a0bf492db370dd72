import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const POINTS = /^\/collections\/[^/]+\/points(\?|$)/;

/** Stands before Qdrant. Once armed, it has the next batch of points half applied and cuts the connection. */
export class HalvingProxy {
  private readonly server = createServer((request, response) => {
    this.handle(request, response).catch(() => response.destroy());
  });
  private armed: (() => void) | null = null;

  private constructor(private readonly target: string) {}

  static async start(target: string): Promise<HalvingProxy> {
    const proxy = new HalvingProxy(target);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Resolves when a batch has been half applied. */
  halveOnce(): Promise<void> {
    return new Promise((resolve) => {
      this.armed = resolve;
    });
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const half = this.halved(request, body);
    const answer = await fetch(`${this.target}${request.url}`, {
      method: request.method,
      headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
      body: body.length > 0 ? new Uint8Array(half ?? body) : undefined,
    });
    const text = Buffer.from(await answer.arrayBuffer());
    if (half === null) {
      response
        .writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
        .end(text);
      return;
    }
    this.armed?.();
    this.armed = null;
    response.destroy();
  }

  /** The request with the first half of its points; null where it is not to be halved. */
  private halved({ method, url = '' }: IncomingMessage, body: Buffer): Buffer | null {
    if (!this.armed || method !== 'PUT' || !POINTS.test(url)) return null;
    const request = JSON.parse(body.toString('utf8')) as { points?: unknown[] };
    if (!request.points || request.points.length < 2) return null;
    const points = request.points.slice(0, Math.floor(request.points.length / 2));
    return Buffer.from(JSON.stringify({ ...request, points }));
  }
}
