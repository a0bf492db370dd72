/** What the processor says of an event: its trace, and when it was appended. */
export interface Answer {
  traceId: string;
  createdMs: number;
}

/** One request's events that no answer has come for yet, and the answers so far. */
export interface Wait {
  readonly correlation: string;
  readonly remaining: ReadonlySet<string>;
  readonly answers: ReadonlyMap<string, Answer>;
}

interface OpenWait extends Wait {
  remaining: Set<string>;
  answers: Map<string, Answer>;
  onDone: () => void;
}

/**
 * Who waits for which event. A record carries `reply-to: <instance>/<correlation>`; one correlation stands for all events
 * of a request. Invariant: a wait is in the table from {@link open} until {@link close}, so nothing stays behind.
 */
export class AnswerTable {
  private readonly waits = new Map<string, OpenWait>();
  private readonly prefix: Buffer;
  private next = 0;

  constructor(readonly instance: string) {
    this.prefix = Buffer.from(`${instance}/`);
  }

  /** `onDone` is called once, when the last of the events is answered. */
  open(eventIds: Iterable<string>, onDone: () => void): Wait {
    const wait: OpenWait = {
      correlation: (this.next++).toString(36),
      remaining: new Set(eventIds),
      answers: new Map(),
      onDone,
    };
    this.waits.set(wait.correlation, wait);
    return wait;
  }

  close(wait: Wait): void {
    this.waits.delete(wait.correlation);
  }

  replyTo(wait: Wait): string {
    return `${this.instance}/${wait.correlation}`;
  }

  /** The wait that a reply-to header names; undefined where it is another gateway's, or closed. */
  find(replyTo: Buffer | undefined): Wait | undefined {
    if (!replyTo || replyTo.length <= this.prefix.length) return undefined;
    if (replyTo.compare(this.prefix, 0, this.prefix.length, 0, this.prefix.length) !== 0) return undefined;
    return this.waits.get(replyTo.toString('latin1', this.prefix.length));
  }

  /** An event that nobody asked about, or that has its answer, changes nothing: the first answer stays. */
  settle(wait: Wait, eventId: string, answer: Answer): void {
    const open = this.waits.get(wait.correlation);
    if (!open?.remaining.delete(eventId)) return;
    open.answers.set(eventId, answer);
    if (open.remaining.size === 0) open.onDone();
  }

  get size(): number {
    return this.waits.size;
  }
}
