import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { CborCodec } from 'surrealdb';
import { callEngine, type EmbeddedEngine } from './engine.js';

export interface RpcSettings {
  user: string;
  password: string;
  namespace: string;
  database: string;
}

interface RpcRequest {
  id?: string;
  method?: string;
  params?: unknown[];
}

const digest = (text: unknown) => createHash('sha256').update(String(text)).digest();

/** Tokens of this process: a client that reconnects to a restarted server is refused and signs in again. */
export class Tokens {
  private readonly issued = new Set<string>();
  issue(): string {
    const token = randomUUID();
    this.issued.add(token);
    return token;
  }
  has(token: unknown): boolean {
    return typeof token === 'string' && this.issued.has(token);
  }
  revoke(token: string): void {
    this.issued.delete(token);
  }
}

/**
 * One client's connection. The embedded engine has a single session with full rights that all connections share, so
 * whatever would change it (use, let, transactions that span messages, live queries) is answered or refused here, and
 * only what leaves it alone reaches the engine. Credentials are checked here, too.
 */
export class RpcConnection {
  private token: string | null = null;

  constructor(
    private readonly engine: EmbeddedEngine,
    private readonly settings: RpcSettings,
    private readonly tokens: Tokens,
  ) {}

  /** One websocket frame in, one out. Never rejects: a failure is an RPC error with the request's id. */
  async answer(frame: Uint8Array): Promise<Uint8Array> {
    const head = this.token === null ? undefined : peekHead(frame);
    if (head?.method === 'query') return this.forward(frame, head.id);
    let request: RpcRequest;
    try {
      request = decode(frame);
    } catch (error) {
      return failure(undefined, 'Validation', -32700, `the message is no CBOR request: ${String(error)}`);
    }
    const { id, method } = request;
    const params = Array.isArray(request.params) ? request.params : [];
    switch (method) {
      case 'ping':
      case 'health':
        return success(id, undefined);
      case 'version':
        return this.forward(frame, id);
      case 'signin':
        return this.signin(id, params[0]);
      case 'authenticate':
        if (!this.tokens.has(params[0])) return refused(id, 'the token is not one of this server');
        this.token = params[0] as string;
        return success(id, undefined);
      case 'invalidate':
        if (this.token !== null) this.tokens.revoke(this.token);
        this.token = null;
        return success(id, undefined);
      case 'use':
        return this.use(id, params);
      case 'query':
        return this.token === null ? refused(id, 'sign in first') : this.forward(frame, id);
      default:
        return failure(id, 'NotFound', -32601, `method '${method}' is not served by the local server`);
    }
  }

  private signin(id: string | undefined, given: unknown): Uint8Array {
    const { user, pass } = (given ?? {}) as { user?: unknown; pass?: unknown };
    // digests have equal length, so that the comparison takes the same time for every guess
    const userMatches = timingSafeEqual(digest(user), digest(this.settings.user));
    const passMatches = timingSafeEqual(digest(pass), digest(this.settings.password));
    if (!userMatches || !passMatches) return refused(id, 'the user or the password is wrong');
    this.token = this.tokens.issue();
    return success(id, this.token);
  }

  private use(id: string | undefined, [namespace, database]: unknown[]): Uint8Array {
    const { settings } = this;
    const fits = (given: unknown, own: string) => given === undefined || given === null || given === own;
    if (fits(namespace, settings.namespace) && fits(database, settings.database)) {
      return success(id, { namespace: settings.namespace, database: settings.database });
    }
    return failure(
      id,
      'NotAllowed',
      -32602,
      `the local server has namespace '${settings.namespace}' and database '${settings.database}' only, ` +
        `asked for '${String(namespace)}' and '${String(database)}'`,
    );
  }

  private async forward(frame: Uint8Array, id: string | undefined): Promise<Uint8Array> {
    try {
      return envelope(id, await this.engine.execute(frame));
    } catch (error) {
      return failure(id, 'Internal', -32000, error instanceof Error ? error.message : String(error));
    }
  }
}

/** Makes namespace and database and points the engine's one session at them. */
export async function pinSession(engine: EmbeddedEngine, settings: RpcSettings): Promise<void> {
  const name = (text: string) => `\`${text.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
  await callEngine(engine, 'query', [`DEFINE NAMESPACE IF NOT EXISTS ${name(settings.namespace)}`]);
  await callEngine(engine, 'use', [settings.namespace, null]);
  await callEngine(engine, 'query', [`DEFINE DATABASE IF NOT EXISTS ${name(settings.database)}`]);
  await callEngine(engine, 'use', [settings.namespace, settings.database]);
}

/**
 * Id and method of a frame whose map begins with a short `id` and `method`, as the stock client writes them; undefined
 * otherwise. Spares decoding the megabytes of a query that only pass through.
 */
export function peekHead(frame: Uint8Array): { id: string; method: string } | undefined {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, Math.min(frame.byteLength, 256));
  if (bytes[0] === undefined || bytes[0] >> 5 !== 5 || (bytes[0] & 0x1f) > 23) return undefined;
  let at = 1;
  const text = (): string | undefined => {
    const head = bytes[at];
    if (head === undefined || head >> 5 !== 3) return undefined;
    let length = head & 0x1f;
    at += 1;
    if (length === 24) length = bytes[at++] ?? 0;
    else if (length > 24) return undefined;
    at += length;
    return at <= bytes.length ? bytes.toString('utf8', at - length, at) : undefined;
  };
  if (text() !== 'id') return undefined;
  const id = text();
  if (id === undefined || text() !== 'method') return undefined;
  const method = text();
  return method === undefined ? undefined : { id, method };
}

// a map of one pair whose key is the text `error`
const ERROR_HEAD = Buffer.from([0xa1, 0x65, ...Buffer.from('error')]);

/**
 * The engine answers with the bare result, or with `{error}`; a client wants `{id, result}` or `{id, error}`. The map's
 * head goes before bytes that are not looked into: what is forwarded answers with a list or a text, never with a map.
 */
function envelope(id: string | undefined, answer: Uint8Array): Uint8Array {
  const failed = ERROR_HEAD.equals(answer.subarray(0, ERROR_HEAD.length));
  const sample = Buffer.from(CborCodec.DEFAULT.encode(failed ? { id, error: 0 } : { id, result: 0 }));
  return Buffer.concat([
    sample.subarray(0, sample.length - 1),
    failed ? answer.subarray(ERROR_HEAD.length) : answer,
  ]);
}

// the codec reads a view's whole buffer from its start, so it gets a copy that has no offset
function decode(frame: Uint8Array): RpcRequest {
  const message = CborCodec.DEFAULT.decode<unknown>(Uint8Array.from(frame));
  if (message === null || typeof message !== 'object') throw new Error('a request is a map');
  return message;
}

const success = (id: string | undefined, result: unknown): Uint8Array =>
  CborCodec.DEFAULT.encode({ id, result });

const refused = (id: string | undefined, message: string): Uint8Array =>
  CborCodec.DEFAULT.encode({
    id,
    error: {
      code: -32002,
      kind: 'NotAllowed',
      message: `There was a problem with authentication: ${message}`,
      details: { kind: 'Auth', details: { kind: 'InvalidAuth' } },
    },
  });

const failure = (id: string | undefined, kind: string, code: number, message: string): Uint8Array =>
  CborCodec.DEFAULT.encode({ id, error: { code, kind, message } });
