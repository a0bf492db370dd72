import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PART_IDS, minuteOf, SeenIds } from './seen-ids.js';

const id = (n: number): [number, number] => [Math.imul(n, 2_654_435_761) >>> 0, n];
const SAMPLE = Array.from({ length: 66 }, (_, i) => i * 7);
const ids = (from: number, count: number) => Array.from({ length: count }, (_, i) => id(from + i));

type Log = { minute: number; part: number; value: Buffer | null }[];

/** Writes what changed to a changelog, whose indexes are offsets. */
function applied(log: Log, seen: SeenIds): Log {
  for (const change of seen.takeChanges()) seen.stored({ ...change, offset: log.push(change) - 1 });
  return log;
}

function restored(log: Log): SeenIds {
  const seen = new SeenIds();
  log.forEach(({ value, ...part }, offset) => {
    seen.restore(part, value, offset);
  });
  return seen;
}

/** Loads whatever of a minute is not in memory. */
function loaded(seen: SeenIds, log: Log, minute: number): SeenIds {
  for (const stored of seen.absent([minute])) {
    const record = log[stored.offset]!;
    expect([record.minute, record.part]).toEqual([minute, stored.part]);
    seen.load(stored, record.value!);
  }
  return seen;
}

describe('ids that were seen', () => {
  it('are those that were added, in their minute, before and after a restore', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            minute: fc.integer({ min: 0, max: 5 }),
            from: fc.nat(400),
            count: fc.integer({ min: 1, max: 60 }),
          }),
          {
            maxLength: 20,
          },
        ),
        fc.integer({ min: 0, max: 6 }),
        fc.constantFrom(0, 100, 1_000, 100_000),
        (batches, horizonMinute, maxBytes) => {
          const model = new Map<string, Set<number>>();
          let seen = new SeenIds();
          const log: Log = [];
          batches.forEach(({ minute, from, count }, index) => {
            const known = model.get(String(minute)) ?? new Set<number>();
            model.set(String(minute), known);
            const fresh = Array.from({ length: count }, (_, i) => from + i).filter((n) => !known.has(n));
            for (const n of fresh) known.add(n);
            if (fresh.length > 0) loaded(seen, log, minute).add(minute, fresh.map(id));
            if (index % 2 === 0) applied(log, seen);
            if (index % 3 === 0) seen = restored(applied(log, seen));
            seen.trim(maxBytes);
          });
          seen.forgetBefore(horizonMinute * 60_000 + 59_999);
          for (const after of [seen, restored(applied(log, seen))]) {
            let size = 0;
            for (let minute = 0; minute <= 5; minute++) {
              const kept = minute < horizonMinute ? undefined : model.get(String(minute));
              size += kept?.size ?? 0;
              loaded(after, log, minute);
              expect(SAMPLE.filter((n) => after.has(minute, id(n)) !== (kept?.has(n) ?? false))).toEqual([]);
            }
            expect(after.size).toBe(size);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('of a full minute take several records, of which only the last is written again', () => {
    const seen = new SeenIds();
    seen.add(7, ids(0, MAX_PART_IDS + 10));
    const first = seen.takeChanges();
    expect(first.map(({ minute, part, value }) => [minute, part, value!.length])).toEqual([
      [7, 0, 1 + MAX_PART_IDS * 8],
      [7, 1, 1 + 10 * 8],
    ]);
    seen.add(7, ids(MAX_PART_IDS + 10, 5));
    expect(seen.takeChanges().map(({ part, value }) => [part, value!.length])).toEqual([[1, 1 + 15 * 8]]);
    expect(seen.has(7, id(0))).toBe(true);
    expect(seen.has(7, id(MAX_PART_IDS + 14))).toBe(true);
    expect(seen.has(7, id(MAX_PART_IDS + 15))).toBe(false);
    seen.forgetBefore(8 * 60_000);
    expect(seen.takeChanges()).toEqual([
      { minute: 7, part: 0, value: null },
      { minute: 7, part: 1, value: null },
    ]);
    expect(seen.size).toBe(0);
  });

  it('leave memory once they are committed, those used longest ago first, and are missed rather than denied', () => {
    const seen = new SeenIds();
    const log: Log = [];
    for (let minute = 0; minute < 10; minute++) seen.add(minute, ids(minute * 100, 100));
    seen.trim(0);
    expect(seen.bytes).toBe(8_000);
    applied(log, seen);
    seen.has(0, id(0));
    seen.add(9, ids(2_000, 1));
    seen.trim(1_700);
    expect({ bytes: seen.bytes, size: seen.size }).toEqual({ bytes: 1_608, size: 1_001 });
    expect(seen.has(0, id(1))).toBe(true);
    expect(seen.has(9, id(2_000))).toBe(true);
    expect(() => seen.has(1, id(100))).toThrow(/not in memory/);
    expect(() => seen.add(1, ids(3_000, 1))).toThrow(/not in memory/);
    expect(loaded(seen, log, 1).has(1, id(100))).toBe(true);
  });

  it('of a minute are forgotten when all of it is below the horizon', () => {
    const seen = new SeenIds();
    seen.add(minuteOf(59_999), ids(0, 1));
    seen.forgetBefore(59_999);
    expect(seen.size).toBe(1);
    seen.forgetBefore(60_000);
    expect(seen.size).toBe(0);
  });

  it('compare by all 64 bits', () => {
    const seen = new SeenIds();
    seen.add(0, [
      [1, 5],
      [1, 7],
      [2, 5],
    ]);
    expect([seen.has(0, [1, 5]), seen.has(0, [1, 6]), seen.has(0, [2, 7]), seen.has(0, [2, 5])]).toEqual([
      true,
      false,
      false,
      true,
    ]);
    seen.add(0, [[0xffffffff, 0xffffffff]]);
    expect(seen.has(0, [0xffffffff, 0xffffffff])).toBe(true);
    expect(restored(applied([], seen)).has(0, [0xffffffff, 0xffffffff])).toBe(true);
  });

  it('of another format are refused rather than guessed', () => {
    expect(() => new SeenIds().restore({ minute: 0, part: 0 }, Buffer.from([2, 0, 0]), 0)).toThrow(
      /format 2/,
    );
  });
});
