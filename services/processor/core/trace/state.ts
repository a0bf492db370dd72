import type { Bind } from '../../../../lib/model/events.js';
import type { SummaryState } from '../../../../lib/model/summary/group-summary.js';
import type { Packed } from '../../../../lib/model/summary/packed.js';

/** The bind that decides a session's root: the least by (time, event_id, trace_id). */
export type RootBind = Pick<Bind, 'session_id' | 'trace_id' | 'timestamp_ms' | 'event_id' | 'appended_ms'>;

/**
 * Head of a group, one entry per home key. What the last few events contribute is kept
 * here, so that an amend can replace it exactly; older events are folded into the part's base, their ids moved to chunks.
 */
export interface GroupHead {
  kind: 'group';
  group_id: string;
  group_key: string;
  bind: RootBind | null;
  /** Revision of the last record about this group. */
  rev: number;
  /** Number of the part that takes new events, from 1. */
  part: number;
  /** Events accepted by that part, retired state included. */
  count: number;
  tail: Packed[];
  /** Number of runs that go where this group goes. */
  adopted: number;
  /** Least part whose event ids are still kept. */
  oldest: number;
  /** Greatest event time among events whose ids were dropped: what is not later may be a duplicate. Null: none were. */
  doubt: number | null;
  /** Append time of the last input about this group in parsed-events, Unix milliseconds. */
  seen: number;
  /** Quiet: ids were dropped, the head goes at the next timer unless something comes. */
  asleep: boolean;
  /** The timer that is set, Unix milliseconds of processing time; early rather than moved with each event. */
  wake: number;
  /** Generation that its counts are of; left out: the first. */
  gen?: number;
}

/** What a part of a group has beyond the head's tail. */
export interface GroupPart {
  kind: 'part';
  base: SummaryState | null;
  /** The last events of a part that takes no more; empty while the head holds them. */
  tail: Packed[];
  /** Number of id chunks. */
  chunks: number;
  /** Counts cover less than what was emitted. */
  lost: boolean;
  /** Append time of its last event in parsed-events, Unix milliseconds. */
  seen: number;
}

/** Hashes of event ids, {@link HASH_CHARACTERS} characters each, concatenated. */
export interface IdChunk {
  kind: 'ids';
  ids: string;
}

/** What is left of a group whose head was dropped: enough to go on under the same root and to say that counts start anew. */
export interface RetiredGroup {
  kind: 'retired';
  bind: RootBind | null;
  rev: number;
  part: number;
  count: number;
  adopted: number;
  end: number;
}

/** A run that a session or trace has adopted; an entry each, for most groups adopt none. */
export interface AdoptedRun {
  kind: 'adopted';
  /** Home key of the run. */
  run: string;
  session_id: string | null;
  event_id: string;
  appended_ms: number;
}

export type TraceState = GroupHead | GroupPart | IdChunk | RetiredGroup | AdoptedRun;

/** State keys. The home key comes last: it may hold any character. */
export const stateKeys = {
  head: (home: string) => `g|${home}`,
  part: (home: string, part: number) => `p|${part}|${home}`,
  ids: (home: string, part: number, chunk: number) => `i|${part}|${chunk}|${home}`,
  adopted: (home: string, n: number) => `a|${n}|${home}`,
  homeOfHead: (key: string) => key.slice(2),
};

/** The ids of a group are kept until it has been quiet for this long. */
export const IDS_QUIET_MS = 60 * 60_000;
/** Least time between two steps of going to sleep, so that they never share a transaction with the event before them. */
export const STEP_MS = 60_000;
/** What is left of a session or trace after its head: as long as raw-logs keeps what it came from. */
export const RETIRED_MS = 7 * 24 * 3_600_000;
/**
 * Most contributions in a tail, and how many of them are folded away at once. Parse amends only the last event of a stream, so
 * eight later ones of the same group must have come from elsewhere before an amend is too late to be counted exactly.
 */
export const TAIL_EVENTS = 16;
export const TAIL_FOLD = 8;
/** Ids in one chunk: 1.4 KiB, written again with each fold until it is full. */
export const CHUNK_IDS = 128;
