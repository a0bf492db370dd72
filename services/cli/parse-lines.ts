import type { ParsedEvent } from '../../lib/model/events.js';
import { isParsedEvent } from '../../lib/model/events.js';
import { MemoryStateStore } from '../../lib/topology/state-store.js';
import type { ProcessorContext } from '../../lib/topology/topology.js';
import { ParseProcessor, type RecordOutcome } from '../processor/core/parse/parse-processor.js';
import { type ParseState, type StreamState, stateKeys } from '../processor/core/parse/parse-state.js';
import { fromText } from '../processor/core/parse/raw-input.js';
import type { ParseSettings } from '../processor/core/parse/settings.js';
import { streamOf } from '../processor/core/parse/stream-key.js';
import type { CompiledRules } from '../processor/core/rules/compiled-rules.js';

/** What `vectadb parse` prints for one line of input. */
export interface ParsedLine {
  event_type: string;
  framework: string | null;
  /** false: the fallback, kept but not understood. */
  parsed: boolean;
  rule: string | null;
  /** The line joined the event before it, whose values these are. */
  continues: boolean;
  session_id: string | null;
  trace_id: string | null;
  agent_id: string | null;
  properties: Record<string, unknown>;
  explain?: Record<string, unknown>;
}

interface Waiting extends RecordOutcome {
  stream: string | null;
  refused: string | null;
}

/** Stream of lines that name no source of their own: one input is one stream. */
const INPUT_STREAM = Buffer.from('stdin');
const MAX_REMEMBERED = 50_000;

/**
 * Runs the parse core over lines, one result a line and in order, all lines taken as arriving without a gap. A line's result
 * is given out once no further line can join its event.
 */
export class LineParser {
  private readonly store = new MemoryStateStore<ParseState>();
  private readonly processor: ParseProcessor;
  private readonly events = new Map<string, ParsedEvent>();
  private readonly waiting: Waiting[] = [];
  private outcome: RecordOutcome | null = null;
  private offset = 0;
  private readonly context: ProcessorContext<ParseState>;

  constructor(
    rules: CompiledRules,
    settings: ParseSettings,
    private readonly nowMs: number,
    private readonly explain = false,
  ) {
    this.processor = new ParseProcessor({
      rules,
      settings,
      epoch: 'cli',
      observe: (outcome) => {
        this.outcome = outcome;
      },
    });
    this.context = {
      state: this.store,
      forward: ({ value }) => {
        const event = value as ParsedEvent;
        if (isParsedEvent(event)) this.events.set(event.event_id, event);
      },
      deadLetter: () => {},
    };
  }

  /** Takes a line; returns the results that are now certain. */
  take(line: string): ParsedLine[] {
    const offset = this.offset++;
    const decoded = fromText(line);
    if (!decoded.ok) {
      const refused = `${decoded.error.code}: ${decoded.error.message}`;
      this.waiting.push({ offset, eventId: null, continues: false, stream: null, refused });
      return this.drain();
    }
    for (const value of decoded.value) {
      const key = value.source === null ? INPUT_STREAM : null;
      this.outcome = null;
      this.processor.process(
        {
          topic: 'raw-logs',
          partition: 0,
          offset,
          place: 0,
          timestampMs: this.nowMs,
          key,
          headers: {},
          value,
        },
        this.context,
      );
      const outcome: RecordOutcome = this.outcome ?? { offset, eventId: null, continues: false };
      this.waiting.push({ ...outcome, stream: streamOf(value.source, key), refused: null });
    }
    return this.drain();
  }

  /** No more lines: completes what is open and returns the rest. */
  end(): ParsedLine[] {
    for (;;) {
      const key = this.store.takeDue(Number.MAX_SAFE_INTEGER);
      if (key === undefined) break;
      const state = this.store.get(key)!;
      if (state.kind === 'stream') this.processor.onTimer(key, state, Number.MAX_SAFE_INTEGER, this.context);
    }
    return this.drain(true);
  }

  private drain(all = false): ParsedLine[] {
    let settled = 0;
    while (settled < this.waiting.length && (all || !this.isOpen(this.waiting[settled]!))) settled++;
    const lines = this.waiting.splice(0, settled).map((one) => this.lineOf(one));
    if (this.events.size > MAX_REMEMBERED && this.waiting.length === 0) this.events.clear();
    return lines;
  }

  private isOpen({ stream, eventId }: Waiting): boolean {
    if (stream === null || eventId === null) return false;
    const state = this.store.get(stateKeys.stream(stream)) as StreamState | undefined;
    const open = state?.open;
    return open?.head.event_id === eventId && (open.changed || open.takes !== 'none' || open.depth > 0);
  }

  private lineOf({ eventId, continues, refused, offset }: Waiting): ParsedLine {
    const event = eventId === null ? undefined : this.events.get(eventId);
    if (!event) {
      return {
        event_type: 'log',
        framework: null,
        parsed: false,
        rule: null,
        continues,
        session_id: null,
        trace_id: null,
        agent_id: null,
        properties: refused === null ? {} : { refused },
      };
    }
    const { why } = event;
    return {
      event_type: event.event_type,
      framework: event.framework,
      parsed: event.event_type !== 'log',
      rule: why.rule,
      continues,
      session_id: event.session_id,
      trace_id: event.trace_id,
      agent_id: event.agent_id,
      properties: JSON.parse(event.properties) as Record<string, unknown>,
      ...(this.explain && {
        explain: {
          line: offset,
          event_id: event.event_id,
          rule_version: why.rule_version,
          captures: why.captures,
          strategy: why.strategy,
          inherited: why.inherited,
          confidence: why.confidence,
          group_key: event.group_key,
          timestamp: new Date(event.timestamp_ms).toISOString(),
          flags: event.flags,
        },
      }),
    };
  }
}
