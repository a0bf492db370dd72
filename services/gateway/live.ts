import { Readable } from 'node:stream';
import { isWanted, type LiveFilter, type LiveSubject } from './core/live-filter.js';
import { Problem } from './problem.js';

/** A message of the feed, made once for all clients. */
export interface LiveMessage {
  subject: LiveSubject;
  /** JSON on one line. */
  data: string;
}

export interface LiveLimits {
  clients: number;
  /** Bytes that wait for one client; what comes while they do is dropped and counted. */
  clientBytes: number;
  /** Messages kept for clients that come back. */
  kept: number;
  heartbeatMs: number;
}

export const LIVE_LIMITS: LiveLimits = {
  clients: 100,
  clientBytes: 262_144,
  kept: 2_000,
  heartbeatMs: 15_000,
};

interface Client {
  stream: Readable;
  filter: LiveFilter;
  /** The client has not read what was sent: nothing more is put behind it. */
  full: boolean;
  dropped: number;
}

/**
 * Server-sent events: what is published goes to every client whose filter it fits. Invariant: a client holds at most `clientBytes` and one
 * message; a slow one is told how many it missed (`dropped`), and never makes others wait. Ids are `<instance>.<number>`.
 */
export class LiveFeed {
  private readonly clients = new Set<Client>();
  private readonly kept: { number: number; message: LiveMessage }[] = [];
  private number = 0;
  private readonly heart: NodeJS.Timeout;

  /** @param onClients told of the number of clients whenever it changes. */
  constructor(
    private readonly instance: string,
    private readonly limits: LiveLimits = LIVE_LIMITS,
    private readonly onClients: (count: number) => void = () => {},
  ) {
    this.heart = setInterval(() => this.beat(), limits.heartbeatMs).unref();
  }

  get size(): number {
    return this.clients.size;
  }

  publish(message: LiveMessage): void {
    const number = ++this.number;
    this.kept.push({ number, message });
    if (this.kept.length > this.limits.kept) this.kept.shift();
    for (const client of this.clients) this.offer(client, number, message);
  }

  /**
   * A client's stream. With the id of the last message that it saw, what was kept since comes first; where that is not known any more, `reset` says
   * that something may be missing. @throws Problem `overloaded`
   */
  subscribe(filter: LiveFilter, lastId?: string): Readable {
    if (this.clients.size >= this.limits.clients) {
      throw new Problem('overloaded', `more than ${this.limits.clients} clients follow`, { retryAfterS: 10 });
    }
    const stream = new Readable({
      highWaterMark: this.limits.clientBytes,
      read: () => this.resume(client),
      destroy: (error, done) => {
        if (this.clients.delete(client)) this.onClients(this.clients.size);
        done(error);
      },
    });
    const client: Client = { stream, filter, full: false, dropped: 0 };
    this.clients.add(client);
    this.onClients(this.clients.size);
    // whoever comes for the first time has a place to come back to, even before a message came
    const id = lastId === undefined ? this.idNow : '';
    this.push(client, `retry: 2000\n${id}event: hello\ndata: {"instance":"${this.instance}"}\n\n`);
    if (lastId !== undefined) this.replay(client, lastId);
    return stream;
  }

  /** Messages may pass unseen from here on: whoever comes back is told so. */
  gap(): void {
    this.number += 1;
    this.kept.length = 0;
  }

  /** Ends every client's stream; they come again by themselves. */
  endAll(): void {
    for (const { stream } of this.clients) stream.push(null);
  }

  /** As {@link endAll}, for good. */
  close(): void {
    clearInterval(this.heart);
    this.endAll();
  }

  private get idNow(): string {
    return `id: ${this.instance}.${this.number}\n`;
  }

  private replay(client: Client, lastId: string): void {
    const [instance, number] = lastId.split('.');
    const last = Number(number);
    const first = this.kept[0]?.number ?? this.number + 1;
    const known =
      instance === this.instance && Number.isInteger(last) && last <= this.number && last >= first - 1;
    if (!known) {
      this.push(
        client,
        `${this.idNow}event: reset\ndata: {"reason":"what came since is not kept any more: load the list again"}\n\n`,
      );
      return;
    }
    for (const one of this.kept) if (one.number > last) this.offer(client, one.number, one.message);
  }

  private offer(client: Client, number: number, { subject, data }: LiveMessage): void {
    if (!isWanted(client.filter, subject)) return;
    if (client.full) client.dropped += 1;
    else this.push(client, `id: ${this.instance}.${number}\nevent: ${subject.kind}\ndata: ${data}\n\n`);
  }

  private push(client: Client, text: string): void {
    if (!client.stream.push(text)) client.full = true;
  }

  /** The client's buffer has been read. */
  private resume(client: Client): void {
    if (!client.full) return;
    client.full = false;
    if (client.dropped === 0) return;
    const { dropped } = client;
    client.dropped = 0;
    this.push(client, `event: dropped\ndata: {"n":${dropped}}\n\n`);
  }

  private beat(): void {
    for (const client of this.clients) if (!client.full) this.push(client, ': alive\n\n');
  }
}
