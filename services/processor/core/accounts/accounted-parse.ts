import { isParsedEvent, type ParsedEntry } from '../../../../lib/model/events.js';
import { NO_PARSE_COUNTS, type ParseCounts } from '../../../../lib/model/flow-account.js';
import { REDRIVEN_AGAIN, redriveOf } from '../../../../lib/topology/redrive.js';
import type {
  EncodedRecord,
  InputRecord,
  Processor,
  ProcessorContext,
} from '../../../../lib/topology/topology.js';
import type { Fate } from '../parse/coverage.js';
import type { ParseOptions, RecordOutcome } from '../parse/parse-processor.js';
import type { ParseState } from '../parse/parse-state.js';
import type { RawInput } from '../parse/raw-input.js';
import { PARSED_EVENTS } from '../parsed-entries.js';
import { ForwardWatch } from './forward-watch.js';
import { HourAccounts } from './hour-accounts.js';

type Context = ProcessorContext<ParseState>;

const COUNTED_AS: Record<Fate, keyof ParseCounts> = {
  parsed: 'events',
  fallback: 'events',
  joined: 'joined',
  duplicate: 'duplicates',
  foreign: 'foreign',
  dead: 'dead_letters',
};

/**
 * Parse with its accounts ({@link ParseCounts}): what it tells of each record, and what it sends, is counted by the hour. A record out of
 * dead-letter is the one that was refused: its letter is taken back, in the hour in which it was first appended. One more copy of it
 * is counted nowhere.
 */
export class AccountedParse implements Processor<RawInput, ParseState> {
  private readonly accounts = new HourAccounts<ParseCounts>('parse', NO_PARSE_COUNTS);
  private readonly inner: Processor<RawInput, ParseState>;
  private fate: Fate | null = null;
  private readonly watch = new ForwardWatch<ParseState>(({ topic, value }) => {
    if (topic === PARSED_EVENTS) this.onSent(value as ParsedEntry);
  });

  constructor(
    create: (observe: NonNullable<ParseOptions['observe']>) => Processor<RawInput, ParseState>,
    observe: ParseOptions['observe'],
  ) {
    this.inner = create((outcome: RecordOutcome) => {
      this.fate = outcome.fate;
      observe?.(outcome);
    });
  }

  process(record: InputRecord<RawInput>, context: Context): void {
    this.fate = null;
    this.accounts.begin(record.partition, record.timestampMs, context);
    this.inner.process(record, this.watch.of(context));
    const counts = this.countsOf(record);
    if (counts !== null && this.fate !== null) counts[COUNTED_AS[this.fate]]++;
    this.accounts.end(record.timestampMs, context);
  }

  onTimer(key: string, state: ParseState, nowMs: number, context: Context): void {
    if (this.accounts.owns(key)) {
      this.accounts.send(context, nowMs);
      return;
    }
    this.accounts.begin(null, nowMs, context);
    this.inner.onTimer?.(key, state, nowMs, this.watch.of(context));
    this.accounts.end(nowMs, context);
  }

  onDeadLetter(record: EncodedRecord, _value: RawInput | null, context: Context): void {
    this.accounts.begin(record.partition, record.timestampMs, context);
    const counts = this.countsOf(record);
    if (counts !== null) counts.dead_letters++;
    this.accounts.end(record.timestampMs, context);
  }

  /** The account that a record belongs to, with the record in it, its fate left to be counted; null: it is not counted. */
  private countsOf(record: Pick<EncodedRecord, 'headers' | 'timestampMs'>): ParseCounts | null {
    const redrive = redriveOf(record);
    if (redrive?.again) return null;
    const counts = this.accounts.of(redrive?.origin.appended_ms ?? record.timestampMs);
    if (redrive === null) counts.records++;
    else counts.dead_letters--;
    return counts;
  }

  private onSent(entry: ParsedEntry): void {
    if (!isParsedEvent(entry) || entry.amends || entry.flags.includes(REDRIVEN_AGAIN)) return;
    const counts = this.accounts.of(entry.created_ms);
    if (entry.raw.index === 0) counts.sent++;
    else counts.further++;
  }
}
