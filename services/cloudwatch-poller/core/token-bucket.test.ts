import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.js';

const settings = { maxRate: 4.5, minRate: 0.2, burst: 2, recovery: 0.02 };

/** Takes whatever there is, looking every `stepMs`; returns the times of the requests. */
function requests(bucket: TokenBucket, untilMs: number, stepMs: number): number[] {
  const times: number[] = [];
  for (let nowMs = 0; nowMs <= untilMs; nowMs += stepMs) while (bucket.take(nowMs)) times.push(nowMs);
  return times;
}

describe('a token bucket', () => {
  it('never lets more through in any span than its rate and its burst allow', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), (stepMs) => {
        const times = requests(new TokenBucket(settings, 0), 60_000, stepMs);
        const mostIn = (spanMs: number) => settings.burst + (spanMs / 1_000) * settings.maxRate + 1e-6;
        const tooMany = times.flatMap((fromMs, from) =>
          times.slice(from).filter((toMs, more) => more + 1 > mostIn(toMs - fromMs)),
        );
        expect(tooMany).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('uses its rate up when there is always somebody waiting', () => {
    expect(requests(new TokenBucket(settings, 0), 60_000, 10).length).toBeGreaterThanOrEqual(4.5 * 60);
  });

  it('says how long to wait', () => {
    const bucket = new TokenBucket(settings, 0);
    while (bucket.take(0));
    const waitMs = bucket.waitMs(0);
    expect(waitMs).toBe(Math.ceil(1_000 / 4.5));
    expect(bucket.take(waitMs - 1)).toBe(false);
    expect(bucket.take(waitMs)).toBe(true);
  });

  it('halves its rate when the service throttles, once for requests that were under way together', () => {
    const bucket = new TokenBucket(settings, 0);
    bucket.throttled(1_000);
    bucket.throttled(1_100);
    expect(bucket.rate).toBeCloseTo(2.25, 1);
    bucket.throttled(2_000);
    expect(bucket.rate).toBeCloseTo(1.13, 1);
    for (let n = 0; n < 20; n++) bucket.throttled(3_000 + n * 1_000);
    expect(bucket.rate).toBeGreaterThanOrEqual(settings.minRate);
  });

  it('comes back to its rate, and not beyond it', () => {
    const bucket = new TokenBucket(settings, 0);
    bucket.throttled(0);
    bucket.take(60_000);
    expect(bucket.rate).toBeCloseTo(2.25 + 60 * 0.02, 5);
    bucket.take(600_000);
    expect(bucket.rate).toBe(4.5);
  });

  it('keeps to another share of the quota at once, and to what a throttling left of it', () => {
    const bucket = new TokenBucket(settings, 0);
    bucket.setMaxRate(1.5);
    expect(bucket.rate).toBe(1.5);
    bucket.throttled(0);
    bucket.setMaxRate(4.5);
    expect(bucket.rate).toBe(0.75);
  });
});
