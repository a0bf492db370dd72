import { type Colours, rawOffset, readColours, restoreEscapes, stripAnsi } from './ansi.js';
import {
  type LineContext,
  laneOf,
  readContextPrefix,
  readContextSuffix,
  sessionOf,
  takePairs,
} from './context.js';
import { isLaneName } from './header-names.js';
import { readLevel } from './levels.js';
import { readTime } from './line-time.js';
import { readLogfmt } from './logfmt.js';
import { openBox } from './panel.js';
import { readStructured, type Structured } from './structured.js';
import { WrapperCandidates } from './wrapper-candidates.js';
import { KLOG_LEVELS, WRAPPERS, type WrapperFormat } from './wrapper-table.js';

/** A line with its wrappers taken off. */
export interface Unwrapped {
  /** As `text`, with the escapes of its colours and the white space at its ends. */
  raw: string;
  /** Message proper: no colours, no prefixes, no white space at either end. */
  text: string;
  /** `text` with the context that stood beside it, for rules that look for ids. */
  whole: string;
  /** White space that stood before `text`, characters. */
  indent: number;
  /** null where the line has no colours. */
  colours: Colours | null;
  level: string | null;
  timeMs: number | null;
  logger: string | null;
  requestId: string | null;
  /** Task, thread or process that the prefix names. */
  lane: string | null;
  /** What the logger put beside the message, null where nothing. */
  context: LineContext | null;
  /** The other fields of a record of pairs, `level=info msg="…" tool=crane`, null for any other line. */
  fields: Structured | null;
  /** A prefix that is put before each record, so the line begins one. */
  startsRecord: boolean;
}

const MAX_LAYERS = 8;

/** What a line's prefixes tell, as far as they are read. */
interface Head {
  /** Where the message begins. */
  at: number;
  level: string | null;
  timeMs: number | null;
  logger: string | null;
  requestId: string | null;
  thread: string | null;
  pid: string | null;
  /** A time, or a clock without a date, was a prefix. */
  isTimed: boolean;
  context: LineContext | null;
  /** Where the first context before the message begins, -1 where none does. */
  contextAt: number;
  startsRecord: boolean;
}

/** Strips colours, then container, syslog, logger and context prefixes from the outside in, and context suffixes; keeps what they tell. */
export function unwrap(received: string): Unwrapped {
  const restored = restoreEscapes(received);
  const coloured = restored.includes('\u001b');
  const plain = coloured ? stripAnsi(restored) : restored;
  const head = readHead(plain);
  const { at } = head;
  let start = at;
  while (start < plain.length && isSpace(plain.charCodeAt(start))) start++;
  const beginsWithPair = isPairAt(plain, start);
  if (beginsWithPair) {
    const pairs = readLogfmt(coloured ? restored.slice(rawOffset(restored, start)) : plain.slice(start));
    if (pairs !== null) return unwrapPairs(head, pairs, plain.slice(start).trimEnd());
  }
  let end = plain.length;
  while (end > start && isSpace(plain.charCodeAt(end - 1))) end--;
  // a record of several lines has its suffix behind the first
  const feed = plain.indexOf('\n', start);
  const firstEnd = feed < 0 || feed > end ? end : feed;
  // a record of pairs without a text: its ids are pairs like the others
  const suffix = beginsWithPair ? null : readContextSuffix(plain, start, firstEnd, head.context);
  const cut = suffix === null || (suffix.at === start && !head.startsRecord) ? null : suffix.at;
  if (suffix !== null && cut !== null) {
    head.context = suffix.context;
    head.startsRecord = true;
  }
  const text = cut === null ? plain.slice(start, end) : plain.slice(start, cut) + plain.slice(firstEnd, end);
  let raw = text;
  let colours: Colours | null = null;
  if (coloured) {
    const from = at === 0 ? 0 : rawOffset(restored, at);
    raw = restored.slice(from, cut === null ? undefined : rawOffset(restored, cut, true));
    if (cut !== null && firstEnd < end) raw += restored.slice(rawOffset(restored, firstEnd, true));
    colours = readColours(raw);
  }
  const boxless = openBox(text);
  return {
    raw,
    text: boxless,
    whole: head.context === null ? boxless : plain.slice(head.contextAt < 0 ? start : head.contextAt, end),
    indent: start - at,
    colours,
    level: head.level,
    timeMs: head.timeMs,
    logger: head.logger,
    requestId: head.requestId,
    lane: laneOfHead(head),
    context: head.context,
    fields: null,
    startsRecord: head.startsRecord,
  };
}

function readHead(plain: string): Head {
  const head: Head = {
    at: 0,
    level: null,
    timeMs: null,
    logger: null,
    requestId: null,
    thread: null,
    pid: null,
    isTimed: false,
    context: null,
    contextAt: -1,
    startsRecord: false,
  };
  // a blank before the first prefix is a printer's; deeper indentation is the text's
  if (plain.charCodeAt(0) === 32 && plain.charCodeAt(1) !== 32) head.at = 1;
  for (let layer = 0; layer < MAX_LAYERS; layer++) {
    const taken = takeFormat(plain, head);
    // PostgreSQL's own format is the last: what it writes has labels that look like loggers' names
    if (taken?.name.startsWith('postgres') || (taken === null && !takeContext(plain, head))) break;
  }
  if (head.at === 1) head.at = 0;
  return head;
}

const candidates = new WrapperCandidates(WRAPPERS);

/** Takes the next prefix off that is of a known format. */
function takeFormat(plain: string, head: Head): WrapperFormat | null {
  candidates.turnTo(plain, head.at);
  for (let candidate = candidates.next(); candidate !== null; candidate = candidates.next()) {
    // a bare `LEVEL:` after another level is text: "ERROR: WARNING: …"
    if (head.level !== null && (candidate.name === 'level' || candidate.name === 'winston')) continue;
    // containers wrap loggers, never the other way round
    if (head.startsRecord && candidate.kind === 'container') continue;
    if (candidate.after !== null && !mayFollow(candidate.after, head)) continue;
    const { pattern, groups } = candidate;
    pattern.lastIndex = head.at;
    const match = pattern.exec(plain);
    if (match === null || match[0].length === 0) continue;
    const level = groupOf(match, groups.level);
    if (level !== undefined) {
      const name = KLOG_LEVELS[level] ?? level.toUpperCase();
      head.level = candidate.name.startsWith('postgres') ? name : (readLevel(name) ?? head.level);
    }
    const time = groupOf(match, groups.time);
    if (head.timeMs === null && time !== undefined) head.timeMs = readTime(stripZoneName(time));
    const logger = groupOf(match, groups.logger);
    if (logger !== undefined) {
      if (isLaneName(logger)) head.thread ??= logger;
      else head.logger = logger;
    }
    head.thread ??= groupOf(match, groups.thread)?.trim() ?? null;
    head.pid ??= groupOf(match, groups.pid) ?? null;
    head.requestId ??= groupOf(match, groups.request) ?? null;
    if (candidate.kind === 'record') {
      head.startsRecord = true;
      head.isTimed ||= time !== undefined || candidate.name === 'clock';
    }
    head.at += match[0].length;
    return candidate;
  }
  return null;
}

/** What the first of these groups captured that took part in the match. */
function groupOf(match: RegExpExecArray, numbers: readonly number[]): string | undefined {
  for (let i = 0; i < numbers.length; i++) {
    const captured = match[numbers[i]!];
    if (captured !== undefined) return captured;
  }
  return undefined;
}

function mayFollow(after: NonNullable<WrapperFormat['after']>, head: Head): boolean {
  switch (after) {
    case 'head':
      return head.startsRecord;
    case 'time':
      return head.isTimed && head.level === null;
    case 'level':
      return head.level !== null;
    case 'unnamed':
      return head.level !== null && head.logger === null;
  }
}

/** Takes a context off that stands before the message; one that is all of the line stays. */
function takeContext(plain: string, head: Head): boolean {
  const found = readContextPrefix(plain, head.at, head.context);
  if (found === null || (found.at >= plain.length && !head.startsRecord)) return false;
  head.context = found.context;
  if (head.contextAt < 0) head.contextAt = head.at;
  head.at = found.at;
  head.startsRecord = true;
  return true;
}

/** The text of a record of pairs, itself unwrapped, with what the pairs tell. */
function unwrapPairs(
  head: Head,
  { message, pairs }: { message: string; pairs: Record<string, string> },
  whole: string,
): Unwrapped {
  const inner = unwrap(message);
  const { context, rest } = takePairs(pairs, inner.context ?? head.context);
  const fields = readStructured(rest);
  const lane = context === null ? null : laneOf(context);
  return {
    ...inner,
    whole,
    level: inner.level ?? fields.level ?? head.level,
    timeMs: inner.timeMs ?? fields.timeMs ?? head.timeMs,
    logger: inner.logger ?? fields.logger ?? head.logger,
    requestId: inner.requestId ?? head.requestId,
    lane: inner.lane ?? lane ?? laneOfHead(head),
    context,
    fields,
    startsRecord: true,
  };
}

/** Whose a line is and where it ran, as its prefixes say, for comparing; null where they say nothing. */
export function ownerOf({ context, lane, requestId }: Unwrapped): string | null {
  if (context === null) return lane === null && requestId === null ? null : `${requestId}|${lane}`;
  return `${context.traceId}|${sessionOf(context) ?? requestId}|${context.agentId}|${lane}`;
}

const laneOfHead = ({ context, thread, pid }: Head): string | null =>
  context?.task ?? thread ?? (context === null ? null : laneOf(context)) ?? pid;

const MAX_FIRST_KEY = 32;

/** Whether `key=` stands there. */
function isPairAt(text: string, at: number): boolean {
  const first = text.charCodeAt(at);
  if (!isLetter(first) && first !== 95 && first !== 64) return false;
  const most = at + MAX_FIRST_KEY;
  let end = at + 1;
  while (end < most && isOfKey(text.charCodeAt(end))) end++;
  return text.charCodeAt(end) === 61;
}

const isLetter = (code: number) => (code >= 97 && code <= 122) || (code >= 65 && code <= 90);

const isOfKey = (code: number) =>
  isLetter(code) || (code >= 48 && code <= 57) || code === 95 || code === 46 || code === 45;

const isSpace = (code: number) =>
  code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0xfeff;

/** A zone's abbreviation is ambiguous between countries, so a time with one other than UTC is read as UTC. */
const stripZoneName = (time: string): string => time.replace(/ ?(?!UTC|GMT|Z)[A-Z]{3,4}$/, '');
