import { DateTime } from 'luxon';
import { UserError } from '../../deploy/local/stack.js';

const UNITS_MS: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * A moment as a user writes it, in Unix milliseconds: ISO 8601 (local time where it names no zone), or how long ago, `90s`, `15m`,
 * `2h`, `3d`, `1w`. @throws UserError naming the option.
 */
export function readMoment(option: string, text: string, nowMs: number): number {
  const ago = /^(\d{1,9})(ms|s|m|h|d|w)$/.exec(text.trim());
  if (ago) return nowMs - Number(ago[1]) * UNITS_MS[ago[2]!]!;
  const moment = DateTime.fromISO(text.trim());
  // ISO 8601 also has bare hours and weeks, which nobody means
  if (moment.isValid && /^\s*\d{4}-\d/.test(text)) return moment.toMillis();
  throw new UserError(
    `${option} is '${text}', wanted is a time (2026-01-31T12:00:00Z) or how long ago (15m, 2h, 3d)`,
  );
}

/** ISO 8601, UTC. */
export const showExactMoment = (ms: number): string => new Date(ms).toISOString();

/** ISO 8601, UTC, without milliseconds. */
export const showMoment = (ms: number): string =>
  DateTime.fromMillis(ms, { zone: 'utc' }).toISO({ suppressMilliseconds: true }) ?? String(ms);
