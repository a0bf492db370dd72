/** Both lanes read ranges of event time; the fast one what is new, the sweep what became visible late. */
export const LANES = ['fast', 'sweep'] as const;
export type Lane = (typeof LANES)[number];

export interface LaneSettings {
  /** How far a pass reads back behind the position, milliseconds. */
  overlapMs: number;
  /** How far a pass stays away from now, milliseconds. */
  settleMs: number;
  /** From the beginning of one pass to that of the next, milliseconds. */
  intervalMs: number;
}

export type Lanes = Record<Lane, LaneSettings>;

/** A pass under way: everything below `cursorMs` has been read since the pass began, its end is frozen. */
export interface Pass {
  cursorMs: number;
  targetMs: number;
}

export interface LaneProgress {
  /** Every event below this that was visible when the last pass ended has been delivered. */
  positionMs: number;
  pass: Pass | null;
}

/**
 * How far a group has been read. Times are event times, Unix milliseconds, ranges half-open. Invariants: positions never
 * move back; sweep.positionMs ≤ fast.positionMs; nothing below {@link horizonMs} is ever asked for again, so ids below
 * it need not be remembered. What became visible no later than the sweep's overlap after its timestamp is always read:
 * a pass reads back from where the pass before it *ended*, not from now, so an outage makes passes longer, not blind.
 */
export interface Progress {
  /** Nothing before this is read. */
  sinceMs: number;
  fast: LaneProgress;
  sweep: LaneProgress;
}

/** One stretch of event time, asked for page by page until no nextToken is left. */
export interface Range {
  lane: Lane;
  fromMs: number;
  toMs: number;
}

/** A group met for the first time. */
export function beginAt(sinceMs: number): Progress {
  return {
    sinceMs,
    fast: { positionMs: sinceMs, pass: null },
    sweep: { positionMs: sinceMs, pass: null },
  };
}

/**
 * The range that a lane reads next, and the progress that remembers it; null while there is nothing to read. A pass that
 * reaches further than usual, after an outage, is read in ranges of a quarter of the lookback, so that ids can be
 * forgotten behind it.
 */
export function openRange(
  progress: Progress,
  lane: Lane,
  nowMs: number,
  lanes: Lanes,
): { progress: Progress; range: Range } | null {
  const { positionMs, pass: open } = progress[lane];
  const { overlapMs, settleMs } = lanes[lane];
  if (lane === 'fast' && isFarBehind(progress, nowMs, lanes)) return null;
  const targetMs = nowMs - settleMs;
  if (open === null && targetMs <= positionMs) return null;
  const pass = open ?? { cursorMs: Math.max(progress.sinceMs, positionMs - overlapMs), targetMs };
  const range: Range = {
    lane,
    fromMs: pass.cursorMs,
    toMs: Math.min(pass.targetMs, pass.cursorMs + longestRangeMs(pass, lanes)),
  };
  return { progress: { ...progress, [lane]: { positionMs, pass } }, range };
}

/** Whether the fast lane leaves everything to the sweep, which has to read all of it anyway. */
export const isFarBehind = (progress: Progress, nowMs: number, { sweep }: Lanes): boolean =>
  nowMs - progress.fast.positionMs >= sweep.overlapMs;

function longestRangeMs(pass: Pass, { sweep }: Lanes): number {
  const usualMs = sweep.overlapMs + 2 * sweep.intervalMs;
  return pass.targetMs - pass.cursorMs <= usualMs ? usualMs : Math.max(sweep.overlapMs / 4, 60_000);
}

/** Whether a range is what its lane is reading: a pass may have been overtaken while a page was on its way. */
export function isCurrent(progress: Progress, range: Range): boolean {
  const { pass } = progress[range.lane];
  return pass !== null && pass.cursorMs === range.fromMs && range.toMs <= pass.targetMs;
}

/** The last page of a current range was delivered. */
export function closeRange(progress: Progress, range: Range): Progress {
  const lane = progress[range.lane];
  if (!isCurrent(progress, range)) throw new Error('a range that is not being read cannot be closed');
  const targetMs = lane.pass!.targetMs;
  const closed: LaneProgress =
    range.toMs < targetMs
      ? { ...lane, pass: { cursorMs: range.toMs, targetMs } }
      : { positionMs: Math.max(lane.positionMs, targetMs), pass: null };
  const after: Progress = { ...progress, [range.lane]: closed };
  return range.lane === 'sweep' ? { ...after, fast: lifted(after.fast, range.toMs) } : after;
}

/** What the sweep has read is read: the fast lane goes on behind it, and gives up a pass that it overtook. */
function lifted(fast: LaneProgress, toMs: number): LaneProgress {
  const positionMs = Math.max(fast.positionMs, toMs);
  return { positionMs, pass: fast.pass !== null && fast.pass.targetMs > positionMs ? fast.pass : null };
}

/** Event time below which nothing will be asked for again, milliseconds. */
export function horizonMs(progress: Progress, lanes: Lanes): number {
  const lowest = (lane: Lane): number => {
    const { positionMs, pass } = progress[lane];
    const { overlapMs } = lanes[lane];
    const nextMs = Math.max(progress.sinceMs, (pass?.targetMs ?? positionMs) - overlapMs);
    return pass === null ? nextMs : Math.min(pass.cursorMs, nextMs);
  };
  return Math.min(lowest('fast'), lowest('sweep'));
}

/** When a lane's next pass begins; `lastBeganMs` null: it has made none yet in this process. */
export function dueMs(progress: Progress, lane: Lane, lastBeganMs: number | null, lanes: Lanes): number {
  const { positionMs, pass } = progress[lane];
  if (pass !== null) return Number.NEGATIVE_INFINITY;
  if (lane === 'sweep') return positionMs + lanes.sweep.settleMs + lanes.sweep.intervalMs;
  return lastBeganMs === null ? Number.NEGATIVE_INFINITY : lastBeganMs + lanes.fast.intervalMs;
}
