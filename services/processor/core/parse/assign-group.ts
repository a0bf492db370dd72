import type { Strategy } from '../../../../lib/model/events.js';
import { groupKeys, uuidOf } from '../../../../lib/model/ids.js';
import type { AgentContext } from './parse-state.js';
import { followRun, openRun, type RunStep } from './run-shape.js';
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
}

export interface WindowSettings {
  agentWindowMs: number;
  splitOnRunBoundaries: boolean;
}

/** How sure an inherited context is, by what gave it. */
const CONFIDENCE = { invocation: 1, afterInvocation: 0.8, namedAgent: 0.9, stream: 0.75, run: 0.6 };

/**
 * The four strategies in their order: an explicit trace id, a session or request id, what the agent or a Lambda invocation
 * last showed on the stream (or a run), alone. Updates the stream's context.
 */
export function assignGroup(
  event: Candidate,
  stream: string | null,
  context: StreamContext | null,
  settings: WindowSettings,
): Assignment {
  const { traceId, eventMs } = event;
  if (stream === null || context === null) return assignAlone(event);
  const streamAgent = event.configuredAgent ?? `stream:${stream}`;
  const agent = event.agentId !== null && !event.groupByStream ? event.agentId : streamAgent;

  if (event.invocation === 'start' && event.sessionId !== null)
    context.startInvocation(event.sessionId, eventMs);
  const running = context.invocationAt(eventMs, settings.agentWindowMs);
  if (event.invocation === 'end' && event.sessionId !== null) context.endInvocation(event.sessionId, eventMs);

  const inherits = event.sessionId === null && running?.within === true ? running.invocation.id : null;
  const sessionId = event.sessionId ?? inherits;
  if (traceId !== null || event.sessionId !== null) {
    const shown: AgentContext =
      traceId !== null
        ? { kind: 'trace', id: traceId, session: sessionId, lastMs: eventMs, run: null }
        : { kind: 'session', id: sessionId!, session: sessionId, lastMs: eventMs, run: null };
    show(context, agent, shown);
    if (agent !== streamAgent) show(context, streamAgent, shown);
    const key = traceId !== null ? groupKeys.trace(traceId) : groupKeys.session(sessionId!);
    return {
      group_key: key,
      home_key: key,
      session_id: sessionId,
      agent_id: event.agentId ?? event.configuredAgent,
      strategy: traceId !== null ? 1 : 2,
      inherited: inherits === null ? null : `invocation:${inherits}`,
      confidence: inherits === null ? null : CONFIDENCE.invocation,
    };
  }

  const agentId = event.agentId ?? streamAgent;
  if (running !== null) {
    const { id } = running.invocation;
    return {
      group_key: groupKeys.session(id),
      home_key: groupKeys.session(id),
      session_id: id,
      agent_id: agentId,
      strategy: 3,
      inherited: `invocation:${id}`,
      confidence: running.within ? CONFIDENCE.invocation : CONFIDENCE.afterInvocation,
    };
  }
  return inheritOrRun(event, stream, context, settings, agent, agentId, agent === streamAgent);
}

function inheritOrRun(
  event: Candidate,
  stream: string,
  context: StreamContext,
  settings: WindowSettings,
  agent: string,
  agentId: string,
  isStream: boolean,
): Assignment {
  const { eventMs, eventId, step } = event;
  const last = context.agent(agent);
  const isNear = last !== null && Math.abs(eventMs - last.lastMs) <= settings.agentWindowMs;
  if (isNear && last.kind !== 'run') {
    context.remember(agent, { ...last, lastMs: Math.max(last.lastMs, eventMs) });
    const key = last.kind === 'trace' ? groupKeys.trace(last.id) : groupKeys.session(last.id);
    return {
      group_key: key,
      home_key: key,
      session_id: last.session,
      agent_id: agentId,
      strategy: 3,
      inherited: key,
      confidence: isStream ? CONFIDENCE.stream : CONFIDENCE.namedAgent,
    };
  }
  const verdict = isNear ? followRun(last.run ?? openRun(step), step) : null;
  const goesOn = isNear && verdict !== null && !(verdict.splits > 0 && settings.splitOnRunBoundaries);
  const openedBy = goesOn ? last.id : eventId;
  const key = groupKeys.run(stream, agent, openedBy);
  const groupId = uuidOf(key);
  // a line from long before does not take the place of the run at hand
  if (last === null || isNear || eventMs > last.lastMs) {
    context.remember(agent, {
      kind: 'run',
      id: openedBy,
      session: null,
      lastMs: goesOn ? Math.max(last.lastMs, eventMs) : eventMs,
      run: verdict?.shape ?? openRun(step),
    });
  }
  return {
    group_key: key,
    home_key: `run:${groupId}`,
    session_id: null,
    agent_id: agentId,
    strategy: 3,
    inherited: goesOn ? `run:${groupId}` : null,
    confidence: goesOn ? CONFIDENCE.run : null,
  };
}

/** No stream, no context: the event's own ids, or a trace of one. */
function assignAlone({ traceId, sessionId, agentId, eventId, configuredAgent }: Candidate): Assignment {
  const key =
    traceId !== null
      ? groupKeys.trace(traceId)
      : sessionId !== null
        ? groupKeys.session(sessionId)
        : groupKeys.event(eventId);
  return {
    group_key: key,
    home_key: key,
    session_id: sessionId,
    agent_id: agentId ?? configuredAgent,
    strategy: traceId !== null ? 1 : sessionId !== null ? 2 : 4,
    inherited: null,
    confidence: null,
  };
}

/** A late line does not turn the context back to what was shown before. */
function show(context: StreamContext, agent: string, shown: AgentContext): void {
  const last = context.agent(agent);
  if (last !== null && last.kind !== 'run' && shown.lastMs < last.lastMs) return;
  context.remember(agent, shown);
}
