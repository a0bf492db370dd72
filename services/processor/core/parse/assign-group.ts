import type { Strategy } from '../../../../lib/model/events.js';
import { groupKeys } from '../../../../lib/model/ids.js';
import { attribute, continuity, type RunCandidate, scoreOfNew, signatureOf } from './attribution.js';
import type { GroupIds } from './group-ids.js';
import type { StreamRun } from './parse-state.js';
import { advance, emptyShape, isLate, type RunStep } from './run-shape.js';
import { remember, type Salient, sharedWith } from './salient.js';
import type { StreamContext } from './stream-context.js';

/** What decides an event's group. */
export interface Candidate {
  eventId: string;
  eventMs: number;
  traceId: string | null;
  sessionId: string | null;
  agentId: string | null;
  /** The agent id names a speaker within a run and does not group. */
  groupByStream: boolean;
  /** Agent that config.yaml gives to the log group. */
  configuredAgent: string | null;
  step: RunStep;
  /** What the line speaks about. */
  about: readonly Salient[];
  /** START and END of a Lambda invocation, with its request id in `sessionId`. */
  invocation: 'start' | 'end' | null;
}

export interface Assignment {
  group_key: string;
  home_key: string;
  session_id: string | null;
  agent_id: string | null;
  strategy: Strategy;
  inherited: string | null;
  confidence: number | null;
  evidence: string[];
}

/** An event's group, and the home of a run that has shown by this event whose it is. */
export interface Assigned {
  assignment: Assignment;
  adopts: string | null;
}

export interface WindowSettings {
  agentWindowMs: number;
  splitOnRunBoundaries: boolean;
}

const WITHIN_INVOCATION = 1;

/**
 * The four strategies in their order: an explicit trace id, a session or request id, a Lambda invocation or the run on the
 * stream that the line goes on with, alone. Updates the stream's context.
 */
export function assignGroup(
  event: Candidate,
  stream: string | null,
  context: StreamContext | null,
  settings: WindowSettings,
  groups: GroupIds,
): Assigned {
  const { traceId, eventMs } = event;
  if (stream === null || context === null) return { assignment: assignAlone(event), adopts: null };

  if (event.invocation === 'start' && event.sessionId !== null)
    context.startInvocation(event.sessionId, eventMs);
  const running = context.invocationAt(eventMs);
  if (event.invocation === 'end' && event.sessionId !== null) context.endInvocation(event.sessionId, eventMs);

  const sessionId = event.sessionId ?? running;
  const inherits = event.sessionId === null ? running : null;
  if (traceId !== null || event.sessionId !== null) {
    const key = keyOf(traceId, sessionId)!;
    return {
      assignment: {
        group_key: key,
        home_key: key,
        session_id: sessionId,
        agent_id: event.agentId ?? event.configuredAgent,
        strategy: traceId !== null ? 1 : 2,
        inherited: inherits === null ? null : `invocation:${inherits}`,
        confidence: inherits === null ? null : WITHIN_INVOCATION,
        evidence: [],
      },
      adopts: show(event, sessionId, stream, context, settings, groups),
    };
  }
  if (running !== null) {
    const key = groupKeys.session(running);
    return {
      assignment: {
        group_key: key,
        home_key: key,
        session_id: running,
        agent_id: event.agentId ?? streamAgent(event, stream),
        strategy: 3,
        inherited: `invocation:${running}`,
        confidence: WITHIN_INVOCATION,
        evidence: ['printed while it ran'],
      },
      adopts: null,
    };
  }
  return { assignment: inheritOrRun(event, stream, context, settings, groups), adopts: null };
}

/** Who speaks where a line names nobody. */
const streamAgent = ({ configuredAgent }: Candidate, stream: string): string =>
  configuredAgent ?? `stream:${stream}`;

/** The agent that the line names for itself, where that groups. */
const groupingAgent = ({ agentId, groupByStream }: Candidate): string | null =>
  groupByStream ? null : agentId;

/**
 * A line shows a trace or session id: the run that it goes on with is that one's from now on. Returns the home of a run that was known
 * only by its lines until now.
 */
function show(
  event: Candidate,
  sessionId: string | null,
  stream: string,
  context: StreamContext,
  { agentWindowMs, splitOnRunBoundaries }: WindowSettings,
  groups: GroupIds,
): string | null {
  const { traceId, eventMs, step } = event;
  const agent = groupingAgent(event);
  const kind = traceId !== null ? 'trace' : 'session';
  const id = traceId ?? sessionId!;
  const { habits } = context;
  let run = named(context.runs, traceId, sessionId);

  const near = context.runs.filter(
    (one) => one.kind === 'run' && isNear(one, eventMs, agentWindowMs) && mayBeOf(one, agent),
  );
  const candidates = candidatesOf(run === null ? near : [...near, run], context, event, agent);
  const known = run === null ? undefined : candidates.pop();
  let adopted: StreamRun | null = null;
  let best =
    known === undefined
      ? scoreOfNew(step, near.length, habits)
      : continuity(step, eventMs, known, habits) + ADOPTION_INTO_KNOWN;
  for (const candidate of candidates) {
    const score = continuity(step, eventMs, candidate, habits) - unnamedFor(candidate.run, habits.idShare);
    if (score <= best) continue;
    best = score;
    adopted = candidate.run;
  }
  context.learn(signatureOfLine(step), true, run === null && adopted === null);

  if (adopted !== null) {
    if (run !== null) context.remove(run);
    const home = groups.homeOf(keyOfRun(stream, adopted));
    Object.assign(adopted, {
      kind,
      id,
      session: sessionId,
      fromMs: Math.min(adopted.fromMs, run?.fromMs ?? eventMs),
    });
    adopted.withId += run?.withId ?? 0;
    adopted.withoutId += run?.withoutId ?? 0;
    extend(adopted, event, agent, true);
    context.touch(adopted);
    return home;
  }
  if (run === null) {
    run = newRun(kind, id, sessionId, agent ?? streamAgent(event, stream), eventMs);
    extend(run, event, agent, true);
    context.add(run);
    return null;
  }
  // a trace stays what its session is known by: an event of the session alone is bound to it
  if (traceId !== null || run.kind !== 'trace') Object.assign(run, { kind, id });
  run.session = sessionId ?? run.session;
  if (splitOnRunBoundaries && run.shape.finished && !TRAILING.has(step.eventType)) run.shape = emptyShape();
  extend(run, event, agent, true);
  context.touch(run);
  return null;
}

/** A run of the ids is known and goes on: its own lines speak for it, unless another fits much better. */
const ADOPTION_INTO_KNOWN = 1;

/** The longer a run has shown no id on a stream where ids are common, the less it is a session's. */
const unnamedFor = ({ withoutId }: StreamRun, idShare: number): number =>
  Math.min(3, -withoutId * Math.log(Math.max(0.05, 1 - idShare)) * 0.5);

/** What may still come of a run that has finished. */
const TRAILING = new Set(['log', 'platform', 'agent_finish', 'chain_end']);

/** The run of a trace, else the latest of a session. */
function named(
  runs: readonly StreamRun[],
  traceId: string | null,
  sessionId: string | null,
): StreamRun | null {
  const byTrace =
    traceId === null ? undefined : runs.findLast(({ kind, id }) => kind === 'trace' && id === traceId);
  if (byTrace !== undefined) return byTrace;
  if (sessionId === null) return null;
  return (
    runs.findLast(
      ({ kind, session }) =>
        kind !== 'run' && session === sessionId && (traceId === null || kind === 'session'),
    ) ?? null
  );
}

function inheritOrRun(
  event: Candidate,
  stream: string,
  context: StreamContext,
  { agentWindowMs, splitOnRunBoundaries }: WindowSettings,
  groups: GroupIds,
): Assignment {
  const { eventMs, eventId, step } = event;
  const agent = groupingAgent(event);
  const near: StreamRun[] = [];
  for (const run of context.runs)
    if (isNear(run, eventMs, agentWindowMs) && mayBeOf(run, agent)) near.push(run);
  const { habits } = context;
  const verdict =
    near.length === 0
      ? null
      : attribute(step, eventMs, candidatesOf(near, context, event, agent), habits, splitOnRunBoundaries);
  const chosen = verdict === null ? undefined : near[verdict.index];
  // what was guessed teaches nothing: only a stream that was silent says that a run opens
  const isCertain = verdict === null || (chosen !== undefined && verdict.confidence >= CERTAIN);
  context.learn(isCertain ? signatureOfLine(step) : null, false, verdict === null);
  const agent_id = event.agentId ?? streamAgent(event, stream);
  if (chosen !== undefined) {
    extend(chosen, event, agent, false);
    context.touch(chosen);
    const key = keyOfRun(stream, chosen);
    const home = groups.homeOf(key);
    return {
      group_key: key,
      home_key: home,
      session_id: chosen.session,
      agent_id,
      strategy: 3,
      inherited: home,
      confidence: verdict!.confidence,
      evidence: verdict!.evidence,
    };
  }
  const run = newRun('run', eventId, null, agent ?? streamAgent(event, stream), eventMs);
  extend(run, event, agent, false);
  context.add(run);
  const key = keyOfRun(stream, run);
  return {
    group_key: key,
    home_key: groups.homeOf(key),
    session_id: null,
    agent_id,
    strategy: 3,
    inherited: null,
    confidence: null,
    evidence: [],
  };
}

const CERTAIN = 0.9;

/** Of what is not understood, only lines that begin with words are alike. */
const signatureOfLine = (step: RunStep): string | null =>
  step.eventType === 'log' && step.words === null ? null : signatureOf(step);

/** Group key of what the ids name, or null where there are none: strategies 1 and 2. */
const keyOf = (traceId: string | null, sessionId: string | null): string | null =>
  traceId !== null ? groupKeys.trace(traceId) : sessionId !== null ? groupKeys.session(sessionId) : null;

const keyOfRun = (stream: string, { kind, id, agent }: StreamRun): string =>
  kind === 'run' ? groupKeys.run(stream, agent, id) : groupKeys[kind](id);

const newRun = (
  kind: StreamRun['kind'],
  id: string,
  session: string | null,
  agent: string,
  ms: number,
): StreamRun => ({
  kind,
  id,
  session,
  agent,
  agents: [],
  fromMs: ms,
  lastMs: ms,
  withId: 0,
  withoutId: 0,
  about: [],
  shape: emptyShape(),
});

const isNear = ({ fromMs, lastMs }: StreamRun, ms: number, windowMs: number): boolean =>
  ms >= fromMs - windowMs && ms <= lastMs + windowMs;

/** A line that names an agent goes on with what that agent showed, or with what nobody has put a name to. */
const mayBeOf = ({ agents }: StreamRun, agent: string | null): boolean =>
  agent === null || agents.length === 0 || agents.includes(agent);

/** The runs as the line sees them, in their order. */
function candidatesOf(
  runs: readonly StreamRun[],
  context: StreamContext,
  { about }: Candidate,
  agent: string | null,
): RunCandidate[] {
  const shared = sharedWith(about, runs);
  const latest = context.runs[context.runs.length - 1];
  const candidates: RunCandidate[] = [];
  for (let i = 0; i < runs.length; i++) {
    const run = runs[i]!;
    const agentIsNew = agent !== null && !run.agents.includes(agent);
    candidates.push({ run, isLatest: run === latest, agentIsNew, shared: shared[i]! });
  }
  return candidates;
}

const MAX_AGENTS = 4;

/** The run after one more line. A late line does not turn its shape back. */
function extend(
  run: StreamRun,
  { eventMs, step, about, invocation }: Candidate,
  agent: string | null,
  hasId: boolean,
): void {
  const late = isLate(eventMs, run.lastMs);
  run.fromMs = Math.min(run.fromMs, eventMs);
  run.lastMs = Math.max(run.lastMs, eventMs);
  if (hasId) run.withId += 1;
  else run.withoutId += 1;
  if (agent !== null && !run.agents.includes(agent)) run.agents = [...run.agents, agent].slice(-MAX_AGENTS);
  if (!late) advance(run.shape, step, eventMs);
  // what comes before the next START is that one's, if it is more than chatter
  if (invocation === 'end') run.shape.finished = true;
  remember(run.about, about);
}

/** No stream, no context: the event's own ids, or a trace of one. */
function assignAlone({ traceId, sessionId, agentId, eventId, configuredAgent }: Candidate): Assignment {
  const key = keyOf(traceId, sessionId) ?? groupKeys.event(eventId);
  return {
    group_key: key,
    home_key: key,
    session_id: sessionId,
    agent_id: agentId ?? configuredAgent,
    strategy: traceId !== null ? 1 : sessionId !== null ? 2 : 4,
    inherited: null,
    confidence: null,
    evidence: [],
  };
}
