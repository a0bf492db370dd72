import type { StreamRun } from './parse-state.js';
import {
  answeredCall,
  beginning,
  closesCall,
  durationFit,
  isLate,
  MANY_STEPS,
  type RunShape,
  type RunStep,
  signatureOf,
} from './run-shape.js';

/** A run or session that prints on the stream, as the next line sees it. */
export interface RunCandidate {
  run: StreamRun;
  /** It printed the last line of the stream. */
  isLatest: boolean;
  /** The line names an agent that this run has not shown yet. */
  agentIsNew: boolean;
  /** How much of the line only this run has spoken about, log odds (salient.ts). */
  shared: number;
}

/** How lines of the stream use to be, for what can only be learned from the stream. */
export interface StreamHabits {
  /** Share of its recent lines that carried a trace or session id, 0 to 1. */
  idShare: number;
  /** By signature of a step: how often it was seen, and how often it was the first line of a run. */
  seen: Record<string, number>;
  opened: Record<string, number>;
  /** How far the durations that lines tell are those between them, 0 to 1: some are of other things, or made up. */
  durationTrust: number;
}

export interface Attribution {
  /** Place among the candidates; -1: none of them, a new run. */
  index: number;
  /** Probability of the choice among all, 0 to 1. */
  confidence: number;
  /** Why, strongest first. */
  evidence: string[];
  /** Log odds: of a new run, then of each candidate. */
  scores: number[];
}

/** Weights are natural logarithms of odds: added up, the candidates' scores make a distribution (softmax). */
const NEW_RUN: Record<string, number> = {
  agent_start: 1.5,
  chain_start: 1,
  query: 0,
  agent_thought: -4.19,
  llm_start: -2,
  decision: -2.5,
  tool_call: -2.5,
  retrieval: -0.8,
  agent_action: -3,
  api_call: -4.19,
  platform: -1,
  log: -8,
};
const NEW_RUN_OTHER = -6;

/** What runs do first. */
const FIRST_STEPS = {
  agent_thought: 0.4,
  llm_start: 0.4,
  query: 0.3,
  agent_action: 0.3,
  tool_call: 0.3,
  decision: 0.3,
  retrieval: 0.3,
};

/** What usually comes after a step, as log odds against what else may come. */
const FOLLOWS: Record<string, Record<string, number>> = {
  agent_start: { ...FIRST_STEPS, chain_start: 0.4 },
  chain_start: { ...FIRST_STEPS, chain_start: 0.3, agent_start: 0.4 },
  agent_thought: { agent_action: 0.6, tool_call: 0.5, agent_finish: 0.4, decision: 0.2, llm_start: 0 },
  agent_action: { tool_call: 0.6, tool_result: 0.6, tool_error: 0.5 },
  tool_call: { tool_result: 0.7, tool_error: 0.6, api_call: 0.3 },
  tool_result: {
    agent_thought: 0.5,
    llm_start: 0.5,
    agent_finish: 0.35,
    tool_call: 0.3,
    agent_action: 0.3,
    decision: 0.25,
    chain_end: 0.2,
    synthesis: 0.3,
  },
  tool_error: {
    agent_thought: 0.4,
    tool_call: 0.4,
    agent_action: 0.3,
    llm_start: 0.3,
    error: 0.4,
    agent_finish: 0.1,
  },
  llm_start: { llm_end: 0.7, llm_error: 0.6, api_call: 0.4 },
  llm_end: {
    agent_thought: 0.45,
    agent_action: 0.4,
    tool_call: 0.45,
    agent_finish: 0.4,
    chain_end: 0.3,
    decision: 0.3,
    synthesis: 0.2,
  },
  llm_error: { llm_start: 0.5, error: 0.5, agent_finish: 0, chain_end: 0 },
  api_call: {
    llm_end: 0.4,
    tool_result: 0.3,
    agent_thought: 0.2,
    agent_action: 0.2,
    tool_call: 0.2,
    agent_finish: 0.2,
  },
  decision: {
    tool_call: 0.35,
    agent_start: 0.35,
    chain_start: 0.35,
    query: 0.35,
    agent_action: 0.35,
    llm_start: 0.25,
    retrieval: 0.25,
  },
  query: { retrieval: 0.5, decision: 0.35, llm_start: 0.4, agent_thought: 0.4, tool_call: 0.2 },
  retrieval: { synthesis: 0.5, llm_start: 0.45, tool_result: 0.25, retrieval: 0.1, agent_thought: 0.15 },
  synthesis: { llm_start: 0.25, agent_finish: 0.4, chain_end: 0.4, llm_end: 0.15, query: 0 },
  agent_finish: { chain_end: 0.6 },
  error: { agent_finish: 0, chain_end: 0.15, error: 0, agent_thought: 0, llm_start: 0, tool_call: 0 },
};

const W = {
  answersCall: 2.5,
  answersNamedCall: 3.5,
  answersCallById: 8,
  /** A result where nothing of the kind is open, though the run prints calls. */
  answersNothing: -2.5,
  durationFits: 3,
  durationOff: -1.5,
  durationImpossible: -4,
  /** A model does not answer, nor a request to it return, that soon. */
  tooSoon: -2,
  waitPerE: 0.8,
  longestWait: 0.6,
  /** Another step while a call waits for its answer. */
  /** It concludes, or asks the model, while a call waits for its answer. */
  leavesOpenCall: -1.5,
  endsAtOnce: -2,
  passesOpenCall: -0.58,
  endsNothing: -1.5,
  endsItsChain: 1.5,
  /** The outermost chain of a run begins again. */
  sameOuterAgain: -2.5,
  nextNumber: 1.5,
  otherNumber: -2,
  startInside: -0.38,
  newInside: -6,
  beginsAgain: -1.5,
  firstStep: 1.5,
  afterFinish: -4,
  chatterAfterFinish: -1,
  afterAnswer: -1.5,
  otherDialect: -1.76,
  sameLane: 3,
  otherLane: -3,
  agentIsNew: -1,
  burst: 1,
  instant: 1.76,
  latest: 0.4,
  gapPerE: -0.7,
  idleGapPerE: -1.08,
  alwaysNamed: 0.5,
  rarelyNamed: 3,
} as const;

const BURST_MS = 750;
const GAP_MS = 1_200;
const WAITING_GAP_MS = 10_000;
const ANSWER_GAP_MS = 30_000;
const SOON_MS = 120;
const INSTANT_MS = 10;

/** In words; null where scores are only compared, and then no words are made. */
type Reasons = [weight: number, reason: string][];

/**
 * Whose line this is: one of the runs that print on the stream, or a new one's. A pure function of the step, its event time and the
 * runs' shapes; candidates are those that the agent id and the window allow.
 */
export function attribute(
  step: RunStep,
  ms: number,
  candidates: readonly RunCandidate[],
  habits: StreamHabits,
  mayOpen: boolean,
): Attribution {
  const scores = [mayOpen ? scoreOfNew(step, candidates.length, habits) : Number.NEGATIVE_INFINITY];
  for (const candidate of candidates) scores.push(continuity(step, ms, candidate, habits));
  let best = 0;
  for (let place = 1; place < scores.length; place++) if (scores[place]! > scores[best]!) best = place;
  let total = 0;
  for (const score of scores) total += Math.exp(score - scores[best]!);
  return {
    index: best - 1,
    confidence: Math.round(100 / total) / 100,
    evidence: evidenceFor(best - 1, step, ms, candidates, habits),
    scores,
  };
}

/** How well the step goes on with one run, as {@link attribute} counts it: for the choice of a run that an id belongs to. */
export const continuity = (
  step: RunStep,
  ms: number,
  candidate: RunCandidate,
  habits: StreamHabits,
): number => scoreOf(step, ms, candidate, habits, null);

/** The other side of {@link continuity}: how well the step opens a run. */
export function scoreOfNew(step: RunStep, candidates: number, habits: StreamHabits): number {
  const base = step.isInside ? W.newInside : (NEW_RUN[step.eventType] ?? NEW_RUN_OTHER);
  const signature = signatureOf(step);
  const seen = habits.seen[signature] ?? 0;
  if (seen === 0 || candidates === 0) return base;
  const opened = habits.opened[signature] ?? 0;
  const learned = Math.log((opened + 0.5) / (seen - opened + 0.5));
  // a type speaks for itself, words that are not understood only by what they have come to mean
  const trust = step.words === null ? (0.6 * seen) / (seen + 4) : seen / (seen + 2);
  return (1 - trust) * base + trust * learned;
}

function scoreOf(
  step: RunStep,
  ms: number,
  candidate: RunCandidate,
  habits: StreamHabits,
  reasons: Reasons | null,
): number {
  const { run } = candidate;
  const { shape } = run;
  let score = timing(step, ms, candidate, reasons);
  if (!isLate(ms, run.lastMs)) score += flow(step, ms, shape, habits.durationTrust, reasons);
  if (step.dialect !== null && shape.dialect !== null && step.dialect !== shape.dialect)
    score += say(reasons, W.otherDialect, reasons && `${step.dialect} prints, not ${shape.dialect}`);
  if (step.lane !== null && shape.lane !== null) {
    const isSame = step.lane === shape.lane;
    score += say(
      reasons,
      isSame ? W.sameLane : W.otherLane,
      isSame ? reasons && `same thread ${step.lane}` : 'another thread',
    );
  }
  if (candidate.agentIsNew) score += say(reasons, W.agentIsNew, 'names an agent that it has not shown');
  if (candidate.shared > 0) score += say(reasons, candidate.shared, 'speaks of what only it has spoken of');
  if (run.kind !== 'run') {
    const lines = run.withId + run.withoutId;
    score += W.alwaysNamed * Math.log((run.withoutId + 1) / (lines + 2) / 0.5);
    // where ids are rare, a session is what its stream goes on printing, whatever it looks like
    if (shape.finished) score += W.rarelyNamed * Math.max(0, 1 - habits.idShare / 0.2);
  }
  return score;
}

function timing(
  { eventType }: RunStep,
  ms: number,
  { run: { fromMs, lastMs, shape }, isLatest }: RunCandidate,
  reasons: Reasons | null,
): number {
  const gapMs = ms > lastMs ? ms - lastMs : ms < fromMs ? fromMs - ms : 0;
  // an answer comes when it comes: that the run printed just before says nothing
  const isAnswer = closesCall(eventType) !== null || eventType === 'api_call';
  if (isAnswer && shape.calls.length > 0) return W.gapPerE * Math.log(1 + gapMs / ANSWER_GAP_MS);
  let score =
    shape.calls.length > 0
      ? W.gapPerE * Math.log(1 + gapMs / WAITING_GAP_MS)
      : W.idleGapPerE * Math.log(1 + gapMs / GAP_MS);
  if (!isLatest) return score;
  score += say(reasons, W.latest, 'printed the line before');
  // two runs seldom print within a few milliseconds; clocks of whole seconds do not tell
  if (gapMs <= INSTANT_MS && (ms % 1_000 !== 0 || lastMs % 1_000 !== 0))
    score += say(reasons, W.instant, 'at the same instant');
  if (gapMs <= BURST_MS) score += say(reasons, W.burst, reasons && `in one burst, ${gapMs} ms after`);
  return score;
}

/** Steps that come when all calls have been answered. */
const LEAVING = new Set(['llm_start', 'agent_thought', 'synthesis']);

function flow(
  step: RunStep,
  ms: number,
  shape: RunShape,
  durationTrust: number,
  reasons: Reasons | null,
): number {
  const { eventType } = step;
  if (eventType === 'platform') return 0;
  if (eventType === 'log')
    return shape.finished ? say(reasons, W.chatterAfterFinish, 'the run has ended') : 0;
  let score = 0;
  const begins = beginning(step);
  const ends = eventType === 'chain_end' || eventType === 'agent_finish';
  if (shape.finished && eventType !== 'chain_end') score += say(reasons, W.afterFinish, 'the run has ended');
  else if (shape.answered && !ends) score += say(reasons, W.afterAnswer, 'the run has given its answer');
  if (begins !== null) {
    if (shape.last === '') score += say(reasons, W.firstStep, 'nothing has begun in it yet');
    else if (!shape.finished)
      score +=
        begins === shape.outer
          ? say(reasons, W.sameOuterAgain, 'begins as the run began')
          : say(reasons, W.startInside, 'begins inside the run');
  } else if (ends) score += ending(step, shape, reasons);
  else if (closesCall(eventType) !== null) score += answer(step, ms, shape, durationTrust, reasons);
  else if (eventType === 'api_call') score += request(ms, shape, reasons);
  else if (
    shape.calls.length > 0 &&
    eventType !== 'error' &&
    !(eventType === 'tool_call' && shape.last === 'tool_call')
  )
    score += say(
      reasons,
      LEAVING.has(eventType) ? W.leavesOpenCall : W.passesOpenCall,
      'a call waits for its answer',
    );
  if (shape.steps === MANY_STEPS && shape.calls.length === 0 && shape.opener === signatureOf(step))
    score += say(reasons, W.beginsAgain, 'begins as the run began');
  if (step.number !== null && shape.number != null)
    score +=
      step.number === shape.number || step.number === shape.number + 1
        ? say(reasons, W.nextNumber, reasons && `step ${step.number} comes after step ${shape.number}`)
        : say(reasons, W.otherNumber, reasons && `its last step was ${shape.number}`);
  const follows = FOLLOWS[shape.last]?.[eventType];
  if (follows !== undefined) score += say(reasons, follows, reasons && `follows ${shape.last}`);
  return score;
}

function ending({ eventType, chainType, number }: RunStep, shape: RunShape, reasons: Reasons | null): number {
  const kind = eventType === 'chain_end' ? 'c' : 'a';
  if (kind === 'c' && number !== null) return 0;
  if (kind === 'a' && shape.calls.length > 0)
    return say(reasons, W.leavesOpenCall, 'a call waits for its answer');
  if (kind === 'a' && shape.steps === 1) return say(reasons, W.endsAtOnce, 'it has just begun');
  const open = shape.open.filter((one) => one[0] === kind);
  if (open.length === 0) return kind === 'c' ? say(reasons, W.endsNothing, 'no chain of it is open') : 0;
  const named = chainType !== null && open.includes(`${kind}:${chainType}`);
  return say(reasons, named ? W.endsItsChain * 1.5 : W.endsItsChain * 0.5, 'ends what the run began');
}

function answer(
  step: RunStep,
  ms: number,
  shape: RunShape,
  durationTrust: number,
  reasons: Reasons | null,
): number {
  const call = shape.calls[answeredCall(shape, step, ms)];
  if (call === undefined) return say(reasons, W.answersNothing, 'no such call waits');
  const isModel = call.kind === 'llm';
  const what = reasons && `answers ${isModel ? 'the model call' : `the call of ${call.name ?? 'a tool'}`}`;
  const name = isModel ? step.model : step.toolName;
  let score =
    step.callId !== null && call.id === step.callId
      ? say(reasons, W.answersCallById, reasons && `${what} by its id`)
      : name !== null && call.name === name
        ? say(reasons, W.answersNamedCall, what)
        : say(reasons, W.answersCall, what);
  const fit = durationFit(call, step, ms);
  const trust = fit === 'none' ? 0 : durationTrust;
  if (fit === 'fits') score += say(reasons, trust * W.durationFits, 'its duration fits');
  else if (fit === 'off') score += say(reasons, trust * W.durationOff, 'its duration does not fit');
  else if (fit === 'impossible')
    score += say(reasons, trust * W.durationImpossible, 'it took longer than the call is old');
  if (trust < 1) score += (1 - trust) * waiting(ms, call.ms, isModel, trust === 0 ? reasons : null);
  return score;
}

/** A request over HTTP is mostly that of a call that waits. */
function request(ms: number, { calls }: RunShape, reasons: Reasons | null): number {
  const call = calls.findLast(({ kind }) => kind === 'llm') ?? calls.at(-1);
  if (call === undefined) return 0;
  return (
    say(reasons, W.answersCall / 2, 'a call waits that may have sent it') +
    waiting(ms, call.ms, call.kind === 'llm', reasons)
  );
}

/** Of calls that wait, the one that has waited longest is mostly answered first. */
function waiting(ms: number, sinceMs: number, isModel: boolean, reasons: Reasons | null): number {
  if (isModel && ms - sinceMs < SOON_MS) return say(reasons, W.tooSoon, 'too soon for an answer');
  const waited = Math.min(W.longestWait, W.waitPerE * Math.log(0.3 + (ms - sinceMs) / 1_000));
  return say(reasons, waited, 'its call has waited longest');
}

function say(reasons: Reasons | null, weight: number, reason: string | null): number {
  if (reasons !== null && reason !== null) reasons.push([weight, reason]);
  return weight;
}

const MAX_REASONS = 3;

/** What speaks for a choice among the candidates, strongest first; nothing for a new run. */
export function evidenceFor(
  index: number,
  step: RunStep,
  ms: number,
  candidates: readonly RunCandidate[],
  habits: StreamHabits,
): string[] {
  const chosen = candidates[index];
  if (chosen === undefined) return [];
  const reasons: Reasons = [];
  scoreOf(step, ms, chosen, habits, reasons);
  const evidence: string[] = [];
  while (evidence.length < MAX_REASONS) {
    let strongest: Reasons[number] | null = null;
    for (const reason of reasons) if (reason[0] > (strongest === null ? 0 : strongest[0])) strongest = reason;
    if (strongest === null) break;
    evidence.push(strongest[1]);
    strongest[0] = 0;
  }
  evidence.push(
    candidates.length === 1 ? 'alone on the stream' : `best of ${candidates.length} on the stream`,
  );
  return evidence;
}
