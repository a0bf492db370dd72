/** Milliseconds in a unit, as programs abbreviate it. */
const MS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  msec: 1,
  millis: 1,
  millisecond: 1,
  milliseconds: 1,
  s: 1_000,
  sec: 1_000,
  secs: 1_000,
  second: 1_000,
  seconds: 1_000,
  m: 60_000,
  min: 60_000,
  mins: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
};

/** A number from a number or its text (thousands separated by commas), or null. */
export function toNumber(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string') return null;
  const text = value.trim().replace(/,(?=\d{3}\b)/g, '');
  if (!/^[+-]?\d{1,18}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,3})?$/.test(text)) return null;
  return Number(text);
}

/** A duration in milliseconds; `unit` is what a bare number counts, null where a bare number is not a duration. */
export function toMilliseconds(value: unknown, unit: 'ms' | 's' | null): number | null {
  const bare = toNumber(value);
  if (bare !== null) return unit === null ? null : round(bare * MS[unit]!);
  if (typeof value !== 'string') return null;
  const match = /^(\d{1,12}(?:\.\d{1,20})?(?:e[+-]?\d{1,2})?)\s{0,2}([a-zµ]{1,12})$/i.exec(value.trim());
  if (match) {
    const factor = MS[match[2]!.toLowerCase()];
    return factor === undefined ? null : round(Number(match[1]) * factor);
  }
  const clock = /^(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)$/.exec(value.trim());
  if (!clock) return null;
  return round((Number(clock[1] ?? 0) * 3_600 + Number(clock[2]) * 60 + Number(clock[3])) * 1_000);
}

const round = (ms: number) => Math.round(ms * 1_000) / 1_000;
