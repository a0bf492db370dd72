import { Agent, request } from 'node:http';
import { expect } from 'vitest';

/** What came back for one request. `body` is its text, or the first piece of a stream that does not end. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export interface Question {
  method?: string;
  /** Sent as it is: nothing is normalised or encoded. */
  path: string;
  key?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

const LIMIT_MS = 20_000;
const agent = new Agent({ keepAlive: true, maxSockets: 16 });

/** One request by `node:http`, which leaves the path alone. @throws when no answer comes in time. */
export function ask(url: string, question: Question): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const { method = 'GET', path, key, headers = {}, body } = question;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        hostname,
        port,
        path,
        method,
        agent,
        signal: AbortSignal.timeout(LIMIT_MS),
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
          ...headers,
        },
      },
      (answer) => {
        const pieces: Buffer[] = [];
        const done = () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: Buffer.concat(pieces).toString('utf8'),
          });
        answer.on('data', (piece: Buffer) => {
          pieces.push(piece);
          if (answer.headers['content-type']?.startsWith('text/event-stream')) {
            done();
            answer.destroy();
          }
        });
        answer.on('error', reject);
        answer.on('end', done);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

export const json = (value: unknown): Pick<Question, 'headers' | 'body'> => ({
  headers: { 'content-type': 'application/json' },
  body: typeof value === 'string' ? value : JSON.stringify(value),
});

/** Marks of what belongs into the server's log: a stack, a file of the program, the name of an engine's error. */
const INSIDE =
  /\n\s+at |node_modules|\.[jt]s:\d+|(?:Type|Range|Reference|Syntax)Error|call stack|kafkajs|surrealdb::|root:x:/i;

/** No 5xx, a problem document for each refusal, and nothing of the program's inside. */
export function expectDecent(answer: Answer, what: string): void {
  expect(answer.status, `${what}\n${answer.body.slice(0, 500)}`).toBeLessThan(500);
  if (answer.status < 400) return;
  expect(answer.headers['content-type'], what).toMatch(/^application\/problem\+json/);
  if (answer.body !== '') expect(JSON.parse(answer.body).status, what).toBe(answer.status);
  expect(answer.body, what).not.toMatch(INSIDE);
}
