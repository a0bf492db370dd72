import { describe, expect, it } from 'vitest';
import { readMoment, showMoment } from './time-option.js';

const NOW = Date.UTC(2026, 0, 31, 12);

describe('a moment on the command line', () => {
  it.each([
    ['90s', NOW - 90_000],
    ['15m', NOW - 900_000],
    ['2h', NOW - 7_200_000],
    ['3d', NOW - 259_200_000],
    ['2026-01-31T11:00:00Z', NOW - 3_600_000],
    ['2026-01-31T12:00:00+01:00', NOW - 3_600_000],
  ])('is read from %s', (text, ms) => {
    expect(readMoment('--since', text, NOW)).toBe(ms);
  });

  it.each(['', 'yesterday', '2 hours', '15', '2026-13-01'])(
    'is not read from %j, and the option is named',
    (text) => {
      expect(() => readMoment('--since', text, NOW)).toThrow(/^--since is '/);
    },
  );

  it('is shown in UTC', () => {
    expect(showMoment(NOW)).toBe('2026-01-31T12:00:00Z');
  });
});
