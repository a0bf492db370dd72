import { describe, expect, it } from 'vitest';
import type { Fault } from './faults.js';
import {
  type Cursor,
  type FilteredEvent,
  type Page,
  pageOf,
  readToken,
  TOKEN_LIFE_MS,
  tokenFault,
  writeToken,
} from './pages.js';

const NONE: Fault = { kind: 'none' };
const RANGE = { group: '/g', startTime: 100, endTime: 200 };
const event = (timestamp: number, id: string, message = id): FilteredEvent => ({
  eventId: id,
  timestamp,
  message,
  logStreamName: 's',
});
const ids = (page: Page) => page.events.map(({ eventId }) => eventId);

describe('a page', () => {
  it('holds what lies in its range, both ends included, by time and id', () => {
    const events = [event(200, 'd'), event(99, 'x'), event(100, 'b'), event(201, 'y'), event(100, 'a')];
    const page = pageOf(events, RANGE, null, undefined, NONE);
    expect(ids(page)).toEqual(['a', 'b', 'd']);
    expect(page.next).toBeNull();
  });

  it('goes on in the middle of a millisecond', () => {
    const burst = Array.from({ length: 25 }, (_, n) => event(150, String(n).padStart(2, '0')));
    const seen: string[] = [];
    let after: Cursor | null = null;
    for (;;) {
      const page: Page = pageOf(burst, RANGE, after, 10, NONE);
      seen.push(...ids(page));
      if (page.next === null) break;
      after = page.next.after;
    }
    expect(seen).toEqual(burst.map(({ eventId }) => eventId));
  });

  it.each([
    [10_000, 10_000, false],
    [10_001, 10_000, true],
  ])('of %i small events holds %i', (count, held, more) => {
    const events = Array.from({ length: count }, (_, n) => event(150, String(n).padStart(6, '0'), ''));
    const page = pageOf(events, RANGE, null, undefined, NONE);
    expect([page.events.length, page.next !== null]).toEqual([held, more]);
  });

  it('ends before 1 MB is passed, but holds at least one event', () => {
    const large = (id: string, bytes: number) => event(150, id, 'x'.repeat(bytes - 26));
    expect(ids(pageOf([large('a', 1_000_000), large('b', 48_576)], RANGE, null, 9, NONE))).toEqual([
      'a',
      'b',
    ]);
    expect(ids(pageOf([large('a', 1_000_000), large('b', 48_577)], RANGE, null, 9, NONE))).toEqual(['a']);
    expect(ids(pageOf([large('a', 2_000_000), large('b', 100)], RANGE, null, 9, NONE))).toEqual(['a']);
  });

  it('shows an event that appears behind the cursor, and none that appears before it', () => {
    const late = [event(110, 'a'), event(120, 'too-late'), event(130, 'c'), event(140, 'in-time')];
    expect(ids(pageOf(late, RANGE, [130, 'c'], undefined, NONE))).toEqual(['in-time']);
  });

  it('keeps its place in every fault', () => {
    const events = [event(110, 'a'), event(120, 'b'), event(130, 'c')];
    const at: Cursor = [110, 'a'];
    expect(pageOf(events, RANGE, at, undefined, { kind: 'empty-page' })).toEqual({
      events: [],
      next: { range: RANGE, after: at },
    });
    expect(pageOf(events, RANGE, at, undefined, { kind: 'repeated-page' }).next?.after).toEqual(at);
    expect(pageOf(events, RANGE, at, undefined, { kind: 'short-page', events: 1 }).next?.after).toEqual([
      120,
      'b',
    ]);
  });
});

describe('a token', () => {
  const token = { range: RANGE, after: [110, 'a'] as const, issuedAtMs: 1_000 };

  it('is read as it was written, and differs each time', () => {
    expect(readToken(writeToken(token, 1))).toEqual(token);
    expect(writeToken(token, 1)).not.toBe(writeToken(token, 2));
    expect(readToken('elsewhere')).toBeNull();
  });

  it.each([
    ['its own range', RANGE, 1_000, null],
    ['its last moment', RANGE, 1_000 + TOKEN_LIFE_MS, null],
    ['the moment after', RANGE, 1_001 + TOKEN_LIFE_MS, 'it has expired'],
    ['a moved end', { ...RANGE, endTime: 201 }, 1_000, 'it was given for another endTime'],
    ['another group', { ...RANGE, group: '/h' }, 1_000, 'it was given for another group'],
  ])('used with %s', (_what, range, nowMs, fault) => {
    expect(tokenFault(token, range, nowMs)).toBe(fault);
  });
});
