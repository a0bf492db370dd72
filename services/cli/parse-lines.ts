import { defaultMasker } from '../../lib/config/masking-file.js';
import type { Codec } from '../../lib/model/codec.js';
import type { ParsedEvent } from '../../lib/model/events.js';
import { isParsedEvent } from '../../lib/model/events.js';
import type { Masker } from '../../lib/model/masking/masker.js';
import { MemoryStateStore } from '../../lib/topology/state-store.js';
import type { ProcessorContext } from '../../lib/topology/topology.js';
import { ParseProcessor, type RecordOutcome } from '../processor/core/parse/parse-processor.js';
import { type ParseState, type StreamState, stateKeys } from '../processor/core/parse/parse-state.js';
import type { ParseSettings } from '../processor/core/parse/settings.js';
import type { CompiledRules } from '../processor/core/rules/compiled-rules.js';
import { explain, type Inspected } from './explain.js';
import { AppendClock, lineReader } from './line-input.js';
import { continuesEvent, noEvent, type ParsedLine, parsedLine } from './parsed-line.js';

interface Waiting {
  eventId: string | null;
  continues: boolean;
  stream: string | null;
  refused: string | null;
  /** Kept only where it is to be explained. */
  inspected: Inspected | null;
}

export interface LineParserOptions {
  codec: Codec;
  rules: CompiledRules;
  settings: ParseSettings;
  /** Time of lines that tell none, Unix milliseconds. */
  nowMs: number;
  explain?: boolean;
  /** Left out: what is masked by default. */
  masker?: Masker;
}

const MAX_REMEMBERED = 50_000;

/**
 * Runs the parse core over lines, one result a line and in order; lines arrive when they were printed. A line's result is given
 * out once no further line can join its event.
 */
export class LineParser {
  private readonly store = new MemoryStateStore<ParseState>();
  private readonly processor: ParseProcessor;
  private readonly events = new Map<string, ParsedEvent>();
  private readonly waiting: Waiting[] = [];
  private outcome: RecordOutcome | null = null;
  private offset = 0;
  private readonly context: ProcessorContext<ParseState>;
  private readonly read: ReturnType<typeof lineReader>;
  private readonly clock: AppendClock;

  constructor(private readonly options: LineParserOptions) {
    const { codec, rules, settings, nowMs } = options;
    this.read = lineReader(codec);
    this.clock = new AppendClock(nowMs);
    this.processor = new ParseProcessor({
      rules,
      masker: options.masker ?? defaultMasker(),
      settings,
      epoch: 'cli',
      observe: (outcome) => {
        this.outcome = outcome;
      },
    });
    this.context = {
      state: this.store,
      transaction: 0,
      forward: ({ value }) => {
        const event = value as ParsedEvent;
        if (isParsedEvent(event)) this.events.set(event.event_id, event);
      },
      deadLetter: () => {},
    };
  }

  /** Takes a line; returns the results that are now certain. */
  take(line: Buffer): ParsedLine[] {
    const offset = this.offset++;
    const input = this.read(line);
    if (!input.ok) {
      const refused = `${input.error.code}: ${input.error.message}`;
      this.waiting.push({ eventId: null, continues: false, stream: null, refused, inspected: null });
      return this.drain();
    }
    const { key, stream, timeMs, value } = input.value;
    const timestampMs = this.clock.tick(stream, timeMs);
    this.fire(timestampMs);
    const inspected = this.options.explain
      ? { line: offset + 1, input: value, tags: this.streamState(stream)?.tags ?? [] }
      : null;
    this.outcome = null;
    this.processor.process(
      { topic: 'raw-logs', partition: 0, offset, place: 0, timestampMs, key, headers: {}, value },
      this.context,
    );
    const { eventId, fate } = this.outcome! as RecordOutcome;
    const continues = continuesEvent(fate);
    this.waiting.push({ eventId, continues, stream, refused: null, inspected });
    return this.drain();
  }

  /** No more lines: completes what is open and returns the rest. */
  end(): ParsedLine[] {
    this.fire(Number.MAX_SAFE_INTEGER);
    return this.drain(true);
  }

  /** Timers of streams that are due: a record that waits is given out before its stream is forgotten. */
  private fire(nowMs: number): void {
    for (;;) {
      const key = this.store.takeDue(nowMs);
      if (key === undefined) return;
      const state = this.store.get(key)!;
      if (state.kind === 'stream') this.processor.onTimer(key, state, nowMs, this.context);
    }
  }

  private drain(all = false): ParsedLine[] {
    let settled = 0;
    while (settled < this.waiting.length && (all || !this.isOpen(this.waiting[settled]!))) settled++;
    const lines = this.waiting.splice(0, settled).map((one) => this.lineOf(one));
    if (this.events.size > MAX_REMEMBERED && this.waiting.length === 0) this.events.clear();
    return lines;
  }

  private isOpen({ stream, eventId }: Waiting): boolean {
    if (eventId === null) return false;
    const open = this.streamState(stream)?.open;
    return open?.head.event_id === eventId && (open.changed || open.takes !== 'none' || open.depth > 0);
  }

  private streamState(stream: string | null): StreamState | undefined {
    if (stream === null) return undefined;
    return this.store.get(stateKeys.stream(stream)) as StreamState | undefined;
  }

  private lineOf({ eventId, continues, refused, inspected }: Waiting): ParsedLine {
    const event = eventId === null ? null : (this.events.get(eventId) ?? null);
    const line = event === null ? { ...noEvent(refused), continues } : parsedLine(event, continues);
    if (inspected !== null) line.explain = explain(inspected, event, continues, this.options.rules);
    return line;
  }
}
