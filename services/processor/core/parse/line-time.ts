import { DateTime } from 'luxon';

/** Earliest and latest time taken from a line, Unix milliseconds: outside it is a number, not a time. */
const LEAST_MS = Date.UTC(1990, 0, 1);
const MOST_MS = Date.UTC(2200, 0, 1);

const within = (ms: number): number | null => (ms >= LEAST_MS && ms < MOST_MS ? ms : null);

const ISO =
  /^(\d{4})[-/](\d\d)[-/](\d\d)(?:[T _-](\d\d):(\d\d)(?::(\d\d)(?:[.,:](\d{1,9}))?)?)?\s?(Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?$/i;

const MAYBE_RFC2822 = /^(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} /;

/**
 * Reads a time as programs print it: ISO 8601 with `T` or a blank, comma or point before the fraction, with or without
 * an offset (none means UTC). Unix milliseconds, whole, or null.
 */
export const readTime = (text: string): number | null => rounded(exactTime(text));

const rounded = (ms: number | null): number | null => (ms === null ? null : Math.round(ms));

/** As {@link readTime}, with the fraction of a millisecond: spans are shorter than that. */
function exactTime(text: string): number | null {
  const iso = ISO.exec(text);
  if (iso) {
    const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = ''] = iso;
    const ms =
      Date.UTC(+year!, +month! - 1, +day!, +hour, +minute, +second) + Number(`0.${fraction || '0'}`) * 1_000;
    if (Number.isNaN(ms) || +month! > 12 || +day! > 31 || +hour > 24) return null;
    return within(ms - offsetOf(zone));
  }
  if (!MAYBE_RFC2822.test(text)) return null;
  const rest = DateTime.fromRFC2822(text, { zone: 'utc' });
  return rest.isValid ? within(rest.toMillis()) : null;
}

function offsetOf(zone: string): number {
  const match = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (!match) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return (match[1] === '-' ? -minutes : minutes) * 60_000;
}

/**
 * Reads a time of a decoded JSON field: text as {@link readTime}, or a Unix time whose unit (s, ms, µs, ns) follows from its
 * size. Numbers arrive as text too (`timeUnixNano`), and OpenTelemetry's JavaScript prints pairs `[seconds, nanoseconds]`.
 */
export const readTimeValue = (value: unknown): number | null => rounded(exactTimeValue(value));

/** As {@link readTimeValue}, with the fraction of a millisecond. */
export function exactTimeValue(value: unknown): number | null {
  if (typeof value === 'number') return unixTime(value);
  if (Array.isArray(value)) {
    const [seconds, nanoseconds] = value as unknown[];
    if (value.length !== 2 || typeof seconds !== 'number' || typeof nanoseconds !== 'number') return null;
    return within(seconds * 1_000 + nanoseconds / 1e6);
  }
  if (typeof value !== 'string' || value.length < 8 || value.length > 64) return null;
  return /^\d{9,20}(?:\.\d+)?$/.test(value) ? unixTime(Number(value)) : exactTime(value.trim());
}

function unixTime(value: number): number | null {
  if (!Number.isFinite(value) || value < 6e8) return null;
  if (value < 1e11) return within(value * 1_000);
  if (value < 1e14) return within(value);
  if (value < 1e17) return within(value / 1_000);
  return within(value / 1_000_000);
}
