import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Answer {
  status: number;
  body: Buffer;
  /** Content type; left out: JSON as AWS spells it. */
  type?: string;
}

const JSON_TYPE = 'application/x-amz-json-1.1';

/** A refusal of CloudWatch Logs, which speaks JSON. */
export const refusal = (status: number, name: string, message: string): Answer => ({
  status,
  body: Buffer.from(JSON.stringify({ __type: name, message })),
});

/** Answers. */
export function send(response: ServerResponse, { status, body, type }: Answer): void {
  response.writeHead(status, { 'content-type': type ?? JSON_TYPE, 'content-length': body.length }).end(body);
}

/** Says how long the answer is, sends a part of it, and ends the connection. */
export function cut(response: ServerResponse, { status, body, type }: Answer, share: number): void {
  response.writeHead(status, { 'content-type': type ?? JSON_TYPE, 'content-length': body.length + 1 });
  response.write(body.subarray(0, Math.floor(body.length * share)), () => response.destroy());
}

/** The body of a request. */
export async function read(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** What of a request's head the emulator looks at. */
export function forwarded(incoming: IncomingMessage): Headers {
  const headers = new Headers();
  for (const name of [
    'x-amz-target',
    'content-type',
    'authorization',
    'x-amz-date',
    'x-amz-security-token',
  ]) {
    const value = incoming.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  return headers;
}

/** Asks the emulator the same. */
export async function forward(
  target: string,
  incoming: IncomingMessage,
  headers: Headers,
  body: Buffer,
): Promise<Answer> {
  const response = await fetch(new URL(incoming.url ?? '/', target), {
    method: incoming.method,
    headers,
    body: body.length > 0 ? new Uint8Array(body) : undefined,
  });
  return {
    status: response.status,
    body: Buffer.from(await response.arrayBuffer()),
    type: response.headers.get('content-type') ?? undefined,
  };
}
