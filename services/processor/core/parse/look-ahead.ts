import { type Attribution, continuity, evidenceFor, scoreOfNew } from './attribution.js';
import { ownerOf, type Scene, type WindowSettings } from './owner.js';
import type { StreamRun } from './parse-state.js';
import { groupingAgent, type StreamLine } from './stream-line.js';
import { candidatesOf, copyOf, extend, nearRuns, newRun } from './stream-runs.js';

/** A choice that is less sure than this waits for the line that comes next. */
export const SURE = 0.97;

/** A line that comes later than this, by its own clock or the log's, says nothing about the one before it. */
export const LOOK_AHEAD_MS = 1_000;

/** Choices that are less likely than the first by more than this are not followed, log odds. */
const SPREAD = 5;

/**
 * Of the runs that a line may belong to, the one after which the next line of the stream makes most sense: what two runs print alike
 * (`HTTP Request: POST …`, "model answered") is mostly told apart by what comes right behind it. A pure function.
 */
export function lookAhead(
  line: StreamLine,
  near: readonly StreamRun[],
  first: Attribution,
  next: StreamLine,
  scene: Scene,
  settings: WindowSettings,
): Attribution {
  const best = Math.max(...first.scores);
  const known: KnownScores = new Map();
  const totals = first.scores.map((score, place) =>
    score < best - SPREAD
      ? Number.NEGATIVE_INFINITY
      : score + scoreOf(next, after(line, near[place - 1], scene), settings, known),
  );
  const highest = Math.max(...totals);
  const index = totals.indexOf(highest) - 1;
  const sum = totals.reduce((all, total) => all + Math.exp(total - highest), 0);
  const candidates = candidatesOf(near, line, scene.runs.at(-1));
  const evidence = evidenceFor(index, line.step, line.eventMs, candidates, scene.habits);
  return {
    index,
    confidence: Math.round(100 / sum) / 100,
    evidence: index === first.index ? evidence : ['the next line goes on with it', ...evidence],
    scores: totals,
  };
}

/** The runs after the line has become one of `run`, or of a new one. */
function after(line: StreamLine, run: StreamRun | undefined, { runs, habits }: Scene): Scene {
  const grown =
    run === undefined
      ? newRun('run', line.eventId, null, groupingAgent(line) ?? '', line.eventMs)
      : copyOf(run);
  extend(grown, line, false);
  return { runs: [...runs.filter((one) => one !== run), grown], habits };
}

/**
 * How well a line goes on with runs that did not print the line before: the same whichever run that one is given to, but for what
 * only one of them has spoken about.
 */
type KnownScores = Map<StreamRun, { shared: number; score: number }>;

/** How well the best choice for a line fits, log odds. */
function scoreOf(line: StreamLine, scene: Scene, settings: WindowSettings, known: KnownScores): number {
  if (line.traceId !== null || line.sessionId !== null)
    return ownerOf(line, line.sessionId, scene, settings).score;
  const { runs, habits } = scene;
  const near = nearRuns(runs, line, settings.agentWindowMs);
  if (near.length === 0) return 0;
  const { step, eventMs } = line;
  let best = settings.splitOnRunBoundaries ? scoreOfNew(step, near.length, habits) : Number.NEGATIVE_INFINITY;
  for (const candidate of candidatesOf(near, line, runs.at(-1))) {
    const { run, isLatest, shared } = candidate;
    let one = isLatest ? undefined : known.get(run);
    if (one === undefined || one.shared !== shared) {
      one = { shared, score: continuity(step, eventMs, candidate, habits) };
      if (!isLatest) known.set(run, one);
    }
    if (one.score > best) best = one.score;
  }
  return best;
}
