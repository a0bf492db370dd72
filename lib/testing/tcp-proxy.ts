import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Reservation, reservePort } from '../../deploy/local/ports.js';

/** What to do with bytes of a client: `reset-after` passes them on and cuts the connection before the answer. */
export type Verdict = 'pass' | 'reset-before' | 'reset-after';

/** Looks at what the client of one connection sends; made anew for each connection. */
export type Watcher = (bytes: Buffer) => Verdict;

interface Pair {
  client: Socket;
  server: Socket;
  watch: Watcher | null;
  /** The answer to what was passed last must not arrive. */
  doomed: boolean;
}

/**
 * A network that can be made worse: TCP from a port of its own to a target, with delay, standstill, resets and refusal.
 * Bytes are passed on in their order, whatever the delay.
 */
export class TcpProxy {
  private readonly pairs = new Set<Pair>();
  private delayMs = 0;
  private isDown = false;
  private isStill = false;
  private waiting: (() => void)[] = [];
  private makeWatcher: (() => Watcher) | null = null;

  private constructor(
    private readonly server: Server,
    private readonly reservation: Reservation,
    private target: () => { host: string; port: number },
  ) {}

  /** @param target asked at each connection. */
  static async start(
    target: () => { host: string; port: number },
    reserved?: Reservation,
  ): Promise<TcpProxy> {
    const reservation = reserved ?? (await reservePort());
    const server = createServer({ noDelay: true });
    const proxy = new TcpProxy(server, reservation, target);
    server.on('connection', (client) => proxy.accept(client));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(reservation.port, '127.0.0.1', resolve);
    });
    return proxy;
  }

  /** New connections lead there; returns where they led before. */
  leadTo(target: () => { host: string; port: number }): () => { host: string; port: number } {
    const before = this.target;
    this.target = target;
    this.reset();
    return before;
  }

  get port(): number {
    return this.reservation.port;
  }

  /** Each way takes so long. */
  setDelay(ms: number): void {
    this.delayMs = ms;
  }

  /** Down: every connection is reset, and every new one. */
  setDown(isDown: boolean): void {
    this.isDown = isDown;
    if (isDown) this.reset();
  }

  /** Still: connections stay, nothing passes, as when packets are lost. What was sent meanwhile passes afterwards. */
  setStill(isStill: boolean): void {
    this.isStill = isStill;
    if (isStill) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const go of waiting) go();
  }

  /**
   * Has a watcher of its own look at each connection from now on; null: nobody looks. One that must see a connection from
   * its beginning needs a {@link reset} after this.
   */
  watch(make: (() => Watcher) | null): void {
    this.makeWatcher = make;
    for (const pair of this.pairs) pair.watch = make?.() ?? null;
  }

  /** Resets every connection; new ones are taken. Returns how many there were. */
  reset(): number {
    const count = this.pairs.size;
    for (const pair of this.pairs) this.cut(pair);
    return count;
  }

  async close(): Promise<void> {
    this.setStill(false);
    this.reset();
    await new Promise((resolve) => this.server.close(resolve));
    this.reservation.release();
  }

  private accept(client: Socket): void {
    if (this.isDown) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ ...this.target(), noDelay: true });
    const pair: Pair = { client, server, watch: this.makeWatcher?.() ?? null, doomed: false };
    this.pairs.add(pair);
    for (const socket of [client, server]) {
      // an error is followed by the end, which is passed on
      socket.on('error', () => undefined);
      socket.on('close', () => this.cut(pair));
    }
    this.pass(client, server, (bytes) => {
      const verdict = pair.watch?.(bytes) ?? 'pass';
      if (verdict === 'reset-before') this.cut(pair);
      if (verdict === 'reset-after') pair.doomed = true;
      return verdict !== 'reset-before';
    });
    this.pass(server, client, () => {
      if (pair.doomed) this.cut(pair);
      return !pair.doomed;
    });
  }

  private pass(from: Socket, to: Socket, mayPass: (bytes: Buffer) => boolean): void {
    let last = Promise.resolve();
    from.on('data', (bytes) => {
      from.pause();
      const { delayMs } = this;
      const dueMs = performance.now() + delayMs;
      const deliver = async () => {
        const leftMs = dueMs - performance.now();
        if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
        while (this.isStill) await new Promise<void>((resolve) => this.waiting.push(resolve));
        if (to.destroyed || !mayPass(bytes)) return;
        if (!to.write(bytes)) await new Promise<void>((resolve) => this.untilDrained(to, resolve));
      };
      last = last.then(deliver);
      // while a delay lasts, more may come in behind it
      if (delayMs > 0 && !this.isStill) from.resume();
      else void last.then(() => from.resume());
    });
    from.on('end', () => void last.then(() => to.end()));
  }

  private untilDrained(socket: Socket, done: () => void): void {
    socket.once('drain', done);
    socket.once('close', done);
  }

  private cut(pair: Pair): void {
    if (!this.pairs.delete(pair)) return;
    pair.client.resetAndDestroy();
    pair.server.resetAndDestroy();
  }
}

/**
 * Watches the requests of a Kafka client, told by their api key (https://kafka.apache.org/protocol#protocol_api_keys).
 * A request starts with its size in 4 bytes and its api key in 2.
 */
export function kafkaWatcher(onRequest: (apiKey: number) => Verdict): Watcher {
  let head = Buffer.alloc(0);
  let skip = 0;
  return (bytes) => {
    let verdict: Verdict = 'pass';
    let rest = bytes;
    while (rest.length > 0) {
      if (skip > 0) {
        const skipped = Math.min(skip, rest.length);
        skip -= skipped;
        rest = rest.subarray(skipped);
        continue;
      }
      const known = head.length;
      head = Buffer.concat([head, rest.subarray(0, 6 - known)]);
      rest = rest.subarray(6 - known);
      if (head.length < 6) break;
      const told = onRequest(head.readInt16BE(4));
      if (told !== 'pass') verdict = told;
      skip = head.readInt32BE(0) - 2;
      head = Buffer.alloc(0);
    }
    return verdict;
  };
}
