import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { countingTopology } from '../../../tests/runner/counting-topology.js';
import { loadSchemas } from '../../config/schemas.js';
import { Codec } from '../../model/codec.js';
import { createLogger } from '../../telemetry/logger.js';
import { Feed } from '../fetch-loop.js';
import { StreamPartition, type StreamPartitionContext } from './stream-partition.js';
import { type ChangelogEntry, noObserver, type OwnedPartition } from './work.js';

interface Commit {
  outputs: number;
  changelog: string[];
  groupOffset: number | null;
}

/** A partition with its input at hand and a broker that takes everything. */
class Bench {
  readonly feed = new Feed('count-in', 0, 0, () => {});
  readonly commits: Commit[] = [];
  readonly abort = new AbortController();
  readonly owned: OwnedPartition & { closing: boolean };
  readonly partition: StreamPartition;
  readonly running: Promise<void>;
  private end = 0;

  constructor() {
    const context = {
      sub: countingTopology,
      codec: Codec.local(loadSchemas()),
      learnSchema: async () => {},
      onLoss: 'stop',
      fetchLoop: { add: () => this.feed, remove: () => {} },
      cluster: { offsetOf: async () => 0 },
      logger: createLogger('test', 'silent'),
      faultPoint: () => {},
      partitionsOf: () => 1,
      counters: { values: 0 },
      observer: noObserver,
    } as unknown as StreamPartitionContext;
    this.partition = new StreamPartition(0, context);
    this.owned = {
      partition: 0,
      signal: this.abort.signal,
      closing: false,
      trouble: null,
      commit: async (outputs, changelog: ChangelogEntry[], groupOffset) => {
        this.commits.push({
          outputs: [...outputs].length,
          changelog: changelog.map(({ key }) => key),
          groupOffset,
        });
        return changelog.map((_, n) => n);
      },
      readChangelog: async () => Buffer.alloc(0),
    };
    this.partition.begin();
    this.running = this.partition.run(this.owned);
  }

  /** One record arrives, and behind it the marker of its transaction. */
  arrive(): void {
    const offset = this.end;
    this.end += 2;
    this.feed.accept(
      {
        topic: 'count-in',
        partition: 0,
        errorCode: 0,
        highWatermark: this.end,
        lastStableOffset: this.end,
        logStartOffset: 0,
        records: [
          {
            topic: 'count-in',
            partition: 0,
            offset,
            timestampMs: Date.now(),
            key: null,
            value: Buffer.from(JSON.stringify({ key: 'k', id: offset })),
            headers: {},
          },
        ],
        nextOffset: this.end,
        bytes: 10,
      },
      Date.now(),
    );
  }

  get groupOffset(): number | null {
    return this.commits.findLast(({ groupOffset }) => groupOffset !== null)?.groupOffset ?? null;
  }
}

let bench: Bench;
beforeEach(() => {
  vi.useFakeTimers({ now: 1_767_603_600_000 });
  bench = new Bench();
});
afterEach(async () => {
  bench.abort.abort();
  bench.partition.nudge();
  await bench.running;
  vi.useRealTimers();
});

describe("the group's offset", () => {
  it('goes with transactions of data about once a second, and once more when they end', async () => {
    for (let n = 0; n < 7; n++) {
      bench.arrive();
      await vi.advanceTimersByTimeAsync(150);
    }
    const data = bench.commits.filter(({ outputs }) => outputs > 0);
    expect(data).toHaveLength(7);
    expect(data.filter(({ groupOffset }) => groupOffset !== null).length).toBeLessThan(3);
    expect(bench.groupOffset).toBeLessThan(bench.partition.position);

    await vi.advanceTimersByTimeAsync(2_000);
    expect(bench.partition.position).toBe(14);
    expect(bench.groupOffset).toBe(14);
    expect(bench.commits.at(-1)).toEqual({ outputs: 0, changelog: ['position'], groupOffset: 14 });
  });

  it('is not committed again while nothing moves', async () => {
    bench.arrive();
    await vi.advanceTimersByTimeAsync(3_000);
    const { length } = bench.commits;
    await vi.advanceTimersByTimeAsync(600_000);
    expect(bench.commits).toHaveLength(length);
    expect(bench.groupOffset).toBe(2);
  });

  it('is that of the position once the partition is closed', async () => {
    bench.arrive();
    await vi.advanceTimersByTimeAsync(10);
    bench.arrive();
    bench.owned.closing = true;
    bench.partition.nudge();
    await bench.running;
    expect(bench.groupOffset).toBe(bench.partition.position);
  });
});
