import type { AgentTrace, GroupState } from '../../../../lib/model/events.js';
import { foldTrace } from '../../../../lib/model/summary/fold-trace.js';
import { FIRST_GENERATION } from '../../../../lib/topology/generation.js';
import { redriveOf } from '../../../../lib/topology/redrive.js';
import type { InputRecord, Processor, ProcessorContext } from '../../../../lib/topology/topology.js';
import { GroupsOfTraces } from './groups-of-traces.js';
import { type AggregateState, MARGIN_MS, RETIRED_MS, STEP_MS, stateKeys, type TraceHead } from './state.js';

export interface AggregateOptions {
  /** Quiet after which a running trace counts as completed, milliseconds of processing time. */
  autoCloseMs: number;
  /** As trace's: how long a group is kept after its last event, milliseconds of processing time. */
  stateRetentionMs: number;
  generation: number;
  /** Told of each trace as its first state is seen. */
  onTrace?: () => void;
}

const PLACES = 4_096;

type Context = ProcessorContext<AggregateState>;

/**
 * Everything about one root: the last state of each of its groups, folded into the trace. States are replaced, never added,
 * so an input that comes twice or late changes nothing; the trace is a function of the set of last states, and of quiet.
 */
export class AggregateProcessor implements Processor<GroupState, AggregateState> {
  private groups: GroupsOfTraces | undefined;

  constructor(private readonly options: AggregateOptions) {}

  process(record: InputRecord<GroupState>, context: Context): void {
    const { value, timestampMs } = record;
    const traceId = value.trace_id;
    const known = context.state.get(stateKeys.head(traceId)) as
      | TraceHead
      | { kind: 'retired'; rev: number }
      | undefined;
    const head: TraceHead =
      known?.kind === 'trace'
        ? known
        : {
            kind: 'trace',
            rev: known?.rev ?? 0,
            closed: false,
            // a state out of dead-letter is that of one group, and the others may be forgotten
            lost: known !== undefined || redriveOf(record) !== null,
            seen: timestampMs,
            wake: timestampMs + this.options.autoCloseMs,
            ...(this.options.generation === FIRST_GENERATION ? {} : { gen: this.options.generation }),
          };
    if (!this.index(context).replace(value)) return;
    if (known === undefined) this.options.onTrace?.();
    this.raise(head);
    head.rev = Math.max(head.rev + 1, record.offset * PLACES + record.place);
    head.seen = Math.max(head.seen, timestampMs);
    if (head.closed) {
      head.closed = false;
      head.wake = timestampMs + this.options.autoCloseMs;
    }
    context.state.put(stateKeys.head(traceId), head, head.wake);
    this.forward(traceId, head, context);
  }

  /** Quiet closes a running trace; later its state goes. The timer is set once and moved on when it fires. */
  onTimer(key: string, state: AggregateState, nowMs: number, context: Context): void {
    if (state.kind === 'retired') context.state.delete(key);
    if (state.kind !== 'trace') return;
    const traceId = stateKeys.traceOfHead(key);
    // a timer may be the first thing after a restore
    const groups = this.index(context);
    if (state.closed) {
      const whole = isWhole(groups.of(traceId));
      groups.drop(traceId);
      if (whole) context.state.delete(key);
      else context.state.put(key, { kind: 'retired', rev: state.rev }, nowMs + RETIRED_MS);
      return;
    }
    const closeAt = state.seen + this.options.autoCloseMs;
    if (nowMs < closeAt) state.wake = closeAt;
    else {
      const wasRunning = this.show(traceId, state).status === 'running';
      state.closed = true;
      const retireAt = state.seen + this.options.stateRetentionMs + MARGIN_MS;
      state.wake = Math.max(retireAt, nowMs + STEP_MS);
      if (wasRunning) {
        this.raise(state);
        state.rev += 1;
        this.forward(traceId, state, context);
      }
    }
    context.state.put(key, state, state.wake);
  }

  /** Rows of an older generation may have been replaced by other ones: what was counted says nothing of them. */
  private raise(head: TraceHead): void {
    if ((head.gen ?? FIRST_GENERATION) >= this.options.generation) return;
    head.gen = this.options.generation;
    head.lost = true;
  }

  /** One record per trace and transaction: it is folded when the transaction ends. */
  private forward(traceId: string, head: TraceHead, context: Context): void {
    context.forward({
      topic: 'agent-traces',
      key: traceId,
      value: () => this.show(traceId, head),
      coalesceKey: traceId,
    });
  }

  private show(traceId: string, head: TraceHead): AgentTrace {
    return foldTrace(this.groups!.of(traceId).values(), {
      traceId,
      closed: head.closed,
      stateLost: head.lost,
      revision: head.rev,
      generation: this.options.generation,
    });
  }

  private index(context: Context): GroupsOfTraces {
    this.groups ??= new GroupsOfTraces(context.state);
    return this.groups;
  }
}

/** A run, a single event, a continuation: one group, whose own state tells whether it is complete, so nothing need be kept. */
function isWhole(groups: ReadonlyMap<string, GroupState>): boolean {
  const [only] = groups.values();
  return groups.size === 1 && only !== undefined && /^(run|event|cont):/.test(only.group_key);
}
