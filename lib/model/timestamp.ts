const FORM =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?\s?([Zz]|[+-]\d{2}(?::?\d{2})?)$/;
const WITHOUT_OFFSET = /^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?)?$/;
const EXAMPLE = '2026-01-07T19:00:00Z';

/** A moment as sent: `ms` is Unix milliseconds, `text` its one spelling in UTC, with digits beyond the millisecond kept. */
export type Timestamp = { ok: true; ms: number; text: string } | { ok: false; reason: string };

/**
 * Reads an ISO 8601 moment that carries an offset (RFC 3339; a space for the T, `+0100`, `+01` and a missing second are
 * taken too). Refuses with the reason, in words that follow the field's name.
 */
export function readTimestamp(value: unknown): Timestamp {
  if (value === undefined || value === null)
    return refuse(`is required: an ISO 8601 time such as ${EXAMPLE}`);
  if (typeof value === 'number') {
    return refuse(`must be an ISO 8601 string such as "${EXAMPLE}", not the number ${value}`);
  }
  if (typeof value !== 'string') return refuse(`must be an ISO 8601 string such as "${EXAMPLE}"`);
  const found = FORM.exec(value);
  if (!found) {
    const shown = JSON.stringify(value.slice(0, 64));
    return WITHOUT_OFFSET.test(value)
      ? refuse(`has no offset: ${shown} must end in Z or in one like +01:00`)
      : refuse(`is not an ISO 8601 time with an offset, such as ${EXAMPLE}: ${shown}`);
  }
  const [year, month, day, hour, minute] = found.slice(1, 6).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const second = Number(found[6] ?? 0);
  const fraction = found[7] ?? '';
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  local.setUTCHours(hour, minute, second, Number(fraction.slice(0, 3).padEnd(3, '0')));
  const isCalendarDay = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
  if (!isCalendarDay || hour > 23 || minute > 59 || second > 59) {
    return refuse(`names no moment of the calendar: ${JSON.stringify(value)}`);
  }
  const offset = offsetMinutes(found[8]!);
  if (offset === null) return refuse(`has an offset beyond 23:59: ${JSON.stringify(value)}`);
  const ms = local.getTime() - offset * 60_000;
  if (ms < 0 || ms >= END_MS) return refuse(`lies outside the years 1970 to 9999: ${JSON.stringify(value)}`);
  return { ok: true, ms, text: spell(ms, fraction) };
}

const END_MS = 253_402_300_800_000;

const refuse = (reason: string): Timestamp => ({ ok: false, reason });

const daysIn = (year: number, month: number): number =>
  new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();

function offsetMinutes(text: string): number | null {
  if (text === 'Z' || text === 'z') return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(3).replace(':', '') || 0);
  if (hours > 23 || minutes > 59) return null;
  return (text[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}

/** Two events a microsecond apart are two: digits beyond the millisecond stay, zeros at the end do not. */
function spell(ms: number, fraction: string): string {
  const iso = new Date(ms).toISOString();
  const beyond = fraction.slice(3).replace(/0+$/, '');
  return beyond === '' ? iso : `${iso.slice(0, -1)}${beyond}Z`;
}
