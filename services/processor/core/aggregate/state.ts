import type { GroupState } from '../../../../lib/model/events.js';

/** Head of a trace; its groups are entries of their own, so that a trace of thousands writes only what changed. */
export interface TraceHead {
  kind: 'trace';
  rev: number;
  /** Quiet for `auto_close_after_minutes`. */
  closed: boolean;
  /** State of this trace was dropped once: what is known does not cover all of its groups. */
  lost: boolean;
  /** Append time of the last input in group-states, Unix milliseconds. */
  seen: number;
  /** The timer that is set, Unix milliseconds of processing time; early rather than moved with each input. */
  wake: number;
  /** Generation that its groups are of; left out: the first. */
  gen?: number;
}

/** What the trace knows of one group: the last state by (generation, revision). */
export interface TraceGroup {
  kind: 'group';
  state: GroupState;
}

/** What is left of a trace whose state was dropped. */
export interface RetiredTrace {
  kind: 'retired';
  rev: number;
}

export type AggregateState = TraceHead | TraceGroup | RetiredTrace;

/** State keys. The trace id comes last: it may hold any character. */
export const stateKeys = {
  head: (traceId: string) => `t|${traceId}`,
  group: (traceId: string, groupId: string) => `g|${groupId}|${traceId}`,
  groups: 'g|',
  traceOfHead: (key: string) => key.slice(2),
};

/** Kept this much longer than the trace core keeps a group's head, so that a group never outlives its trace. */
export const MARGIN_MS = 3_600_000;
/** Least time between two steps of going to sleep, so that they never share a transaction with the input before them. */
export const STEP_MS = 60_000;
/** As long as raw-logs keeps what the trace came from. */
export const RETIRED_MS = 7 * 24 * 3_600_000;
