import type { IngestionOptions, LogSource, RawPosition, Strategy } from '../../../../lib/model/events.js';
import type { Takes } from '../rules/rule-types.js';
import type { RunShape } from './run-shape.js';
import type { StreamLine } from './stream-line.js';

/**
 * State of parse, per stream, by key prefix. Entries are small and separate, so that a line rewrites only what it changed:
 *   s/  {@link StreamState}: tags and the open record
 *   t/  text of the open record beyond its tail, in pieces
 *   c/  {@link ContextState}: the runs and sessions that print on it
 *   i/  {@link InvocationState}: Lambda invocations
 *   d/  {@link SeenState}: hashes of record identities, in pieces
 *   g/  {@link SweepState}: carries the timer that forgets a stream
 */
export type ParseState = StreamState | TextState | ContextState | InvocationState | SeenState | SweepState;

export interface StreamState {
  kind: 'stream';
  /** Append time of the last record, Unix milliseconds. */
  lastMs: number;
  /** What rules have set about the stream, for rules that require it. */
  tags: string[];
  open: OpenRecord | null;
  /** Pieces of d/ in use: [first, next). */
  seen: [first: number, next: number];
}

/** Everything of an event that its opening line decided; later lines change only what was read from the text. */
export interface EventHead {
  event_id: string;
  group_key: string;
  home_key: string;
  trace_id: string | null;
  session_id: string | null;
  agent_id: string | null;
  timestamp_ms: number;
  source: LogSource | null;
  raw: RawPosition;
  created_ms: number;
  strategy: Strategy;
  inherited: string | null;
  confidence: number | null;
  evidence: string[];
  flags: string[];
  options: IngestionOptions | null;
  reply_to: string | null;
}

/** A rule's share of a record's lines: from line `at` to the next segment. */
export interface Segment {
  rule: string | null;
  at: number;
}

/** The last record of a stream, which later lines may join. */
export interface OpenRecord {
  head: EventHead;
  /** Whose it is waits for the next line; until then the head names no group. Missing in what older versions wrote. */
  undecided?: StreamLine | null;
  /** Append time of its last line, Unix milliseconds. */
  lastMs: number;
  /** Append time of the last line that changed its event; a blank line or an echo may join without a trace. */
  changedMs: number;
  /** Text after the pieces in t/. */
  tail: string;
  pieces: number;
  /** End of each line in the whole text, characters. */
  ends: number[];
  /** Size of the whole text as UTF-8. */
  bytes: number;
  segments: Segment[];
  /** Tags when it was opened. */
  tags: string[];
  takes: Takes;
  /** Its text as a bare handler would print it, where a second handler may; null where it cannot be one of a pair. */
  echo: string | null;
  /** The line had a logger's prefix. */
  prefixed: boolean;
  /** Whose it is and where it ran, as its prefix says: what a line that joins may not contradict. */
  owner: string | null;
  /** Where a logger takes what a program prints, line by line: its name and its last line's time, Unix milliseconds. */
  printed: { logger: string; ms: number } | null;
  failure: boolean;
  /** Open braces. */
  depth: number;
  /** Colours: none, still on, or reset at the end of a line. */
  colours: 'none' | 'open' | 'closed';
  /** A traceback's exception was named. */
  thrown: boolean;
  /** Level and logger that the second handler told. */
  added: { level: string | null; logger: string | null } | null;
  full: boolean;
  /** Sent at least once. */
  sent: boolean;
  /** Changed since it was sent. */
  changed: boolean;
}

export interface TextState {
  kind: 'text';
  text: string;
}

/**
 * A run that prints on a stream: known by a trace id or a session id, or only by its lines; then `id` is the event that opened it.
 */
export interface StreamRun {
  kind: 'trace' | 'session' | 'run';
  id: string;
  session: string | null;
  /** Agent that its group key names, for a run. */
  agent: string;
  /** Agents that have named themselves in its lines, the last few. */
  agents: string[];
  /** Event times of its first and latest line, Unix milliseconds. */
  fromMs: number;
  lastMs: number;
  /** Lines that carried the id, and that did not. */
  withId: number;
  withoutId: number;
  /** What its lines speak about: hashes (salient.ts). */
  about: number[];
  shape: RunShape;
}

export interface ContextState {
  kind: 'context';
  /** The one that printed last comes last. */
  runs: StreamRun[];
  /** Recent lines, and those that carried an id. */
  lines: number;
  idLines: number;
  /** By signature of a step: how often seen, and how often it opened a run. */
  seen: Record<string, number>;
  opened: Record<string, number>;
  /** Answers that told how long they took, with one call to answer: those that fitted it, and that did not. Missing in what older versions wrote. */
  timed?: { fits: number; misses: number };
}

/** What is known of a stream before its first line. */
export const noContext = (): ContextState => ({
  kind: 'context',
  runs: [],
  lines: 0,
  idLines: 0,
  seen: {},
  opened: {},
  timed: { fits: 0, misses: 0 },
});

export interface Invocation {
  id: string;
  fromMs: number;
  /** null while it runs. */
  toMs: number | null;
}

export interface InvocationState {
  kind: 'invocations';
  /** Oldest first. */
  list: Invocation[];
}

export interface SeenState {
  kind: 'seen';
  /** Append time of the last hash in it, Unix milliseconds. */
  lastMs: number;
  /** 16 hex digits each. */
  hashes: string;
}

export interface SweepState {
  kind: 'sweep';
}

export const stateKeys = {
  stream: (stream: string) => keysOf(stream).stream,
  text: (stream: string, piece: number) => `t/${stream}/${piece}`,
  context: (stream: string) => keysOf(stream).context,
  invocations: (stream: string) => keysOf(stream).invocations,
  seen: (stream: string, piece: number) => `d/${stream}/${piece}`,
  sweep: (stream: string) => `g/${stream}`,
};

interface StreamKeys {
  stream: string;
  context: string;
  invocations: string;
}

const MAX_KNOWN_STREAMS = 8_192;
/** Keys that every line needs, as strings already hashed: making and hashing them anew costs more than the look-up. */
const knownKeys = new Map<string, StreamKeys>();

function keysOf(stream: string): StreamKeys {
  const known = knownKeys.get(stream);
  if (known !== undefined) return known;
  const made = { stream: `s/${stream}`, context: `c/${stream}`, invocations: `i/${stream}` };
  if (knownKeys.size >= MAX_KNOWN_STREAMS) knownKeys.clear();
  knownKeys.set(stream, made);
  return made;
}
