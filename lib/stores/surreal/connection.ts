import {
  CallTerminatedError,
  ConnectionUnavailableError,
  type DriverContext,
  HttpConnectionError,
  QueryError,
  type RpcRequest,
  type ServerError,
  Surreal,
  UnexpectedConnectionError,
  WebSocketEngine,
} from 'surrealdb';
import { WebSocket } from 'ws';
import type { TlsMaterial } from '../../config/connections.js';
import { tlsFault } from '../../config/tls-fault.js';
import type { Logger } from '../../telemetry/logger.js';
import type { StoreWatch } from '../../telemetry/store-metrics.js';
import { withinLimit } from '../../time/limit.js';
import { StoreRefusedError, StoreUnavailableError } from './errors.js';

export interface SurrealSettings {
  /** `ws://host:port/rpc` or `wss://…`. */
  url: string;
  user: string;
  password: string;
  namespace: string;
  database: string;
  tls?: TlsMaterial;
  logger?: Logger;
  /** How long {@link connectSurreal} tries before it gives up; 0 does not wait for the first connection at all. */
  connectTimeoutMs?: number;
  /** How long one query may take. */
  queryTimeoutMs?: number;
  /** Told of every query, see {@link StoreMetrics.watch}. */
  watch?: StoreWatch;
  /** Done on every new connection before it is used; where it fails, the connection is made anew. */
  prepare?: (store: Pick<SurrealStore, 'query'>) => Promise<void>;
}

export interface SurrealStore {
  /**
   * Runs statements and returns the result of each (BEGIN and COMMIT have one, too). Values travel as bind variables.
   * @throws StoreUnavailableError at once while there is no connection, and after `timeoutMs`.
   * @throws StoreRefusedError with the first statement's reason; a transaction is then undone.
   */
  query<T extends unknown[]>(sql: string, bindings?: Record<string, unknown>, timeoutMs?: number): Promise<T>;
  /** `reason` is null while connected. */
  health(): { connected: boolean; reason: string | null };
  close(): Promise<void>;
}

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 3_000;
const ATTEMPT_LIMIT_MS = 5_000;
/** How often the same reason for having no connection is logged. */
const TELL_AGAIN_MS = 60_000;

/** `ws` gives Node buffers and has no dispatchEvent; the client expects a browser's socket. */
const clientSocket = (tls: TlsMaterial, onError: (error: Error) => void) =>
  class ClientSocket extends WebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols, { ...tls, perMessageDeflate: false, handshakeTimeout: ATTEMPT_LIMIT_MS });
      this.binaryType = 'arraybuffer';
      // the client's own event says only that there was an error
      this.on('error', onError);
    }

    dispatchEvent(event: Event): boolean {
      const { detail } = event as CustomEvent<unknown>;
      return this.emit('error', detail instanceof Error ? detail : new Error(String(detail)));
    }
  };

/**
 * The client's engine pings its server and waits for no answer: where the connection ended first, that was a rejection that
 * nobody handled, and the process ended with it.
 */
class AttendedEngine extends WebSocketEngine {
  override send<Method extends string, Params extends unknown[] | undefined, Result>(
    request: RpcRequest<Method, Params>,
  ): Promise<Result> {
    const answer = super.send<Method, Params, Result>(request);
    answer.catch(() => {}); // whoever waits for the answer is told
    return answer;
  }
}

const engine = (context: DriverContext) => new AttendedEngine(context);

/**
 * Connects with the stock client. The client's own reconnecting is off: it sends what was under way a second time by
 * itself, and holds calls back while disconnected. Here a lost connection fails every call at once, so that the caller
 * decides, and is made anew with a back-off from 100 ms to 3 s for as long as the store is open.
 *
 * @throws StoreUnavailableError when there is no connection after `connectTimeoutMs` (30 s).
 */
export async function connectSurreal(settings: SurrealSettings): Promise<SurrealStore> {
  const {
    queryTimeoutMs = 30_000,
    connectTimeoutMs = 30_000,
    logger,
    watch = (request) => request(),
  } = settings;
  let client: Surreal | null = null;
  let reason = 'not connected yet';
  let closed = false;
  let toldMs = 0;
  let wake = () => {};
  const listeners = new Set<() => void>();

  const drop = (from: Surreal, why: string) => {
    if (client !== from) return;
    client = null;
    reason = why;
    if (closed) return;
    logger?.warn({ reason: why }, 'SurrealDB: the connection is lost');
    void from.close().catch(() => {}); // it is given up either way
    void keepConnecting();
  };

  const attempt = async (): Promise<void> => {
    let socketError: Error | undefined;
    const ClientSocket = clientSocket(settings.tls ?? {}, (error) => {
      socketError = error;
    });
    const next = new Surreal({
      engines: { ws: engine, wss: engine },
      websocketImpl: ClientSocket as unknown as typeof globalThis.WebSocket,
      codecOptions: { useNativeDates: true },
    });
    // the client's own promise stays open when the socket cannot be opened: only its events say so
    const failed = new Promise<never>((_, reject) => {
      let last = 'the connection was closed';
      next.subscribe('error', (error) => {
        last = error.message;
      });
      next.subscribe('disconnected', () => reject(new StoreUnavailableError(last)));
    });
    failed.catch(() => {
      // after the connection was made, nobody waits for this any more
    });
    try {
      const connected = next.connect(settings.url, {
        namespace: settings.namespace,
        database: settings.database,
        authentication: { username: settings.user, password: settings.password },
        reconnect: false,
      });
      await withLimit(Promise.race([connected, failed]), ATTEMPT_LIMIT_MS, 'connecting');
      await settings.prepare?.({
        query: (sql, bindings = {}, timeoutMs = queryTimeoutMs) => run(next, sql, bindings, timeoutMs),
      });
    } catch (error) {
      void next.close().catch(() => {}); // it was never in use
      throw withAdvice(error, socketError, settings.url);
    }
    if (next.status !== 'connected') throw new StoreUnavailableError('lost again at once');
    client = next;
    next.subscribe('disconnected', () => drop(next, 'disconnected'));
    for (const listener of listeners) listener();
  };

  const keepConnecting = async (): Promise<void> => {
    for (let delayMs = FIRST_DELAY_MS; !closed; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
      try {
        await attempt();
        logger?.info({ url: settings.url }, 'SurrealDB: connected');
        return;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        if (why !== reason || Date.now() - toldMs > TELL_AGAIN_MS) {
          logger?.warn({ reason: why }, 'SurrealDB: no connection yet');
          toldMs = Date.now();
        }
        reason = why;
      }
      await new Promise<void>((resolve) => {
        // not in step with other services that lost the same server
        const timer = setTimeout(resolve, delayMs * (0.75 + Math.random() / 2));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };

  void keepConnecting();
  if (connectTimeoutMs > 0) {
    const connected = new Promise<void>((resolve) => listeners.add(resolve));
    await withLimit(connected, connectTimeoutMs, 'connecting').catch(() => {
      closed = true;
      wake();
      throw new StoreUnavailableError(
        `no connection to ${settings.url} in ${connectTimeoutMs} ms: ${reason}`,
      );
    });
  }

  return {
    async query<T extends unknown[]>(
      sql: string,
      bindings: Record<string, unknown> = {},
      timeoutMs = queryTimeoutMs,
    ): Promise<T> {
      return watch(async () => {
        const current = client;
        if (!current) throw new StoreUnavailableError(`SurrealDB is not connected: ${reason}`);
        try {
          return await run<T>(current, sql, bindings, timeoutMs);
        } catch (error) {
          // an answer that never came leaves its call in the client: a new connection frees it
          if (error instanceof StoreUnavailableError) drop(current, error.message);
          throw error;
        }
      });
    },
    health: () => ({ connected: client !== null, reason: client ? null : reason }),
    async close() {
      closed = true;
      wake();
      const last = client;
      client = null;
      reason = 'closed';
      if (last) await withLimit(last.close(), ATTEMPT_LIMIT_MS, 'closing').catch(() => {}); // nothing is under way
    },
  };
}

async function run<T extends unknown[]>(
  client: Surreal,
  sql: string,
  bindings: Record<string, unknown>,
  timeoutMs: number,
): Promise<T> {
  try {
    const responses = await withLimit(client.query(sql, bindings).responses(), timeoutMs, 'the query');
    const failures = responses.filter((response) => !response.success).map((response) => response.error);
    if (failures.length > 0) {
      // the statements around the failing one only say that they were not executed
      const cause = failures.find((error) => !isNotExecuted(error)) ?? failures[0]!;
      throw new StoreRefusedError(cause.message, { cause });
    }
    return responses.map((response) => (response.success ? response.result : undefined)) as T;
  } catch (error) {
    if (error instanceof StoreRefusedError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    if (isUnavailable(error)) throw new StoreUnavailableError(message, { cause: error });
    // what is left is the server's refusal of the whole request, or a value that cannot be encoded
    throw new StoreRefusedError(message, { cause: error });
  }
}

/** Why there is no connection, with what to set where it is a matter of settings. */
function withAdvice(error: unknown, socketError: Error | undefined, url: string): unknown {
  const fault = tlsFault(socketError ?? error, 'SURREAL');
  if (fault !== null) return new StoreUnavailableError(`SurrealDB at ${url}: ${fault}`);
  const message = error instanceof Error ? error.message : String(error);
  return /authenticat/i.test(message)
    ? new StoreUnavailableError(`SurrealDB at ${url} refuses SURREAL_USER and SURREAL_PASS: ${message}`)
    : error;
}

const isUnavailable = (error: unknown): boolean =>
  [
    StoreUnavailableError,
    CallTerminatedError,
    ConnectionUnavailableError,
    UnexpectedConnectionError,
    HttpConnectionError,
  ].some((kind) => error instanceof kind);

const withLimit = <T>(work: PromiseLike<T>, limitMs: number, what: string): Promise<T> =>
  withinLimit(work, limitMs, () => new StoreUnavailableError(`${what} took more than ${limitMs} ms`));

const isNotExecuted = (error: ServerError): boolean =>
  (error instanceof QueryError && error.isNotExecuted) || /not executed/i.test(error.message);
