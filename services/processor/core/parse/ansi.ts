/**
 * Terminal escape sequences (ECMA-48): CSI `ESC [ … final`, OSC `ESC ] … BEL|ST`, and two-byte escapes. Every quantifier runs over
 * a class that its successor is not in, so the match is linear.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this is about
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const SGR = /\x1b\[([0-9;:]*)m/g;

/** What the colours of a line say about its bounds: a printer resets before it begins something new. */
export interface Colours {
  /** The line begins with a reset. */
  resetsFirst: boolean;
  /** A colour is still on at the end of the line. */
  openAtEnd: boolean;
  /** The line ends with a reset: what was coloured is complete. Colours that end earlier say nothing of it. */
  closedAtEnd: boolean;
}

const isReset = (parameters: string) => parameters === '' || /^[0;:]+$/.test(parameters);

/** Takes the escape sequences out. */
export const stripAnsi = (text: string): string => text.replace(ESCAPES, '');

/**
 * Where the character at `plainAt` of the text without escapes stands in `raw`: behind the escapes before it if it ends a part
 * (`end`), else before them, for those are its own.
 */
export function rawOffset(raw: string, plainAt: number, end = false): number {
  let plain = 0;
  let at = 0;
  for (const match of raw.matchAll(ESCAPES)) {
    const chars = match.index - at;
    if (end ? plain + chars > plainAt : plain + chars >= plainAt) break;
    plain += chars;
    at = match.index + match[0].length;
  }
  return at + plainAt - plain;
}

/** Reads the colours of a line that has an ESC. */
export function readColours(text: string): Colours {
  let resetsFirst = false;
  let openAtEnd = false;
  let closedAtEnd = false;
  let any = false;
  for (const match of text.matchAll(SGR)) {
    const reset = isReset(match[1]!);
    if (!any && match.index === 0) resetsFirst = reset;
    any = true;
    openAtEnd = !reset;
    closedAtEnd = reset && text.slice(match.index + match[0].length).trim() === '';
  }
  return { resetsFirst, openAtEnd, closedAtEnd };
}

/** Colours whose ESC was lost or spelled out on the way: `#033[1m` (syslog), `\\u001b[0m` (JSON twice), a bare `[32;1m`. */
const LOST_ESCAPES =
  /(?:#033|\\u001b|\\x1b|\\033|\^\[)?\[((?:0{1,2}|1|3|[349]\d)(?:;\d{1,3}){0,6})m(?!s?\])/gi;
const HAS_LOST_ESCAPES = /\[(?:0{1,2}|1|3|[349]\d)(?:;\d{1,3}){0,6}m(?!s?\])/;

/** Puts the ESC back where a line has colours without it. `[30m]` of a query is none. */
export const restoreEscapes = (text: string): string =>
  text.includes('\u001b') || !HAS_LOST_ESCAPES.test(text) ? text : text.replace(LOST_ESCAPES, '\u001b[$1m');
