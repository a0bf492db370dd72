import type { StateStore } from '../../../../lib/topology/topology.js';
import type { StreamHabits } from './attribution.js';
import { mostContextBytes } from './context-size.js';
import {
  type ContextState,
  type InvocationState,
  noContext,
  type ParseState,
  type StreamRun,
  stateKeys,
} from './parse-state.js';
import { streamOfLane } from './redrive-lane.js';
import { remember, type Salient } from './salient.js';
import { keyOfRun } from './stream-runs.js';

/** So many runs of a stream and so many of its Lambda invocations are remembered. */
export const MAX_RUNS = 16;
export const MAX_INVOCATIONS = 32;

/** Ids may be long: what runs may still grow by keeps the entry below the 64 KiB of a changelog entry. */
const MAX_BYTES = 20 * 1024;
const MAX_SIGNATURES = 24;
const MEMORY_LINES = 64;

type Timed = NonNullable<ContextState['timed']>;

/** Believed at first; no more where two of three do not fit. */
const trustIn = ({ fits, misses }: Timed): number =>
  Math.max(0, (1.5 * (fits + 3)) / (fits + misses + 3) - 0.5);

/** What a stream has shown of ids and runs. Reads and writes its c/ and i/ entries; everything is a function of the lines so far. */
export class StreamContext {
  private readonly key: string;
  private readonly state: ContextState;

  constructor(
    private readonly stream: string,
    private readonly store: StateStore<ParseState>,
  ) {
    this.key = stateKeys.context(stream);
    this.state = (store.get(this.key) as ContextState | undefined) ?? noContext();
  }

  /** Runs of the stream, the one that printed last at the end. Changed only together with {@link touch} or {@link add}. */
  get runs(): readonly StreamRun[] {
    return this.state.runs;
  }

  get habits(): StreamHabits {
    const { lines, idLines, seen, opened, timed } = this.state;
    return {
      idShare: lines === 0 ? 0 : idLines / lines,
      seen,
      opened,
      durationTrust: timed === undefined ? 1 : trustIn(timed),
    };
  }

  /** Puts a run that was changed; it has printed the last line. */
  touch(run: StreamRun): void {
    const { runs } = this.state;
    const at = runs.indexOf(run);
    if (at !== runs.length - 1) {
      runs.splice(at, 1);
      runs.push(run);
    }
    this.put();
  }

  /** Adds a run; those that have been quiet for longest give way. */
  add(run: StreamRun): void {
    const { runs } = this.state;
    runs.push(run);
    while (runs.length > MAX_RUNS || (runs.length > 1 && this.bytes() > MAX_BYTES)) runs.shift();
    this.put();
  }

  remove(run: StreamRun): void {
    this.state.runs.splice(this.state.runs.indexOf(run), 1);
    this.put();
  }

  /** What a further line of a record speaks about, whose first line is of the group. */
  hear(groupKey: string, tokens: readonly Salient[]): void {
    if (tokens.length === 0) return;
    const run = this.state.runs.findLast((one) => keyOfRun(streamOfLane(this.stream), one) === groupKey);
    if (run === undefined) return;
    remember(run.about, tokens);
    this.put();
  }

  /** Learns how the stream's lines are. The caller puts a run afterwards. */
  learn(signature: string | null, hasId: boolean, opensRun: boolean): void {
    const { state } = this;
    state.lines += 1;
    if (hasId) state.idLines += 1;
    if (state.lines >= MEMORY_LINES) {
      state.lines /= 2;
      state.idLines /= 2;
    }
    if (signature === null) return;
    const { seen, opened } = state;
    const count = seen[signature];
    // what has never opened a run needs no memory
    if (count === undefined && (!opensRun || Object.keys(seen).length >= MAX_SIGNATURES)) return;
    seen[signature] = (count ?? 0) + 1;
    if (opensRun) opened[signature] = (opened[signature] ?? 0) + 1;
    if (seen[signature] < MEMORY_LINES) return;
    seen[signature] /= 2;
    if (opened[signature] !== undefined) opened[signature] /= 2;
  }

  /** Learns whether the durations that answers tell can be believed. The caller puts a run afterwards. */
  learnDuration(fits: boolean): void {
    this.state.timed ??= { fits: 0, misses: 0 };
    const { timed } = this.state;
    timed[fits ? 'fits' : 'misses'] += 1;
    if (timed.fits + timed.misses < MEMORY_LINES) return;
    timed.fits /= 2;
    timed.misses /= 2;
  }

  private put(): void {
    this.store.put(this.key, this.state);
  }

  /** Size of the entry as the changelog has it, or, where that is certainly small, a number that it does not exceed. */
  private bytes(): number {
    const most = mostContextBytes(this.state);
    return most <= MAX_BYTES ? most : Buffer.byteLength(JSON.stringify(this.state), 'utf8');
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

  /** Id of the invocation that ran at event time `ms`, the latest one that had begun by then; null between two. */
  invocationAt(ms: number): string | null {
    return (
      this.invocations().list.findLast(({ fromMs, toMs }) => fromMs <= ms && (toMs === null || ms <= toMs))
        ?.id ?? null
    );
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
