import type { StateStore } from '../../../../lib/topology/topology.js';
import type { RuleSet } from '../rules/rule-set.js';
import type { CompiledRule } from '../rules/rule-types.js';
import type { Colours } from './ansi.js';
import { depthAfter } from './build-event.js';
import type { Joining } from './join.js';
import { opensJson } from './json-depth.js';
import { isFailure } from './levels.js';
import type { EventHead, OpenRecord, ParseState } from './parse-state.js';
import type { Reading } from './reading.js';
import { appendLine, MAX_RECORD_LINES } from './record-text.js';
import type { StreamLine } from './stream-line.js';
import { hasTraceback } from './traceback.js';
import { ownerOf, type Unwrapped } from './unwrap.js';

/** A longer line is hardly one that two handlers print. */
const MAX_ECHO_CHARS = 1_000;

/**
 * The record that later lines may join, or null where none can: a decoded object is complete, unless it tells of a failure. One that is
 * `undecided` waits all the same.
 */
export function openRecord(
  head: EventHead,
  undecided: StreamLine | null,
  reading: Reading,
  tags: readonly string[],
  appendMs: number,
  full: boolean,
): OpenRecord | null {
  const { unwrapped, rule, isObject, takes } = reading;
  if (isObject && !isFailure(reading.level) && undecided === null) return null;
  const { text, colours } = unwrapped;
  return {
    head,
    undecided,
    lastMs: appendMs,
    changedMs: appendMs,
    tail: '',
    pieces: 0,
    ends: [],
    bytes: 0,
    segments: [{ rule: rule?.name ?? null, at: 0 }],
    tags: [...tags],
    takes: isObject
      ? isFailure(reading.level)
        ? 'traceback'
        : 'none'
      : isLastOf(rule, lastLineOf(text))
        ? 'none'
        : takes,
    echo: text.length <= MAX_ECHO_CHARS ? text : null,
    prefixed: unwrapped.startsRecord,
    owner: ownerOf(unwrapped),
    printed: printedBy(unwrapped),
    failure: isFailure(reading.level) || reading.eventType.endsWith('error'),
    depth: takes === 'json' || opensJson(text) ? depthAfter(text, 0) : 0,
    // a heading's colours are its own: what it announces follows
    colours: rule?.reread ? 'none' : coloursAfter(colours),
    thrown: reading.properties.error_type !== undefined,
    added: null,
    full,
    sent: false,
    changed: true,
  };
}

/** Whether the next line may well belong to it, so that it waits a little. */
export function mayGrow(open: OpenRecord, rules: RuleSet): boolean {
  if (open.full) return false;
  if (open.depth > 0 || open.failure) return true;
  if (open.takes === 'block' || open.takes === 'coloured') return open.colours !== 'closed';
  return open.takes !== 'none' || rules.isJoined(open.segments.at(-1)!.rule);
}

/** Whether a line still fits. A record that is full says so by a flag, and the line begins one of its own. */
export function hasRoom(open: OpenRecord, joining: Joining, message: string, maxBytes: number): boolean {
  if (joining === 'echo') return true;
  const bytes = open.bytes + Buffer.byteLength(message, 'utf8');
  if (bytes <= maxBytes && open.ends.length < MAX_RECORD_LINES) return true;
  open.full = true;
  open.head.flags = [...open.head.flags, 'truncated'];
  open.changed = true;
  return false;
}

/** Loggers that stand for a stream: each line that a program prints becomes a record of theirs. */
const STREAMS = /^(?:sys\.)?(?:std(?:out|err)|print)$/i;

const printedBy = ({ logger, timeMs }: Unwrapped): OpenRecord['printed'] =>
  logger !== null && timeMs !== null && STREAMS.test(logger) ? { logger, ms: timeMs } : null;

/** State of the colours after a line: open, closed with its end, or none that tell where the record ends. */
const coloursAfter = (colours: Colours | null): OpenRecord['colours'] => {
  if (colours === null) return 'none';
  if (colours.openAtEnd) return 'open';
  return colours.closedAtEnd ? 'closed' : 'none';
};

const lastLineOf = (text: string): string => text.slice(text.lastIndexOf('\n') + 1);

const isLastOf = (rule: CompiledRule | null, line: string): boolean => rule?.last?.test(line) === true;

/** Adds a line that joins. Returns whether the event that comes of the record has changed. */
export function growRecord(
  open: OpenRecord,
  joining: 'line' | 'segment' | 'echo',
  message: string,
  reading: Reading,
  stream: string,
  store: StateStore<ParseState>,
  rules: RuleSet,
): boolean {
  const { unwrapped } = reading;
  const { text, level, logger, colours, indent } = unwrapped;
  if (joining === 'echo') {
    if (text === '') return false;
    open.echo = null;
    if (open.prefixed || (level === null && logger === null)) return false;
    open.added = { level, logger };
    return true;
  }
  if (joining === 'segment') {
    open.segments.push({ rule: reading.rule!.name, at: open.ends.length });
    open.takes = reading.takes;
    open.depth = 0;
    open.colours = 'none';
  }
  if (open.takes === 'json' || open.depth > 0 || opensJson(text)) open.depth = depthAfter(text, open.depth);
  if (colours !== null) open.colours = coloursAfter(colours);
  if (open.printed !== null) open.printed.ms = unwrapped.timeMs ?? open.printed.ms;
  if (hasTraceback(text)) {
    open.takes = 'traceback';
    open.thrown = false;
  } else if (open.takes === 'traceback' && text !== '') open.thrown = indent === 0;
  const name = open.segments.at(-1)!.rule;
  if (name !== null && isLastOf(rules.get(name) ?? null, lastLineOf(text))) open.takes = 'none';
  appendLine(open, message, stream, store);
  open.bytes += Buffer.byteLength(message, 'utf8');
  return true;
}
