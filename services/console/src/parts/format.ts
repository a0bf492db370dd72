/** Milliseconds as people read them: `0.4 ms`, `812 ms`, `2.30 s`, `1 min 12 s`, `3 h 4 min`. */
export function durationText(ms: number): string {
  if (ms > 0 && ms < 1) return `${ms.toPrecision(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_995) return `${(ms / 1_000).toFixed(ms < 9_995 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return pair(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(minutes / 60);
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const pair = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;

/** How long ago, or how far ahead: `just now`, `3 min ago`. */
export function agoText(ms: number, nowMs: number): string {
  const past = nowMs - ms;
  if (Math.abs(past) < 2_000) return 'just now';
  const text = coarse(Math.abs(past));
  return past > 0 ? `${text} ago` : `in ${text}`;
}

function coarse(ms: number): string {
  const units: [number, string][] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
  ];
  for (const [size, unit] of units) if (ms >= size) return `${Math.floor(ms / size)} ${unit}`;
  return `${Math.floor(ms / 1_000)} s`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Local time of day with milliseconds. */
export function clockText(iso: string): string {
  const time = new Date(iso);
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

/** Local date and time, to the second. */
export function momentText(iso: string): string {
  const time = new Date(iso);
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clockText(iso).slice(0, 8)}`;
}

/** Since the start of a trace: `0.000 s`, `12.345 s`, `4:05.1`. */
export function offsetText(ms: number): string {
  if (Math.abs(ms) < 60_000) return `${(ms / 1_000).toFixed(3)} s`;
  const seconds = ms / 1_000;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, '0')}`;
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(Math.floor(seconds % 60))}`;
}

export const countText = (count: number): string =>
  count < 10_000
    ? count.toLocaleString('en')
    : count.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 });

export const percentText = (part: number): string =>
  `${(part * 100).toFixed(part > 0 && part < 0.01 ? 2 : 1)} %`;

/** An id that a reader can tell from its neighbours. */
export const shortId = (id: string): string =>
  /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(id) ? id.slice(0, 8) : id;

/** A log line without the colours that it was printed with. */
export const plainText = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  text.replace(/\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007]*\u0007)/g, '');
