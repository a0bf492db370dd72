import { describe, expect, it } from 'vitest';
import { type FlowAccount, HOUR_MS } from '../../../lib/model/flow-account.js';
import { flowHour, gapsOf, missingOf, type SentAccount, totalOf, type Unread } from './flow.js';

const HOUR = 490_000;
const NOW_MS = (HOUR + 1) * HOUR_MS;
const nothing: Unread = { raw: 0, packs: 0, events: 0, parseOwned: true };
const sent = (account: Omit<FlowAccount, 'hour'>, hour = HOUR, atMs = NOW_MS - 60_000): SentAccount => ({
  ...account,
  hour,
  atMs,
});
const parse = (counts: Record<string, number>, partition = 0) => sent({ stage: 'parse', partition, counts });
const trace = (counts: Record<string, number>, partition = 0) => sent({ stage: 'trace', partition, counts });
const rows = (stored: number, duplicates = 0, dead_letters = 0) => [
  { hour: HOUR, stored, duplicates, dead_letters },
];
const gaps = (accounts: SentAccount[], stored = rows(0)) => gapsOf(accounts, stored, HOUR, HOUR + 1)[0]!;

const HUNDRED = [
  parse({ records: 60, events: 50, sent: 50, joined: 5, duplicates: 2, dead_letters: 3 }),
  parse({ records: 40, events: 40, sent: 40, further: 10 }, 1),
  trace({ emitted: 95, duplicates: 4, dead_letters: 1 }),
];

describe('the balance of an hour', () => {
  it('is even where everything is stored or refused', () => {
    const hour = gaps(HUNDRED, rows(92, 2, 1));
    expect(missingOf(hour, nothing, NOW_MS)).toBe(0);
    expect(flowHour(hour, 0, 0)).toEqual({
      hour: new Date(HOUR * HOUR_MS).toISOString(),
      accepted: 97,
      stored: 92,
      dead_lettered: 5,
      in_flight: 0,
      unaccounted: 0,
      duplicates: 8,
      joined: 5,
    });
  });

  it.each<[string, SentAccount[], number, Partial<Unread>, number]>([
    ['a row that is missing', HUNDRED, 91, {}, 1],
    ['a row whose event the sink has not read', HUNDRED, 91, { events: 1 }, 0],
    ['more rows than the sink has not read', HUNDRED, 90, { events: 1 }, 1],
    ['an event that trace never saw', [...HUNDRED, parse({ events: 1, sent: 1 }, 2)], 92, {}, 1],
    [
      'an event in a pack that trace has not read',
      [...HUNDRED, parse({ events: 1, sent: 1 }, 2)],
      92,
      { packs: 1 },
      0,
    ],
    ['an event that parse keeps for ever', [...HUNDRED, parse({ events: 1 }, 2)], 92, {}, 1],
    [
      'an event that parse keeps, and no parse runs',
      [...HUNDRED, parse({ events: 1 }, 2)],
      92,
      { parseOwned: false },
      0,
    ],
    ['what is stored and was not counted yet', HUNDRED, 99, {}, 0],
  ])('tells %s', (_, accounts, stored, unread, expected) => {
    expect(missingOf(gaps(accounts, rows(stored, 2, 1)), { ...nothing, ...unread }, NOW_MS)).toBe(expected);
  });

  it('does not judge an hour of which something was counted just now', () => {
    const late = [
      ...HUNDRED,
      sent({ stage: 'parse', partition: 3, counts: { events: 9 } }, HOUR, NOW_MS - 14_000),
    ];
    expect(missingOf(gaps(late), nothing, NOW_MS)).toBe(0);
    expect(missingOf(gaps(late), nothing, NOW_MS + 1_000)).toBe(9 + 95);
  });

  it.each([
    [rows(92, 2, 1), 0, 0],
    [rows(80, 2, 1), 7, 0],
    [rows(80, 2, 1), 7, 3],
    [rows(120), 0, 0],
    [rows(0), 0, 95],
  ])('adds up, whatever is counted when (%j, %i not read, %i missing)', (stored, unparsed, unaccounted) => {
    const hour = flowHour(gaps(HUNDRED, stored), unparsed, unaccounted);
    expect(hour.stored + hour.dead_lettered + hour.in_flight + hour.unaccounted).toBe(hour.accepted);
    expect(hour.in_flight).toBeGreaterThanOrEqual(0);
    expect(totalOf([hour, hour]).accepted).toBe(2 * hour.accepted);
  });

  it('has every hour, and knows none outside', () => {
    const other = sent({ stage: 'parse', partition: 0, counts: { events: 7 } }, HOUR - 30);
    expect(
      gapsOf([other], [], HOUR - 2, HOUR + 1).map(({ hour, parse: { events } }) => [hour, events]),
    ).toEqual([
      [HOUR - 2, 0],
      [HOUR - 1, 0],
      [HOUR, 0],
    ]);
  });
});
