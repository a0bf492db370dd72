const ESC = 0x1b;
const BEL = 0x07;

/**
 * Where the terminal escape sequence (ECMA-48) that begins with the ESC at `at` ends, -1 where none does: CSI `ESC [ … final`,
 * OSC `ESC ] … BEL|ST`, and two-byte escapes.
 */
function endOfEscape(text: string, at: number): number {
  const kind = text.charCodeAt(at + 1);
  let end = at + 2;
  if (kind === 0x5b) {
    let code = text.charCodeAt(end);
    while (code >= 0x30 && code <= 0x3f) code = text.charCodeAt(++end);
    while (code >= 0x20 && code <= 0x2f) code = text.charCodeAt(++end);
    return code >= 0x40 && code <= 0x7e ? end + 1 : -1;
  }
  if (kind === 0x5d) {
    let code = text.charCodeAt(end);
    while (end < text.length && code !== BEL && code !== ESC) code = text.charCodeAt(++end);
    if (code === BEL) return end + 1;
    return code === ESC && text.charCodeAt(end + 1) === 0x5c ? end + 2 : end;
  }
  return kind >= 0x40 && kind <= 0x5f ? end : -1;
}

/** What the colours of a line say about its bounds: a printer resets before it begins something new. */
export interface Colours {
  /** The line begins with a reset. */
  resetsFirst: boolean;
  /** A colour is still on at the end of the line. */
  openAtEnd: boolean;
  /** The line ends with a reset: what was coloured is complete. Colours that end earlier say nothing of it. */
  closedAtEnd: boolean;
}

/** Takes the escape sequences out. */
export function stripAnsi(text: string): string {
  let at = text.indexOf('\u001b');
  if (at < 0) return text;
  let plain = '';
  let from = 0;
  for (; at >= 0; ) {
    const end = endOfEscape(text, at);
    if (end >= 0) {
      plain += text.slice(from, at);
      from = end;
    }
    at = text.indexOf('\u001b', end < 0 ? at + 1 : end);
  }
  return plain + text.slice(from);
}

/**
 * Where the character at `plainAt` of the text without escapes stands in `raw`: behind the escapes before it if it ends a part
 * (`end`), else before them, for those are its own.
 */
export function rawOffset(raw: string, plainAt: number, end = false): number {
  let plain = 0;
  let at = 0;
  let next = raw.indexOf('\u001b');
  while (next >= 0) {
    const behind = endOfEscape(raw, next);
    if (behind >= 0) {
      const chars = next - at;
      if (end ? plain + chars > plainAt : plain + chars >= plainAt) break;
      plain += chars;
      at = behind;
    }
    next = raw.indexOf('\u001b', behind < 0 ? next + 1 : behind);
  }
  return at + plainAt - plain;
}

/** Reads the colours of a line that has an ESC: `ESC [ parameters m`. */
export function readColours(text: string): Colours {
  let resetsFirst = false;
  let resetsLast = false;
  let lastEnd = -1;
  for (let at = text.indexOf('\u001b'); at >= 0; at = text.indexOf('\u001b', at + 1)) {
    if (text.charCodeAt(at + 1) !== 0x5b) continue;
    let end = at + 2;
    let isReset = true;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (code < 0x30 || code > 0x3b) break;
      if (code >= 0x31 && code <= 0x39) isReset = false;
    }
    if (text.charCodeAt(end) !== 0x6d) continue;
    if (at === 0) resetsFirst = isReset;
    resetsLast = isReset;
    lastEnd = end + 1;
  }
  return {
    resetsFirst,
    openAtEnd: lastEnd >= 0 && !resetsLast,
    closedAtEnd: resetsLast && text.slice(lastEnd).trim() === '',
  };
}

/** Colours whose ESC was lost or spelled out on the way: `#033[1m` (syslog), `\\u001b[0m` (JSON twice), a bare `[32;1m`. */
const LOST_ESCAPES =
  /(?:#033|\\u001b|\\x1b|\\033|\^\[)?\[((?:0{1,2}|1|3|[349]\d)(?:;\d{1,3}){0,6})m(?!s?\])/gi;
const HAS_LOST_ESCAPES = /\[(?:0{1,2}|1|3|[349]\d)(?:;\d{1,3}){0,6}m(?!s?\])/;

/** Puts the ESC back where a line has colours without it. `[30m]` of a query is none. */
export const restoreEscapes = (text: string): string =>
  text.includes('\u001b') || !hasLostEscapes(text) ? text : text.replace(LOST_ESCAPES, '\u001b[$1m');

/** Most lines have no bracket before a digit that a colour begins with. */
function hasLostEscapes(text: string): boolean {
  for (let at = text.indexOf('['); at >= 0; at = text.indexOf('[', at + 1)) {
    const code = text.charCodeAt(at + 1);
    if (code >= 0x30 && code <= 0x39) return HAS_LOST_ESCAPES.test(text);
  }
  return false;
}
