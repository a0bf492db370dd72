import { groupKeys } from '../../../../lib/model/ids.js';
import type { RunCandidate } from './attribution.js';
import type { StreamRun } from './parse-state.js';
import { advance, emptyShape, isLate } from './run-shape.js';
import { remember, sharedWith } from './salient.js';
import { groupingAgent, type StreamLine } from './stream-line.js';

export const newRun = (
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

/** A run that can be extended without the other. */
export const copyOf = (run: StreamRun): StreamRun => ({
  ...run,
  agents: [...run.agents],
  about: [...run.about],
  shape: {
    ...run.shape,
    open: [...run.shape.open],
    calls: run.shape.calls.map((call) => ({ ...call })),
  },
});

/** Group key of what prints: a run of the stream is named by the event that opened it. */
export const keyOfRun = (stream: string, { kind, id, agent }: StreamRun): string =>
  kind === 'run' ? groupKeys.run(stream, agent, id) : groupKeys[kind](id);

const isNear = ({ fromMs, lastMs }: StreamRun, ms: number, windowMs: number): boolean =>
  ms >= fromMs - windowMs && ms <= lastMs + windowMs;

/** A line that names an agent goes on with what that agent showed, or with what nobody has put a name to. */
const mayBeOf = ({ agents }: StreamRun, agent: string | null): boolean =>
  agent === null || agents.length === 0 || agents.includes(agent);

/** Runs that the line may belong to, by the window and by the agent that it names. */
export const nearRuns = (runs: readonly StreamRun[], line: StreamLine, windowMs: number): StreamRun[] => {
  const agent = groupingAgent(line);
  const near: StreamRun[] = [];
  for (const run of runs) if (isNear(run, line.eventMs, windowMs) && mayBeOf(run, agent)) near.push(run);
  return near;
};

/** The runs as the line sees them, in their order. */
export function candidatesOf(
  runs: readonly StreamRun[],
  line: StreamLine,
  latest: StreamRun | undefined,
): RunCandidate[] {
  const shared = sharedWith(line.about, runs);
  const agent = groupingAgent(line);
  const candidates: RunCandidate[] = [];
  for (let i = 0; i < runs.length; i++) {
    const run = runs[i]!;
    const agentIsNew = agent !== null && !run.agents.includes(agent);
    candidates.push({ run, isLatest: run === latest, agentIsNew, shared: shared[i]! });
  }
  return candidates;
}

/** The run of a trace, else the latest of a session. */
export function runOfIds(
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

const MAX_AGENTS = 4;

/** The run after one more line. A late line does not turn its shape back. */
export function extend(run: StreamRun, line: StreamLine, hasId: boolean): void {
  const { eventMs, step, about, invocation } = line;
  const agent = groupingAgent(line);
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
