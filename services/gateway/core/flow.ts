import {
  type FlowAccount,
  HOUR_MS,
  NO_PARSE_COUNTS,
  NO_TRACE_COUNTS,
  type ParseCounts,
  type TraceCounts,
} from '../../../lib/model/flow-account.js';
import type { StoredHour } from '../../../lib/stores/surreal/index.js';

/** A stage's account with the time at which it was last sent, Unix milliseconds. */
export type SentAccount = FlowAccount & { atMs: number };

/** One hour's sums over all partitions, and what lies between the stages by them; below zero where a later stage was asked later. */
export interface HourGaps {
  hour: number;
  parse: ParseCounts;
  trace: TraceCounts;
  store: Omit<StoredHour, 'hour'>;
  /** Kept by parse for lines that may still join. */
  held: number;
  /** Sent by parse, not counted by trace. */
  parsed: number;
  /** Emitted by trace, not counted by SurrealDB. */
  traced: number;
  /** When parse, and when trace, last sent an account of the hour; 0: never. */
  parseAtMs: number;
  traceAtMs: number;
}

/** What of an hour's gaps is explained by what its readers have not read yet. */
export interface Unread {
  /** Records of raw-logs that parse has not read; transaction markers count. */
  raw: number;
  /** Packs that trace has not read and that may hold events of the hour. */
  packs: number;
  /** Records that SurrealDB's sink has not read and that may be events of the hour. */
  events: number;
  /** Whether every partition of raw-logs has a parse that works at it: only then nothing is held for long. */
  parseOwned: boolean;
}

export interface FlowHour {
  hour: string;
  accepted: number;
  stored: number;
  dead_lettered: number;
  in_flight: number;
  unaccounted: number;
  duplicates: number;
  joined: number;
}

export type FlowTotals = Omit<FlowHour, 'hour'>;

const NO_STORE = { stored: 0, duplicates: 0, dead_letters: 0 };

/** Accounts are sent a second after what they count; an hour that changed this lately is not judged. */
const MOVING_MS = 15_000;

/** Sums of each hour in `[from, until)`, oldest first. */
export function gapsOf(
  accounts: Iterable<SentAccount>,
  stored: readonly StoredHour[],
  from: number,
  until: number,
): HourGaps[] {
  const hours = new Map<number, HourGaps>();
  for (let hour = from; hour < until; hour++)
    hours.set(hour, {
      hour,
      parse: { ...NO_PARSE_COUNTS },
      trace: { ...NO_TRACE_COUNTS },
      store: { ...NO_STORE },
      held: 0,
      parsed: 0,
      traced: 0,
      parseAtMs: 0,
      traceAtMs: 0,
    });
  for (const { stage, hour, counts, atMs } of accounts) {
    const sums = hours.get(hour);
    if (sums === undefined) continue;
    if (stage === 'parse') sums.parseAtMs = Math.max(sums.parseAtMs, atMs);
    else sums.traceAtMs = Math.max(sums.traceAtMs, atMs);
    const into: Record<string, number> = stage === 'parse' ? { ...sums.parse } : { ...sums.trace };
    for (const [name, count] of Object.entries(counts)) into[name] = (into[name] ?? 0) + count;
    if (stage === 'parse') sums.parse = into as unknown as ParseCounts;
    else sums.trace = into as unknown as TraceCounts;
  }
  for (const { hour, ...store } of stored) {
    const sums = hours.get(hour);
    if (sums !== undefined) sums.store = store;
  }
  for (const sums of hours.values()) {
    const { parse, trace, store } = sums;
    sums.held = parse.events - parse.sent;
    sums.parsed = parse.sent + parse.further - trace.emitted - trace.duplicates - trace.dead_letters;
    sums.traced = trace.emitted - store.stored - store.duplicates - store.dead_letters;
  }
  return [...hours.values()];
}

/** Events of an hour that were accepted and are nowhere: neither stored nor refused, nor in front of a reader. */
export function missingOf(
  { held, parsed, traced, parseAtMs, traceAtMs }: HourGaps,
  unread: Unread,
  nowMs: number,
): number {
  if (nowMs - Math.max(parseAtMs, traceAtMs) < MOVING_MS) return 0;
  const lostByParse = unread.parseOwned ? Math.max(0, held) : 0;
  // a pack holds up to some thousand events
  const lostBeforeTrace = unread.packs > 0 ? 0 : Math.max(0, parsed);
  return lostByParse + lostBeforeTrace + Math.max(0, traced - unread.events);
}

/**
 * An hour as it is told. Invariant: accepted = stored + dead_lettered + in_flight + unaccounted. Accounts are about a second old, so more may be
 * stored than they tell of: what is stored was accepted.
 */
export function flowHour(
  { hour, parse, trace, store }: HourGaps,
  unparsed: number,
  unaccounted: number,
): FlowHour {
  const dead_lettered = parse.dead_letters + trace.dead_letters + store.dead_letters;
  const known =
    parse.events + parse.further + parse.dead_letters - trace.duplicates - store.duplicates + unparsed;
  const accepted = Math.max(known, store.stored + dead_lettered + unaccounted);
  return {
    hour: new Date(hour * HOUR_MS).toISOString(),
    accepted,
    stored: store.stored,
    dead_lettered,
    in_flight: accepted - store.stored - dead_lettered - unaccounted,
    unaccounted,
    duplicates: parse.duplicates + trace.duplicates + store.duplicates,
    joined: parse.joined,
  };
}

/** Sums of hours. */
export function totalOf(hours: readonly FlowHour[]): FlowTotals {
  const total = {
    accepted: 0,
    stored: 0,
    dead_lettered: 0,
    in_flight: 0,
    unaccounted: 0,
    duplicates: 0,
    joined: 0,
  };
  for (const hour of hours)
    for (const name of Object.keys(total) as (keyof FlowTotals)[]) total[name] += hour[name];
  return total;
}
