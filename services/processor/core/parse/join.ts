import type { RuleSet } from '../rules/rule-set.js';
import type { OpenRecord } from './parse-state.js';
import type { Reading } from './reading.js';
import { continuesTraceback, hasTraceback, TRACEBACK_HEAD } from './traceback.js';
import { ownerOf } from './unwrap.js';

/**
 * What a line is to the record before it on its stream: `new` event, `line` of it, `segment` of it by a rule that joins,
 * `echo` by a second handler.
 */
export type Joining = 'new' | 'line' | 'segment' | 'echo';

/**
 * Decides from the open record and the next line alone. `gapMs` is the gap of append times; above `flushMs` nothing joins,
 * whatever timers did in between.
 */
export function joinLine(
  open: OpenRecord | null,
  next: Reading,
  gapMs: number,
  flushMs: number,
  rules: RuleSet,
): Joining {
  if (open === null || gapMs > flushMs) return 'new';
  if (isEcho(open, next)) return 'echo';
  if (open.full || isAnothers(open, next)) return 'new';
  const { text, indent, colours } = next.unwrapped;
  const startsRecord = next.unwrapped.startsRecord && !isSamePrint(open, next);
  if (
    next.rule !== null &&
    open.segments.some(({ rule }) => rule !== null && next.rule!.joins.includes(rule))
  )
    return 'segment';
  if (hasTraceback(text) && (open.failure || open.takes === 'traceback') && !startsRecord) return 'line';
  if (startsRecord) return 'new';
  const name = open.segments.at(-1)!.rule;
  const rule = name === null ? undefined : rules.get(name);
  if (open.takes === 'block' && isCrash(text, indent) && rule !== undefined && !mayQuote(rule.eventType))
    return 'new';
  if (rule?.last && open.takes === 'block') return rule.until?.test(text) ? 'new' : 'line';
  if (open.takes === 'coloured' && open.colours === 'open') return 'line';
  if (open.depth > 0) return isStrong(next) ? 'new' : 'line';
  if (next.isObject && ((open.takes !== 'block' && open.takes !== 'coloured') || isTelling(next)))
    return 'new';
  if (text === '') return open.takes === 'none' ? 'echo' : 'line';
  if (colours?.resetsFirst && !announces(open)) return 'new';
  if (open.takes === 'traceback') return continuesTraceback(text, indent, open.thrown) ? 'line' : 'new';
  if (isStrong(next)) return 'new';
  switch (open.takes) {
    case 'none':
    case 'json':
      return 'new';
    case 'block':
    case 'coloured':
      if (open.colours === 'closed' || (open.colours === 'none' && SEPARATOR.test(text))) return 'new';
      return rule?.until?.test(text) ? 'new' : 'line';
    case 'indented':
      return indent > 0 || text.startsWith('Caused by:') ? 'line' : 'new';
  }
}

/** `Entering Chain run with input:` in bold: the reset before the next line closes the bold, and the content follows. */
const announces = ({ ends, echo }: OpenRecord): boolean => ends.length === 1 && echo?.endsWith(':') === true;

/** A traceback of its own under what the agent said or did: the program failed. */
const isCrash = (text: string, indent: number): boolean => indent === 0 && text.startsWith(TRACEBACK_HEAD);

/** What a tool gave back, and lines that are not understood, may hold a traceback as text. */
const mayQuote = (eventType: string): boolean => eventType === 'tool_result' || eventType === 'log';

/** Lines of one `print`, each with the prefix of the logger that stands for the stream, come at once. */
const SAME_PRINT_MS = 20;

/** A line that shows whose it is does not join one that does not. */
function isSamePrint({ printed, owner }: OpenRecord, { unwrapped }: Reading): boolean {
  const { logger, timeMs } = unwrapped;
  const shown = ownerOf(unwrapped);
  return (
    (shown === null || shown === owner) &&
    printed != null &&
    logger === printed.logger &&
    timeMs !== null &&
    Math.abs(timeMs - printed.ms) <= SAME_PRINT_MS
  );
}

/** Its prefix names another session, agent or thread than that of the open record. */
function isAnothers({ owner }: OpenRecord, { unwrapped }: Reading): boolean {
  if (owner == null) return false;
  const other = ownerOf(unwrapped);
  return other !== null && other !== owner;
}

/** A line that programs print between two things. */
const SEPARATOR = /^([=\-*_~#+─━═])\1{9,}$/;

/** A line that a rule recognised for certain, so that it is no prose of the record before it. */
const isStrong = ({ rule }: Reading): boolean => rule !== null && !rule.weak;

/** A decoded object that says more than data does: what it is, when it was, or whose. */
const isTelling = ({ parsed, level, timeMs, traceId, sessionId, agentId }: Reading): boolean =>
  parsed || level !== null || timeMs !== null || traceId !== null || sessionId !== null || agentId !== null;

/** `INFO:agent:done` and a bare `done`, in either order: one record, printed by two handlers. */
const isEcho = ({ echo, prefixed, segments, ends }: OpenRecord, next: Reading): boolean =>
  echo !== null &&
  segments.length === 1 &&
  ends.length === 1 &&
  echo === next.unwrapped.text &&
  echo !== '' &&
  prefixed !== next.unwrapped.startsRecord;
