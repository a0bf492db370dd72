import { type Attribution, attribute, continuity, type StreamHabits, scoreOfNew } from './attribution.js';
import type { StreamRun } from './parse-state.js';
import type { StreamLine } from './stream-line.js';
import { candidatesOf, nearRuns, runOfIds } from './stream-runs.js';

export interface WindowSettings {
  agentWindowMs: number;
  splitOnRunBoundaries: boolean;
}

/** What a stream has shown so far: its runs, the one that printed last at the end, and how its lines use to be. */
export interface Scene {
  runs: readonly StreamRun[];
  habits: StreamHabits;
}

/** Whose a line with ids is: the run that they name, and one that was known only by its lines and that it goes on with better. */
export interface Owner {
  known: StreamRun | null;
  adopted: StreamRun | null;
  /** How well the line goes on with it, log odds. */
  score: number;
}

/** A run of the ids is known and goes on: its own lines speak for it, unless another fits much better. */
const ADOPTION_INTO_KNOWN = 1;

/** The owner of a line that shows a trace or session id; `sessionId` may be that of its invocation. */
export function ownerOf(
  line: StreamLine,
  sessionId: string | null,
  { runs, habits }: Scene,
  { agentWindowMs }: WindowSettings,
): Owner {
  const { traceId, eventMs, step } = line;
  const known = runOfIds(runs, traceId, sessionId);
  const unnamed = nearRuns(runs, line, agentWindowMs).filter(({ kind }) => kind === 'run');
  const candidates = candidatesOf(known === null ? unnamed : [...unnamed, known], line, runs.at(-1));
  const own = known === null ? undefined : candidates.pop();
  const owner: Owner = {
    known,
    adopted: null,
    score:
      own === undefined
        ? scoreOfNew(step, unnamed.length, habits)
        : continuity(step, eventMs, own, habits) + ADOPTION_INTO_KNOWN,
  };
  for (const candidate of candidates) {
    const score = continuity(step, eventMs, candidate, habits) - unnamedFor(candidate.run, habits.idShare);
    if (score <= owner.score) continue;
    owner.score = score;
    owner.adopted = candidate.run;
  }
  return owner;
}

/** The longer a run has shown no id on a stream where ids are common, the less it is a session's. */
const unnamedFor = ({ withoutId }: StreamRun, idShare: number): number =>
  Math.min(3, -withoutId * Math.log(Math.max(0.05, 1 - idShare)) * 0.5);

export interface Attributed {
  /** Runs that the line may belong to. */
  near: StreamRun[];
  /** Which of them it goes on with; null where there is none. */
  verdict: Attribution | null;
}

/** How a line without ids goes on with the runs of its stream. */
export function attributed(
  line: StreamLine,
  { runs, habits }: Scene,
  { agentWindowMs, splitOnRunBoundaries }: WindowSettings,
): Attributed {
  const near = nearRuns(runs, line, agentWindowMs);
  if (near.length === 0) return { near, verdict: null };
  const candidates = candidatesOf(near, line, runs.at(-1));
  return { near, verdict: attribute(line.step, line.eventMs, candidates, habits, splitOnRunBoundaries) };
}
