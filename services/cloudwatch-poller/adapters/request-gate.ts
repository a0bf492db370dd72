import { FairQueue } from '../core/fair-queue.js';
import type { Lane } from '../core/lanes.js';
import { TokenBucket } from '../core/token-bucket.js';

/** Turns of the lanes when both keep waiting: what is new comes first, and what is late is never left out. */
const WEIGHTS: Record<Lane, number> = { fast: 3, sweep: 1 };
const MIN_RATE = 0.2;
/** No more than the quota in any second, the first one after a rest included: it is refused, and costs half the rate. */
const BURST = 1;
/** Share of the quota that a rate gains in a second: one that was halved is back after about two minutes. */
const RECOVERY_SHARE_PER_S = 1 / 225;

/** One holder at a time, in the order they came. */
export class Mutex {
  private tail: Promise<void> = Promise.resolve();

  /** Resolves when it is ours, to what gives it back. */
  async take(): Promise<() => void> {
    const before = this.tail;
    let giveBack!: () => void;
    this.tail = new Promise((resolve) => {
      giveBack = resolve;
    });
    await before;
    return giveBack;
  }
}

/** Bounds how many requests of an account and region are under way; of all of them, one page at a time is in memory. */
export class Slots {
  private readonly waiting: (() => void)[] = [];

  constructor(
    private free: number,
    private readonly memory: Mutex,
  ) {}

  tryTake(): boolean {
    if (this.free === 0) return false;
    this.free--;
    return true;
  }

  /** Calls back once, when a slot may be free. */
  onFree(wake: () => void): void {
    this.waiting.push(wake);
  }

  release(): void {
    this.free++;
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Waits until the page before this one is delivered. */
  enterMemory(): Promise<() => void> {
    return this.memory.take();
  }
}

/** A request that may be made. */
export class Turn {
  /** Of its page, once it is read. */
  events = 0;
  private leaveMemory: (() => void) | null = null;

  constructor(private readonly slots: Slots) {}

  /** Called when an answer is there, before its page is read. */
  beforeBody = async (): Promise<void> => {
    this.leaveMemory ??= await this.slots.enterMemory();
  };

  /** The page was delivered, or there is none. */
  end(): void {
    this.leaveMemory?.();
    this.slots.release();
  }
}

interface Waiting {
  resolve: (turn: Turn | null) => void;
}

/**
 * The way to one account and region: at most so many requests a second whoever asks, each group and lane in its turn.
 * A turn holds one of the {@link Slots} until its page is delivered: where Kafka does not take lines, the asking stops.
 */
export class RequestGate {
  private readonly bucket: TokenBucket;
  private readonly queue = new FairQueue<Waiting>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly quota: number,
    private readonly slots: Slots,
  ) {
    this.bucket = new TokenBucket(
      { maxRate: quota, minRate: MIN_RATE, burst: BURST, recovery: quota * RECOVERY_SHARE_PER_S },
      performance.now(),
    );
  }

  /** Requests a second that are allowed now. */
  get rate(): number {
    return this.bucket.rate;
  }

  get waiting(): number {
    return this.queue.length;
  }

  /** Other pollers read the rest of the groups with the rest of the quota: `share` of it is ours, above 0. */
  setShare(share: number): void {
    this.bucket.setMaxRate(Math.max(this.quota * share, MIN_RATE));
  }

  /** The service said that we ask too often. */
  throttled(): void {
    this.bucket.throttled(performance.now());
  }

  /** Waits for this flow's turn, which must be ended; null: the signal aborted first. */
  turn(group: string, lane: Lane, signal: AbortSignal): Promise<Turn | null> {
    if (signal.aborted) return Promise.resolve(null);
    return new Promise((resolve) => {
      const waiting: Waiting = {
        resolve: (turn) => {
          signal.removeEventListener('abort', leave);
          resolve(turn);
        },
      };
      const leave = () => {
        this.queue.remove(waiting);
        resolve(null);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.queue.push(`${lane}:${group}`, WEIGHTS[lane], waiting);
      this.serve();
    });
  }

  private serve(): void {
    if (this.timer !== null) return;
    while (this.queue.length > 0) {
      const waitMs = this.bucket.waitMs(performance.now());
      if (waitMs > 0) {
        this.timer = setTimeout(() => {
          this.timer = null;
          this.serve();
        }, waitMs);
        return;
      }
      if (!this.slots.tryTake()) {
        this.slots.onFree(() => this.serve());
        return;
      }
      this.bucket.take(performance.now());
      this.queue.shift()!.resolve(new Turn(this.slots));
    }
  }
}
