import { describe, expect, test } from 'vitest';
import type { FetchedPartition } from './cluster.js';
import { Feed } from './fetch-loop.js';

const answer = (nextOffset: number, lastStableOffset: number, highWatermark: number): FetchedPartition => ({
  topic: 't',
  partition: 0,
  errorCode: 0,
  highWatermark,
  logStartOffset: 0,
  lastStableOffset,
  nextOffset,
  bytes: 0,
  records: [],
});

describe('a feed', () => {
  test('counts as lag what was fetched and not taken, too', () => {
    const feed = new Feed('t', 0, 5, () => undefined);
    expect(feed.lagFrom(5)).toBe(-1);
    feed.accept(answer(8, 20, 20), 1_000);
    expect(feed.lagFrom(5)).toBe(15);
    feed.accept(answer(20, 20, 20), 1_000);
    expect([feed.lagFrom(5), feed.lagFrom(20)]).toEqual([15, 0]);
  });

  test('that is paused fetches nothing, hears of the end from others, and goes on at once', () => {
    let rooms = 0;
    const feed = new Feed('t', 0, 5, () => {
      rooms++;
    });
    feed.accept(answer(8, 8, 8), 1_000);
    feed.pause();
    expect(feed.wantsData).toBe(false);
    feed.sawEnd(30);
    feed.sawEnd(20);
    expect(feed.lagFrom(5)).toBe(25);
    // what is taken from a paused feed makes no room
    feed.take();
    expect(rooms).toBe(0);
    feed.resume();
    feed.resume();
    expect([feed.wantsData, rooms]).toEqual([true, 1]);
  });
});

describe('how far a feed is known to be complete', () => {
  test('unknown before the end was seen, and while a transaction holds something back', () => {
    const feed = new Feed('t', 0, 5, () => undefined);
    expect(feed.takenUntilMs).toBe(0);
    feed.accept(answer(5, 5, 8), 900);
    expect(feed.takenUntilMs).toBe(0);
    feed.accept(answer(5, 5, 5), 1_000);
    expect(feed.takenUntilMs).toBe(1_000);
  });

  test('unknown while something was fetched and not taken', () => {
    const feed = new Feed('t', 0, 5, () => undefined);
    feed.accept(answer(8, 8, 8), 1_000);
    expect(feed.takenUntilMs).toBe(0);
    feed.take();
    expect(feed.takenUntilMs).toBeGreaterThan(0);
  });

  test('only until its question was asked, however late the answer came', () => {
    const feed = new Feed('t', 0, 5, () => undefined);
    const askedMs = Date.now() - 5_000;
    feed.accept(answer(5, 5, 5), askedMs);
    expect(feed.takenUntilMs).toBe(askedMs);
  });

  test('who waits for a timer is told that there is nothing, who waits for data is not', async () => {
    const feed = new Feed('t', 0, 5, () => undefined);
    let told = false;
    const forTimer = feed.waitForData(60_000, true).then(() => {
      told = true;
    });
    feed.accept(answer(5, 5, 5), 1_000);
    await forTimer;
    expect(told).toBe(true);
    const forData = feed.waitForData(60_000).then(() => {
      told = false;
    });
    feed.accept(answer(5, 5, 5), 1_000);
    await Promise.resolve();
    expect(told).toBe(true);
    feed.nudge();
    await forData;
  });
});

describe('since when the next record of a feed waits', () => {
  const record = {
    topic: 't',
    partition: 0,
    offset: 5,
    timestampMs: 700,
    key: null,
    value: null,
    headers: {},
  };

  test('since its append; once it is taken and the end is reached, nothing waits', () => {
    const feed = new Feed('t', 0, 5, () => undefined);
    expect(feed.nextMs).toBeNull();
    feed.accept({ ...answer(6, 6, 6), records: [record] }, 1_000);
    expect(feed.nextMs).toBe(700);
    feed.take();
    expect(feed.nextMs).toBeNull();
  });

  test('where it is not fetched yet, not before what was fetched last', () => {
    const feed = new Feed('t', 0, 5, () => undefined);
    feed.accept({ ...answer(6, 9, 9), records: [record] }, 1_000);
    feed.take();
    expect(feed.nextMs).toBe(700);
  });

  test('markers wait for nobody', () => {
    const feed = new Feed('t', 0, 5, () => undefined);
    feed.accept(answer(6, 6, 6), 1_000);
    expect(feed.nextMs).toBeNull();
  });
});
