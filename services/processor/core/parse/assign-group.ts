import type { Strategy } from '../../../../lib/model/events.js';
import { groupKeys } from '../../../../lib/model/ids.js';
import type { GroupIds } from './group-ids.js';
import { lookAhead, SURE } from './look-ahead.js';
import { type Attributed, attributed, ownerOf, type WindowSettings } from './owner.js';
import type { StreamRun } from './parse-state.js';
import { closesCall, durationFit, emptyShape, type RunStep, signatureOf } from './run-shape.js';
import type { StreamContext } from './stream-context.js';
import { groupingAgent, type StreamLine, streamAgent } from './stream-line.js';
import { extend, newRun } from './stream-runs.js';

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

const WITHIN_INVOCATION = 1;

/**
 * The four strategies in their order: an explicit trace id, a session or request id, a Lambda invocation or the run on the
 * stream that the line goes on with, alone. Updates the stream's context. `next` is the line
 * behind it, where it has waited for that; `weighed` what {@link weigh} says, where it has been asked already.
 */
export function assignGroup(
  event: StreamLine,
  stream: string | null,
  context: StreamContext | null,
  settings: WindowSettings,
  groups: GroupIds,
  next: StreamLine | null = null,
  weighed: Attributed | null = null,
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
  const choice = weighed ?? attributed(event, context, settings);
  return { assignment: inheritOrRun(event, stream, context, settings, groups, choice, next), adopts: null };
}

/**
 * How a line without ids goes on with the runs of its stream, for {@link assignGroup}; null for one whose ids or invocation decide.
 * Changes nothing.
 */
export function weigh(
  line: StreamLine,
  context: StreamContext | null,
  settings: WindowSettings,
): Attributed | null {
  if (context === null || line.traceId !== null || line.sessionId !== null) return null;
  return context.invocationAt(line.eventMs) === null ? attributed(line, context, settings) : null;
}

/**
 * Whether what comes next may say better whose a line is: its run is unsure, or it looks like a start but is mostly printed within
 * runs.
 */
export const isUnsure = ({ step }: StreamLine, weighed: Attributed | null): boolean =>
  weighed !== null &&
  weighed.verdict !== null &&
  ((step.isInside && step.number === null) || weighed.verdict.confidence < SURE);

/**
 * A line shows a trace or session id: the run that it goes on with is that one's from now on. Returns the home of a run that was known
 * only by its lines until now.
 */
function show(
  event: StreamLine,
  sessionId: string | null,
  stream: string,
  context: StreamContext,
  settings: WindowSettings,
  groups: GroupIds,
): string | null {
  const { traceId, eventMs, step } = event;
  const kind = traceId !== null ? 'trace' : 'session';
  const id = traceId ?? sessionId!;
  const { adopted, known } = ownerOf(event, sessionId, context, settings);
  let run = known;
  context.learn(signatureOfLine(step), true, run === null && adopted === null);

  if (adopted !== null) {
    if (run !== null) context.remove(run);
    const { home } = groups.ofRun(stream, adopted);
    Object.assign(adopted, {
      kind,
      id,
      session: sessionId,
      fromMs: Math.min(adopted.fromMs, run?.fromMs ?? eventMs),
    });
    adopted.withId += run?.withId ?? 0;
    adopted.withoutId += run?.withoutId ?? 0;
    extend(adopted, event, true);
    context.touch(adopted);
    return home;
  }
  if (run === null) {
    run = newRun(kind, id, sessionId, groupingAgent(event) ?? streamAgent(event, stream), eventMs);
    extend(run, event, true);
    context.add(run);
    return null;
  }
  // a trace stays what its session is known by: an event of the session alone is bound to it
  if (traceId !== null || run.kind !== 'trace') Object.assign(run, { kind, id });
  run.session = sessionId ?? run.session;
  checkDuration(event, run, context.runs, context);
  if (settings.splitOnRunBoundaries && run.shape.finished && !TRAILING.has(step.eventType))
    run.shape = emptyShape();
  extend(run, event, true);
  context.touch(run);
  return null;
}

/** What may still come of a run that has finished. */
const TRAILING = new Set(['log', 'platform', 'agent_finish', 'chain_end']);

function inheritOrRun(
  event: StreamLine,
  stream: string,
  context: StreamContext,
  settings: WindowSettings,
  groups: GroupIds,
  { near, verdict: first }: Attributed,
  next: StreamLine | null,
): Assignment {
  const { eventMs, eventId, step } = event;
  const verdict =
    first === null || next === null ? first : lookAhead(event, near, first, next, context, settings);
  const chosen = verdict === null ? undefined : near[verdict.index];
  // what was guessed teaches nothing: only a stream that was silent says that a run opens
  const isCertain = verdict === null || (chosen !== undefined && verdict.confidence >= CERTAIN);
  context.learn(isCertain ? signatureOfLine(step) : null, false, verdict === null);
  const agent_id = event.agentId ?? streamAgent(event, stream);
  if (chosen !== undefined) {
    checkDuration(event, chosen, near, context);
    extend(chosen, event, false);
    context.touch(chosen);
    const { key, home } = groups.ofRun(stream, chosen);
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
  const run = newRun('run', eventId, null, groupingAgent(event) ?? streamAgent(event, stream), eventMs);
  extend(run, event, false);
  context.add(run);
  const { key, home } = groups.ofRun(stream, run);
  return {
    group_key: key,
    home_key: home,
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

/** Where only one call can have been answered, the answer's own duration is put to the test. */
function checkDuration(
  { step, eventMs }: StreamLine,
  chosen: StreamRun,
  runs: readonly StreamRun[],
  context: StreamContext,
): void {
  const kind = closesCall(step.eventType);
  if (kind === null || step.durationMs === null) return;
  const waiting = runs.flatMap((run) => run.shape.calls.filter((call) => call.kind === kind));
  const call = waiting[0];
  if (waiting.length !== 1 || !chosen.shape.calls.includes(call!)) return;
  context.learnDuration(durationFit(call!, step, eventMs) === 'fits');
}

/** No stream, no context: the event's own ids, or a trace of one. */
function assignAlone({ traceId, sessionId, agentId, eventId, configuredAgent }: StreamLine): Assignment {
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
