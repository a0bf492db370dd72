import { type Colours, readColours, restoreEscapes, stripAnsi } from './ansi.js';
import { readLevel } from './levels.js';
import { readTime } from './line-time.js';
import { openBox } from './panel.js';
import { KLOG_LEVELS, WRAPPERS, type WrapperFormat } from './wrapper-table.js';

/** A line with its wrappers taken off. */
export interface Unwrapped {
  /** As received, with the escapes of its colours. */
  raw: string;
  /** Message proper: no colours, no prefixes, no white space at either end. */
  text: string;
  /** White space that stood before `text`, characters. */
  indent: number;
  /** null where the line has no colours. */
  colours: Colours | null;
  level: string | null;
  timeMs: number | null;
  logger: string | null;
  requestId: string | null;
  /** A prefix that is put before each record, so the line begins one. */
  startsRecord: boolean;
}

const MAX_LAYERS = 8;

/** Characters of `first` that stand for a class. */
const inClass = (first: string, code: number): boolean => {
  for (let i = 0; i < first.length; i++) {
    const c = first[i]!;
    if (
      c === 'd'
        ? code >= 48 && code <= 57
        : c === 'u'
          ? code >= 65 && code <= 90
          : c === 'l'
            ? code >= 97 && code <= 122
            : code === c.charCodeAt(0)
    )
      return true;
  }
  return false;
};

const byCode: WrapperFormat[][] = Array.from({ length: 128 }, (_, code) =>
  WRAPPERS.filter(({ first }) => inClass(first, code)),
);
const NONE: WrapperFormat[] = [];

/** Strips colours, then container, syslog and logger prefixes from the outside in; keeps what they tell. */
export function unwrap(received: string): Unwrapped {
  const raw = restoreEscapes(received);
  const coloured = raw.includes('\u001b');
  const colours = coloured ? readColours(raw) : null;
  const plain = coloured ? stripAnsi(raw) : raw;
  let at = 0;
  let level: string | null = null;
  let timeMs: number | null = null;
  let logger: string | null = null;
  let requestId: string | null = null;
  let startsRecord = false;
  /** A time, or a clock without a date, was the prefix before. */
  let timed = false;
  // a blank before the first prefix is a printer's; deeper indentation is the text's
  if (plain.charCodeAt(0) === 32 && plain.charCodeAt(1) !== 32) at = 1;
  for (let layer = 0; layer < MAX_LAYERS; layer++) {
    const code = plain.charCodeAt(at);
    const candidates = code < 128 ? byCode[code]! : NONE;
    let found = false;
    for (const candidate of candidates) {
      // a bare `LEVEL:` after another level is text: "ERROR: WARNING: …"
      if (level !== null && (candidate.name === 'level' || candidate.name === 'winston')) continue;
      if (candidate.after === 'time' && (!timed || level !== null)) continue;
      if (candidate.after === 'level' && level === null) continue;
      candidate.pattern.lastIndex = at;
      const match = candidate.pattern.exec(plain);
      if (match === null || match[0].length === 0) continue;
      const groups = match.groups;
      const printed = groups?.level ?? groups?.level2 ?? groups?.level3 ?? groups?.level4;
      if (printed !== undefined) {
        const name = KLOG_LEVELS[printed] ?? printed.toUpperCase();
        level = candidate.name.startsWith('postgres') ? name : (readLevel(name) ?? level);
      }
      const time = groups?.time ?? groups?.time2;
      if (timeMs === null && time !== undefined) timeMs = readTime(stripZoneName(time));
      logger = groups?.logger ?? groups?.logger2 ?? groups?.logger3 ?? logger;
      requestId ??= groups?.request ?? null;
      if (candidate.kind === 'record') {
        startsRecord = true;
        timed ||= time !== undefined || candidate.name === 'clock';
      }
      at += match[0].length;
      found = true;
      break;
    }
    if (!found) break;
  }
  if (at === 1) at = 0;
  let start = at;
  while (start < plain.length && isSpace(plain.charCodeAt(start))) start++;
  return {
    raw,
    text: openBox(plain.slice(start).trimEnd()),
    indent: start - at,
    colours,
    level,
    timeMs,
    logger,
    requestId,
    startsRecord,
  };
}

const isSpace = (code: number) =>
  code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0xfeff;

/** A zone's abbreviation is ambiguous between countries, so a time with one other than UTC is read as UTC. */
const stripZoneName = (time: string): string => time.replace(/ ?(?!UTC|GMT|Z)[A-Z]{3,4}$/, '');
