import type { StateStore } from '../../../../lib/topology/topology.js';
import {
  type AgentContext,
  type ContextState,
  type Invocation,
  type InvocationState,
  type ParseState,
  stateKeys,
} from './parse-state.js';

/** So many agents of a stream and so many of its Lambda invocations are remembered. */
export const MAX_AGENTS = 64;
export const MAX_INVOCATIONS = 32;

/** Ids may be long: the entry stays well below the 64 KiB of a changelog entry. */
const MAX_BYTES = 48 * 1024;

const sizeOf = (agents: ContextState['agents']): number => Buffer.byteLength(JSON.stringify(agents), 'utf8');

/** What a stream has shown of ids and runs. Reads and writes its c/ and i/ entries; everything is a function of the lines so far. */
export class StreamContext {
  constructor(
    private readonly stream: string,
    private readonly store: StateStore<ParseState>,
  ) {}

  /** What the agent last showed, or null. */
  agent(agent: string): AgentContext | null {
    const state = this.store.get(stateKeys.context(this.stream)) as ContextState | undefined;
    return state?.agents.find(([name]) => name === agent)?.[1] ?? null;
  }

  /** Remembers what an agent shows; the agent quiet for longest gives way. */
  remember(agent: string, context: AgentContext): void {
    const key = stateKeys.context(this.stream);
    const state = (this.store.get(key) as ContextState | undefined) ?? { kind: 'context', agents: [] };
    const { agents } = state;
    const at = agents.findIndex(([name]) => name === agent);
    const grows = at < 0 || agents[at]![1].id !== context.id;
    if (at >= 0 && at === agents.length - 1) agents[at]![1] = context;
    else {
      if (at >= 0) agents.splice(at, 1);
      agents.push([agent, context]);
    }
    while (agents.length > MAX_AGENTS || (grows && agents.length > 1 && sizeOf(agents) > MAX_BYTES))
      agents.shift();
    this.store.put(key, state);
  }

  /** An invocation has begun. One that is known already goes on. */
  startInvocation(id: string, fromMs: number): void {
    const state = this.invocations();
    if (state.list.some((one) => one.id === id)) return;
    const running = state.list.at(-1);
    // a new START on a stream says that the one before is over, though its END never came
    if (running && running.toMs === null) running.toMs = Math.max(running.fromMs, fromMs);
    state.list.push({ id, fromMs, toMs: null });
    if (state.list.length > MAX_INVOCATIONS) state.list.shift();
    this.store.put(stateKeys.invocations(this.stream), state);
  }

  endInvocation(id: string, toMs: number): void {
    const state = this.invocations();
    const found = state.list.find((one) => one.id === id);
    if (!found || found.toMs !== null) return;
    found.toMs = Math.max(found.fromMs, toMs);
    this.store.put(stateKeys.invocations(this.stream), state);
  }

  /**
   * The invocation that a line of event time `ms` belongs to: the latest one that had begun by then and was still running, or,
   * between two, the one that ended last if that was at most `windowMs` ago.
   */
  invocationAt(ms: number, windowMs: number): { invocation: Invocation; within: boolean } | null {
    const state = this.store.get(stateKeys.invocations(this.stream)) as InvocationState | undefined;
    if (!state) return null;
    let before: Invocation | null = null;
    for (let i = state.list.length - 1; i >= 0; i--) {
      const invocation = state.list[i]!;
      if (invocation.fromMs > ms) continue;
      if (invocation.toMs === null || ms <= invocation.toMs) return { invocation, within: true };
      before ??= invocation;
    }
    return before && ms - before.toMs! <= windowMs ? { invocation: before, within: false } : null;
  }

  private invocations(): InvocationState {
    return (
      (this.store.get(stateKeys.invocations(this.stream)) as InvocationState | undefined) ?? {
        kind: 'invocations',
        list: [],
      }
    );
  }
}
