import { type ContextKind, contextKind } from './context-keys.js';
import { newProperties, type Properties } from './properties.js';
import { readId } from './structured.js';

/**
 * What a logger puts beside each message: ids, who speaks, on which thread. It stands before the message or behind it, in brackets
 * (`[session_id=s-1 agent=desk]`, `(session 1234)`, `<trace_id=…>`) or as bare pairs (` session=s-1`). Brackets and pairs of other
 * names belong to the message.
 */
export interface LineContext {
  traceId: string | null;
  session: string | null;
  request: string | null;
  run: string | null;
  agentId: string | null;
  /** The agent is named as a speaker within a run, `Agent: Writer`, not as what runs. */
  isSpeaker: boolean;
  callId: string | null;
  task: string | null;
  thread: string | null;
  process: string | null;
  /** Further fields as printed, or null. */
  others: Properties | null;
}

const MAX_BRACKET_CHARS = 512;
const MAX_TOKEN_CHARS = 160;
const MAX_SUFFIX_PAIRS = 8;

const CLOSERS: Record<string, string> = { '[': ']', '(': ')', '<': '>', '{': '}' };
const OPENERS: Record<string, string> = { ']': '[', ')': '(', '>': '<', '}': '{' };

/** One `key=value` or `key: value` within brackets; values are bare or quoted, and may be empty. */
const ITEM =
  /([A-Za-z_@][\w.@-]{0,63})(?:=|: ?)(?:"([^"\n]{0,256})"|'([^'\n]{0,256})'|([^\s,;|()[\]{}<>"'=]{0,256}))(?:[\s,;|]{1,8}|$)/y;
/** `session 1234`: without a sign, the value must hold a digit. */
const SPOKEN = /^([A-Za-z_-]{1,24}) #?((?=[^\s]*\d)[\w.:@/-]{2,128})$/;
/** A bare pair: what it names stands before a sign of its own. */
const BARE = /^([A-Za-z_@][\w.@-]{0,63})=(?:"([^"\n]{0,256})"|([^\s,;"'()[\]{}<>=]{1,256}))$/;
const BARE_PREFIX =
  /([A-Za-z_@][\w.@-]{0,63})=(?:"([^"\n]{0,256})"|([^\s,;"'()[\]{}<>=]{0,255}[\w/+]))(?:[,;] ?|: | )/y;
const SEPARATOR = /[ \t]{0,4}(?:(?:[-:|]|->|=>)[ \t]{1,4})?/y;
/** Words before a pair that make it a condition. */
const CONDITION = /(?:^|\s)(?:where|and|or|not|on|set|if|when)$/i;

/** What groups is an id, not words. */
const GROUPING = new Set<ContextKind>(['trace', 'session', 'request', 'run']);

const EQUALS = 61;
const COLON = 58;
const BLANK = 32;

/** Called on strings of many kinds (sliced, joined, interned), a method is looked up anew at each call; this one is not. */
const { charCodeAt } = String.prototype;

/** Where the word that begins at `from` ends, if keys may be spelled so; else the end of the text. */
function endOfKey(text: string, from: number): number {
  const { length } = text;
  if (!isLetter(charCodeAt.call(text, from))) return length;
  let at = from + 1;
  const most = Math.min(length, from + 64);
  for (; at < most; at++) {
    const code = charCodeAt.call(text, at);
    const isPart = isLetter(code) || (code >= 48 && code <= 57) || code === 95 || code === 46 || code === 45;
    if (!isPart) break;
  }
  return at;
}

const isLetter = (code: number) => (code >= 97 && code <= 122) || (code >= 65 && code <= 90);

type Pairs = [key: string, kind: ContextKind | null, value: string][];

/** Reads the context that begins at `at`, adds it to `known`; null where none begins there. */
export function readContextPrefix(
  text: string,
  at: number,
  known: LineContext | null,
): { context: LineContext; at: number } | null {
  const code = text.charCodeAt(at);
  const isPair = isLetter(code);
  if (!isPair && code !== 91 && code !== 40 && code !== 60 && code !== 123) return null;
  // most lines are done with their first word: it is no key
  const sign = text.charCodeAt(endOfKey(text, isPair ? at : at + 1));
  if (isPair) return sign === EQUALS ? readBarePrefix(text, at, known) : null;
  if (sign !== EQUALS && sign !== COLON && sign !== BLANK) return null;
  const closer = CLOSERS[text[at]!]!;
  const end = text.indexOf(closer, at + 1);
  if (end < 0 || end - at > MAX_BRACKET_CHARS) return null;
  const pairs = pairsWithin(text.slice(at + 1, end));
  if (pairs === null) return null;
  const next = text.charCodeAt(end + 1);
  // the message stands apart from its brackets, or begins with further ones
  if (
    end + 1 < text.length &&
    next !== 32 &&
    next !== 9 &&
    next !== 58 &&
    CLOSERS[text[end + 1]!] === undefined
  )
    return null;
  SEPARATOR.lastIndex = end + 1;
  return { context: learn(known, pairs), at: end + 1 + SEPARATOR.exec(text)![0].length };
}

/** `session_id=s-1 agent=desk the message`. A text that goes on with pairs is a record of pairs, not a message. */
function readBarePrefix(
  text: string,
  from: number,
  known: LineContext | null,
): { context: LineContext; at: number } | null {
  const pairs: Pairs = [];
  let at = from;
  for (;;) {
    BARE_PREFIX.lastIndex = at;
    const match = BARE_PREFIX.exec(text);
    if (match === null) break;
    const value = match[2] ?? match[3]!;
    const kind = kindOf(match[1]!, value);
    if (kind === null) return null;
    pairs.push([match[1]!, kind, value]);
    at += match[0].length;
  }
  if (!tells(pairs) || /^[\w.@-]{1,64}=/.test(text.slice(at, at + 66))) return null;
  SEPARATOR.lastIndex = at;
  return { context: learn(known, pairs), at: at + SEPARATOR.exec(text)![0].length };
}

/**
 * Reads the context that ends at `end`, adds it to `known`; null where none ends there. `from` is where the message begins. Looks at
 * the last word first: most lines are done with that.
 */
export function readContextSuffix(
  text: string,
  from: number,
  end: number,
  known: LineContext | null,
): { context: LineContext; at: number } | null {
  let context = known;
  let at = end;
  for (let n = 0; n < MAX_SUFFIX_PAIRS && at > from; n++) {
    const opener = OPENERS[text[at - 1]!];
    const start = opener === undefined ? barePair(text, from, at) : bracketed(text, from, at, opener);
    if (start < 0) break;
    const pairs =
      opener === undefined ? pairOf(text.slice(start, at)) : pairsWithin(text.slice(start + 1, at - 1));
    if (pairs === null) break;
    const before = endBefore(text, from, start);
    if (opener === undefined && CONDITION.test(text.slice(Math.max(from, before - 8), before))) break;
    context = learn(context, pairs);
    at = before;
  }
  return at === end ? null : { context: context!, at };
}

/** Where the last word begins if it is a pair, else -1. */
function barePair(text: string, from: number, end: number): number {
  let sign = -1;
  const least = Math.max(from, end - MAX_TOKEN_CHARS);
  let at = end - 1;
  const quoted = text.charCodeAt(at) === 34;
  if (quoted) {
    at = text.lastIndexOf('="', at - 1);
    if (at < least) return -1;
  }
  for (; at >= least; at--) {
    const code = charCodeAt.call(text, at);
    if (code === 61) sign = at;
    else if (code === 32 || code === 9) return sign > at ? at + 1 : -1;
  }
  return at < from && sign > from ? from : -1;
}

/** Where the brackets that end here begin, if they stand apart, else -1. */
function bracketed(text: string, from: number, end: number, opener: string): number {
  let start = end - 2;
  const least = Math.max(from, end - MAX_BRACKET_CHARS);
  const code = opener.charCodeAt(0);
  while (start >= least && charCodeAt.call(text, start) !== code) start--;
  if (start < least || !isLetter(text.charCodeAt(start + 1))) return -1;
  if (start === from) return start;
  const before = text.charCodeAt(start - 1);
  return before === 32 || before === 9 ? start : -1;
}

/** The end of what stands before a suffix, without blanks and the sign that parts them. */
function endBefore(text: string, from: number, start: number): number {
  let at = start;
  while (at > from && text.charCodeAt(at - 1) <= 32) at--;
  const sign = text[at - 1];
  if ((sign === '|' || sign === '-' || sign === ';') && (at - 1 === from || text.charCodeAt(at - 2) <= 32)) {
    at--;
    while (at > from && text.charCodeAt(at - 1) <= 32) at--;
  } else if (sign === ',') at--;
  return Math.max(at, from);
}

function pairOf(token: string): Pairs | null {
  const match = BARE.exec(token);
  if (match === null) return null;
  const pairs: Pairs = [[match[1]!, kindOf(match[1]!, match[2] ?? match[3]!), match[2] ?? match[3]!]];
  return tells(pairs) ? pairs : null;
}

/** The pairs that a bracket holds, if it holds nothing else and one of them is an id or a name. */
function pairsWithin(inner: string): Pairs | null {
  const equals = inner.includes('=');
  if (!equals && !inner.includes(':')) {
    const spoken = SPOKEN.exec(inner);
    if (spoken === null) return null;
    const pairs: Pairs = [[spoken[1]!, kindOf(spoken[1]!, spoken[2]!), spoken[2]!]];
    return tells(pairs) ? pairs : null;
  }
  const pairs: Pairs = [];
  let at = 0;
  while (at < inner.length) {
    ITEM.lastIndex = at;
    const match = ITEM.exec(inner);
    if (match === null) return null;
    const value = match[2] ?? match[3] ?? match[4]!;
    pairs.push([match[1]!, kindOf(match[1]!, value), value]);
    at += match[0].length;
  }
  return tells(pairs) ? pairs : null;
}

/** `run=3` and `(request 2)` count, they name nothing. */
function kindOf(key: string, value: string): ContextKind | null {
  const kind = contextKind(key);
  return (kind === 'run' || kind === 'request') && /^\d{0,3}$/.test(value) ? 'other' : kind;
}

/** Whether pairs are context: one of them says whose the line is. */
const tells = (pairs: Pairs): boolean => pairs.some(([, kind]) => kind !== null && kind !== 'other');

const emptyContext = (): LineContext => ({
  traceId: null,
  session: null,
  request: null,
  run: null,
  agentId: null,
  isSpeaker: false,
  callId: null,
  task: null,
  thread: null,
  process: null,
  others: null,
});

/** Parts the pairs of a record into its context and the fields of what it says. */
export function takePairs(
  pairs: Record<string, string>,
  known: LineContext | null,
): { context: LineContext | null; rest: Record<string, string> } {
  const taken: Pairs = [];
  const rest: Record<string, string> = Object.create(null);
  for (const [key, value] of Object.entries(pairs)) {
    const kind = kindOf(key, value);
    if (kind === null || kind === 'other') rest[key] = value;
    else taken.push([key, kind, value]);
  }
  return { context: taken.length === 0 ? known : learn(known, taken), rest };
}

/** Adds pairs to what is known. Of two names for one thing the one read first stays. */
function learn(known: LineContext | null, pairs: Pairs): LineContext {
  const context = known ?? emptyContext();
  for (const [key, kind, value] of pairs) {
    const id = readId(value);
    if (id === null || (GROUPING.has(kind!) && id.includes(' '))) continue;
    switch (kind) {
      case 'trace':
        context.traceId ??= id;
        break;
      case 'agent':
        if (context.agentId !== null) break;
        context.agentId = id;
        context.isSpeaker = isSpeakerName(id);
        break;
      case 'call':
        context.callId ??= id;
        break;
      case 'session':
      case 'request':
      case 'run':
      case 'task':
      case 'thread':
      case 'process':
        context[kind] ??= id;
        break;
      default:
        context.others ??= newProperties();
        context.others[key] ??= value;
    }
  }
  return context;
}

/** The session that a context names: a session or conversation, else a request, else a run. */
export const sessionOf = ({ session, request, run }: LineContext): string | null => session ?? request ?? run;

/** The lane that a context names: a task, else a thread, else a process. */
export const laneOf = ({ task, thread, process }: LineContext): string | null => task ?? thread ?? process;

/** A role as people write it, `Senior Researcher`, `Writer`; ids have digits or signs or are in lower case. */
export const isSpeakerName = (name: string): boolean => /\s|^[A-Z][a-zA-Z]*$/.test(name);
