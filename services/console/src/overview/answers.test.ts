import { describe, expect, it } from 'vitest';
import type { Flow, GroupOut } from '../api/types.js';
import { arrivalRate, lagAnswer, lossAnswer, upAnswer } from './answers.js';

const group = (name: string, lag: number, members = 1, end = 0): GroupOut => ({
  group: name,
  state: members > 0 ? 'Stable' : 'Empty',
  members,
  lag,
  exactlyOnce: false,
  partitions: [{ topic: 'raw-logs', partition: 0, position: end - lag, end, lag, member: null }],
});
const flow = (more: Partial<Flow['total']>): Flow => ({
  measured_at: '2026-01-07T19:00:00.000Z',
  total: {
    accepted: 100,
    stored: 100,
    dead_lettered: 0,
    in_flight: 0,
    unaccounted: 0,
    duplicates: 0,
    joined: 0,
    ...more,
  },
  hours: [],
});

describe('the answer to', () => {
  it.each([
    [undefined, 'unknown', 'Asking the parts'],
    [null, 'bad', 'The gateway does not say how it is'],
    [{ ready: true, parts: { kafka: { state: 'up' } } }, 'well', 'Every part is up'],
    [{ ready: true, parts: { kafka: { state: 'up' }, qdrant: { state: 'down' } } }, 'bad', 'Qdrant is down'],
    [{ ready: false, parts: {} }, 'bad', 'Events are not taken'],
  ] as const)('whether all is up, of %j, is %s: %s', (readiness, level, text) => {
    expect(upAnswer(readiness as Parameters<typeof upAnswer>[0])).toMatchObject({ level, text });
  });

  it.each([
    [undefined, 'unknown', 'Asking Kafka'],
    [[group('vectadb-parse', 0), group('somebody-else', 9_000, 0)], 'well', 'Nothing is behind'],
    [[group('vectadb-parse', 12_345)], 'note', 'vectadb-parse is 12.3K behind'],
    [[group('vectadb-parse', 5), group('vectadb-trace', 7, 0)], 'bad', 'Nobody reads as vectadb-trace'],
  ] as const)('whether anything lags is %s %s', (groups, level, text) => {
    expect(lagAnswer(groups as GroupOut[] | undefined)).toMatchObject({ level, text });
  });

  it.each([
    [undefined, 'unknown', 'Counting what was accepted'],
    [null, 'unknown', 'This server does not count what became of events'],
    [flow({}), 'well', 'Nothing is lost'],
    [flow({ in_flight: 40, stored: 60 }), 'well', 'Nothing is lost'],
    [flow({ dead_lettered: 3 }), 'note', 'Nothing is lost; 3 refused'],
    [flow({ unaccounted: 2, dead_lettered: 3 }), 'bad', '2 events are lost'],
  ] as const)('whether anything is lost is %s %s', (told, level, text) => {
    expect(lossAnswer(told)).toMatchObject({ level, text });
  });
});

describe('the rate of arrival', () => {
  const at = (end: number, atMs: number) => ({ groups: [group('vectadb-parse', 0, 1, end)], atMs });
  it.each([
    [at(100, 0), at(150, 5_000), 10],
    [at(100, 0), at(100, 5_000), 0],
    [at(100, 0), at(3, 5_000), null],
    [at(100, 5_000), at(150, 5_000), null],
  ])('%#', (before, now, rate) => {
    expect(arrivalRate(before, now)).toBe(rate);
  });
});
