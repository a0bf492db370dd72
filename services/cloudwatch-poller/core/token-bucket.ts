export interface TokenBucketSettings {
  /** Requests a second at most. */
  maxRate: number;
  /** Requests a second at least, however often the service refuses. */
  minRate: number;
  /** Tokens that may gather. */
  burst: number;
  /** How fast the rate comes back after a refusal, requests a second per second. */
  recovery: number;
}

/** Share of the rate that is left after a refusal. */
const BACK_OFF = 0.5;
/** Refusals of requests that were under way together are one refusal, milliseconds. */
const SAME_REFUSAL_MS = 500;

/**
 * A token bucket whose rate halves when the service throttles and comes back slowly (additive increase, multiplicative
 * decrease). It knows no clock: times are given, in milliseconds, and never go back.
 */
export class TokenBucket {
  private tokens: number;
  private refilledMs: number;
  private throttledMs = Number.NEGATIVE_INFINITY;
  rate: number;

  constructor(
    private settings: TokenBucketSettings,
    nowMs: number,
  ) {
    this.tokens = settings.burst;
    this.refilledMs = nowMs;
    this.rate = settings.maxRate;
  }

  /** Another share of the quota, as groups come and go. */
  setMaxRate(maxRate: number): void {
    const throttled = this.rate < this.settings.maxRate;
    this.settings = { ...this.settings, maxRate };
    this.rate = throttled ? Math.min(this.rate, maxRate) : maxRate;
  }

  /** Takes a token; false: there is none yet. */
  take(nowMs: number): boolean {
    this.refill(nowMs);
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }

  /** Milliseconds until there is a token. */
  waitMs(nowMs: number): number {
    this.refill(nowMs);
    return this.tokens >= 1 ? 0 : Math.ceil(((1 - this.tokens) / this.rate) * 1_000);
  }

  throttled(nowMs: number): void {
    this.refill(nowMs);
    if (nowMs - this.throttledMs < SAME_REFUSAL_MS) return;
    this.throttledMs = nowMs;
    this.rate = Math.max(Math.min(this.settings.minRate, this.settings.maxRate), this.rate * BACK_OFF);
    this.tokens = Math.min(this.tokens, 0);
  }

  private refill(nowMs: number): void {
    const elapsedS = Math.max(0, nowMs - this.refilledMs) / 1_000;
    this.refilledMs = Math.max(this.refilledMs, nowMs);
    this.tokens = Math.min(this.settings.burst, this.tokens + elapsedS * this.rate);
    this.rate = Math.min(this.settings.maxRate, this.rate + elapsedS * this.settings.recovery);
  }
}
