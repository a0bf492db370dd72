import { FairQueue } from '../core/fair-queue.js';
import type { Lane } from '../core/lanes.js';
import { TokenBucket } from '../core/token-bucket.js';

/** Turns of the lanes when both keep waiting: what is new comes first, and what is late is never left out. */
const WEIGHTS: Record<Lane, number> = { fast: 3, sweep: 1 };
const MIN_RATE = 0.2;
const BURST = 2;
/** A rate that was halved is back after about two minutes. */
const RECOVERY_PER_S = 0.02;

/** Bounds how many pages are in memory at once, over all accounts and regions. */
export class Slots {
  private readonly waiting: (() => void)[] = [];
  constructor(private free: number) {}

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
}

interface Turn {
  resolve: (release: (() => void) | null) => void;
}

/**
 * The way to one account and region: at most so many requests a second whoever asks, each group and lane in its turn.
 * A turn also holds one of the {@link Slots} until its page is delivered: Kafka that does not take lines stops the asking.
 */
export class RequestGate {
  private readonly bucket: TokenBucket;
  private readonly queue = new FairQueue<Turn>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly quota: number,
    private readonly slots: Slots,
  ) {
    this.bucket = new TokenBucket(
      { maxRate: quota, minRate: MIN_RATE, burst: BURST, recovery: RECOVERY_PER_S },
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

  /** Waits for this flow's turn; null: the signal aborted first. What is returned must be called when the page is delivered. */
  turn(group: string, lane: Lane, signal: AbortSignal): Promise<(() => void) | null> {
    if (signal.aborted) return Promise.resolve(null);
    return new Promise((resolve) => {
      const turn: Turn = {
        resolve: (release) => {
          signal.removeEventListener('abort', leave);
          resolve(release);
        },
      };
      const leave = () => {
        this.queue.remove(turn);
        resolve(null);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.queue.push(`${lane}:${group}`, WEIGHTS[lane], turn);
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
      this.queue.shift()!.resolve(() => this.slots.release());
    }
  }
}
