import { isParsedEvent, type ParsedEntry, type ParsedEvent } from '../../../../lib/model/events.js';
import { NO_TRACE_COUNTS, type TraceCounts } from '../../../../lib/model/flow-account.js';
import { REDRIVEN_AGAIN, redriveOf } from '../../../../lib/topology/redrive.js';
import type {
  EncodedRecord,
  InputRecord,
  Processor,
  ProcessorContext,
} from '../../../../lib/topology/topology.js';
import type { TraceState } from '../trace/state.js';
import { ForwardWatch } from './forward-watch.js';
import { HourAccounts } from './hour-accounts.js';

type Context = ProcessorContext<TraceState>;

/**
 * Trace with its accounts (TraceCounts): each event that parse sent is emitted, known already, or refused. What comes out of dead-letter
 * takes its letter back; one more copy of it is not counted.
 */
export class AccountedTrace implements Processor<ParsedEntry, TraceState> {
  private readonly accounts = new HourAccounts<TraceCounts>('trace', NO_TRACE_COUNTS);
  private emitted = false;
  private readonly watch = new ForwardWatch<TraceState>(({ topic, value }) => {
    if (topic === 'agent-events' && (value as { schema: string }).schema === 'agent-event')
      this.emitted = true;
  });

  constructor(private readonly inner: Processor<ParsedEntry, TraceState>) {}

  process(record: InputRecord<ParsedEntry>, context: Context): void {
    this.emitted = false;
    this.inner.process(record, this.watch.of(context));
    const { value } = record;
    if (!isCounted(record, value)) return;
    this.accounts.begin(record.partition, record.timestampMs, context);
    const counts = this.accounts.of(value.created_ms);
    if (redriveOf(record) !== null) counts.dead_letters--;
    if (this.emitted) counts.emitted++;
    else counts.duplicates++;
    this.accounts.end(record.timestampMs, context);
  }

  onTimer(key: string, state: TraceState, nowMs: number, context: Context): void {
    if (this.accounts.owns(key)) this.accounts.send(context, nowMs);
    else this.inner.onTimer?.(key, state, nowMs, context);
  }

  /** What is lost with an amendment is a fuller form, not the event. */
  onDeadLetter(record: EncodedRecord, value: ParsedEntry | null, context: Context): void {
    // one that was refused before is in the account
    if (value === null || !isCounted(record, value) || redriveOf(record) !== null) return;
    this.accounts.begin(record.partition, record.timestampMs, context);
    this.accounts.of(value.created_ms).dead_letters++;
    this.accounts.end(record.timestampMs, context);
  }
}

/** Fuller forms are no events of their own; an event that a store refused comes again as one. */
const isCounted = (record: Pick<EncodedRecord, 'headers'>, value: ParsedEntry): value is ParsedEvent =>
  isParsedEvent(value) &&
  !value.amends &&
  !value.flags.includes(REDRIVEN_AGAIN) &&
  redriveOf(record)?.again !== true;
