import { describe, expect, it } from 'vitest';
import { agoText, durationText, offsetText, shortId } from './format.js';

describe('figures as people read them', () => {
  it.each([
    [0, '0 ms'],
    [0.4, '0.4 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [9_994, '9.99 s'],
    [9_995, '10.0 s'],
    [59_994, '60.0 s'],
    [59_995, '1 min'],
    [72_000, '1 min 12 s'],
    [3_599_600, '1 h'],
    [11_040_000, '3 h 4 min'],
    [90_000_000, '1 d 1 h'],
  ])('%d ms is %s', (ms, text) => expect(durationText(ms)).toBe(text));

  it.each([
    [0, 'just now'],
    [1_999, 'just now'],
    [59_999, '59 s ago'],
    [60_000, '1 min ago'],
    [86_400_000, '1 d ago'],
    [-120_000, 'in 2 min'],
  ])('%d ms before now is %s', (ms, text) => expect(agoText(1e12 - ms, 1e12)).toBe(text));

  it.each([
    [0, '0.000 s'],
    [59_999, '59.999 s'],
    [60_000, '1:00.0'],
    [3_600_000, '1:00:00'],
  ])('%d ms after the start is %s', (ms, text) => expect(offsetText(ms)).toBe(text));

  it('cuts random ids and leaves names', () => {
    expect(shortId('8fb12b70-7dd7-5614-837b-c26da3b0cb20')).toBe('8fb12b70');
    expect(shortId('ticket-4711')).toBe('ticket-4711');
  });
});
