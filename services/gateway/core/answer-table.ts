/** What the processor says of an event: its trace, and when it was appended (of one sent again: this time). */
export interface Answer {
  traceId: string;
  createdMs: number;
}

/** One request's events that no answer has come for yet, and the answers so far. */
export interface Wait {
  readonly number: number;
  readonly eventIds: readonly string[];
  readonly remaining: ReadonlySet<string>;
  readonly answers: ReadonlyMap<string, Answer>;
}

interface OpenWait extends Wait {
  remaining: Set<string>;
  answers: Map<string, Answer>;
  onDone: () => void;
}

const SUFFIX = /^([0-9a-z]+)\.([0-9a-z]+)$/;

/**
 * Who waits for which event. The record of a request's n-th event carries `reply-to: <instance>/<request>.<n>`, so that
 * an answer need not name the event. Invariant: a wait is in the table from {@link open} until {@link close}, so
 * nothing stays behind.
 */
export class AnswerTable {
  private readonly waits = new Map<number, OpenWait>();
  private readonly prefix: Buffer;
  private next = 0;

  constructor(readonly instance: string) {
    this.prefix = Buffer.from(`${instance}/`);
  }

  /** `onDone` is called once, when the last of the events is answered. */
  open(eventIds: readonly string[], onDone: () => void): Wait {
    const wait: OpenWait = {
      number: this.next++,
      eventIds,
      remaining: new Set(eventIds),
      answers: new Map(),
      onDone,
    };
    this.waits.set(wait.number, wait);
    return wait;
  }

  close(wait: Wait): void {
    this.waits.delete(wait.number);
  }

  /** Header of the n-th event. */
  replyTo(wait: Wait, index: number): string {
    return `${this.instance}/${wait.number.toString(36)}.${index.toString(36)}`;
  }

  /** The event that a reply-to header names; undefined where it is another gateway's, or nobody waits any more. */
  find(replyTo: Buffer | undefined): { wait: Wait; eventId: string } | undefined {
    if (!replyTo || replyTo.length <= this.prefix.length) return undefined;
    if (replyTo.compare(this.prefix, 0, this.prefix.length, 0, this.prefix.length) !== 0) return undefined;
    const found = SUFFIX.exec(replyTo.toString('latin1', this.prefix.length));
    const wait = found ? this.waits.get(Number.parseInt(found[1]!, 36)) : undefined;
    const eventId = wait?.eventIds[Number.parseInt(found![2]!, 36)];
    return wait && eventId !== undefined ? { wait, eventId } : undefined;
  }

  /** An event that nobody asked about, or that has its answer, changes nothing: the first answer stays. */
  settle(wait: Wait, eventId: string, answer: Answer): void {
    const open = this.waits.get(wait.number);
    if (!open?.remaining.delete(eventId)) return;
    open.answers.set(eventId, answer);
    if (open.remaining.size === 0) open.onDone();
  }

  get size(): number {
    return this.waits.size;
  }
}
