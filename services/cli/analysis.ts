import { defaultMasker } from '../../lib/config/masking-file.js';
import type { Codec } from '../../lib/model/codec.js';
import type { AgentEvent, AgentTrace, GroupLink, LogSource } from '../../lib/model/events.js';
import type { Masker } from '../../lib/model/masking/masker.js';
import { type LastRows, LastRowsReader } from '../../lib/stores/last-rows.js';
import { InProcessRun } from '../../lib/topology/in-process.js';
import type { EncodedRecord } from '../../lib/topology/topology.js';
import type { Fate } from '../processor/core/parse/coverage.js';
import type { RecordOutcome } from '../processor/core/parse/parse-processor.js';
import type { CompiledRules } from '../processor/core/rules/compiled-rules.js';
import { buildTopology, type TopologyConfig } from '../processor/core/topology.js';
import { AppendClock, type LineInput, lineReader } from './line-input.js';
import { type SpilledEvent, SpilledEvents } from './spilled-events.js';

export interface AnalysisOptions {
  /** Left out: what is masked by default. */
  masker?: Masker;
  codec: Codec;
  rules: CompiledRules;
  config: TopologyConfig;
  /** Time of lines where no line tells one, Unix milliseconds. */
  nowMs: number;
}

/** What is held of an event; the rest of it is read back when it is shown. */
export interface EventIndex extends SpilledEvent {
  timestamp_ms: number;
  event_type: string;
  strategy: AgentEvent['why']['strategy'];
  rule: string | null;
  source: SourceName | null;
  /** Place among all events, in the order of the input. */
  order: number;
}

type SourceName = Pick<LogSource, 'system' | 'log_group'>;

/** What became of one line: an event, its own or one that it joined; or a reason why there is none. */
export interface LineOutcome {
  event: EventIndex | null;
  fate: Fate;
  refused: string | null;
}

interface Held {
  bytes: Buffer;
  input: LineInput | null;
}

/** Lines that are given to the topology at once, and before the first one that tells a time. */
const BATCH_LINES = 2_000;
const BATCH_BYTES = 8 * 1024 * 1024;
/** Events of one record, for the order of events. */
const PARTS = 4_096;

/**
 * The whole topology over the lines of a file, in one process: no broker, no store, the last rows held as a store would. Lines
 * arrive when they were printed, see {@link AppendClock}; at the end time goes on until every trace has come to rest.
 * Memory: a few hundred bytes an event; what was read of it goes to {@link SpilledEvents}.
 */
export class Analysis {
  private readonly run: InProcessRun;
  private readonly reader: LastRowsReader<EventIndex>;
  private readonly spilled: SpilledEvents;
  private readonly clock: AppendClock;
  private readonly read: ReturnType<typeof lineReader>;
  private readonly sources = new Map<string, SourceName>();
  /** By line: event, or why there is none. */
  private readonly eventIds: (string | null)[] = [];
  private readonly fates: Fate[] = [];
  private readonly refusals = new Map<number, string>();
  private held: Held[] | null = [];
  private heldBytes = 0;
  private pending = { lines: 0, bytes: 0 };
  private rows: LastRows<EventIndex> | null = null;

  constructor(private readonly options: AnalysisOptions) {
    const { codec, rules, config, nowMs } = options;
    this.spilled = new SpilledEvents(codec);
    this.reader = new LastRowsReader((row) => this.eventOf(row));
    this.clock = new AppendClock(nowMs);
    this.read = lineReader(codec);
    this.run = new InProcessRun({
      topology: buildTopology({
        codec,
        rules,
        config,
        masker: options.masker ?? defaultMasker(),
        epochs: new Map([['raw-logs', 'cli']]),
        generation: 1,
        observe: (outcome) => this.observe(outcome),
      }),
      retain: false,
      onAppend: (record) => this.onAppend(record),
    });
  }

  /** Takes the next line, without its end. */
  take(bytes: Buffer): void {
    const read = this.read(bytes);
    const line: Held = { bytes, input: read.ok ? read.value : null };
    if (!read.ok) this.refusals.set(this.eventIds.length, `${read.error.code}: ${read.error.message}`);
    this.eventIds.push(null);
    this.fates.push('dead');
    if (this.held === null) {
      this.append(line);
      return;
    }
    // lines before the first that tells a time were printed shortly before it, not now
    this.held.push(line);
    this.heldBytes += bytes.length;
    const { timeMs = null, stream = null } = line.input ?? {};
    if (timeMs !== null) this.clock.tick(stream, timeMs);
    if (this.clock.latestMs !== null || this.held.length >= BATCH_LINES || this.heldBytes >= BATCH_BYTES)
      this.release();
  }

  /** No more lines: fires every timer that can still change a row. */
  end(): void {
    this.release();
    this.flush();
    const { auto_close_after_minutes: minutes } = this.options.config.trace_detection;
    this.run.advance(this.options.config.parser.flush_ms + (minutes + 1) * 60_000);
    this.rows = this.reader.rows();
  }

  get lineCount(): number {
    return this.eventIds.length;
  }

  /** Events by event_id; once it has ended. */
  get events(): Map<string, EventIndex> {
    return this.ended().events;
  }

  /** Traces that hold events; once it has ended. */
  get traces(): AgentTrace[] {
    return [...this.ended().traces.values()].filter(({ merged_into }) => merged_into === null);
  }

  /** What became of each line, in the order of the input; once it has ended. */
  *lines(): Iterable<LineOutcome> {
    const { events } = this.ended();
    for (const [line, eventId] of this.eventIds.entries()) {
      yield {
        event: eventId === null ? null : (events.get(eventId) ?? null),
        fate: this.fates[line]!,
        refused: this.refusals.get(line) ?? null,
      };
    }
  }

  /** The whole event, in the trace that it is in at last. */
  eventOf(event: EventIndex): AgentEvent {
    return this.spilled.read(event);
  }

  close(): void {
    this.spilled.close();
  }

  private ended(): LastRows<EventIndex> {
    if (this.rows === null) throw new Error('rows are final only at the end');
    return this.rows;
  }

  private release(): void {
    const { held } = this;
    if (held === null) return;
    this.held = null;
    this.run.nowMs = this.timeMs;
    for (const line of held) this.append(line);
  }

  private append({ bytes, input }: Held): void {
    const timestampMs = this.clock.tick(input?.stream ?? null, input?.timeMs ?? null);
    this.run.append('raw-logs', { key: input?.key ?? null, value: bytes, timestampMs });
    this.pending.lines++;
    this.pending.bytes += bytes.length;
    if (this.pending.lines >= BATCH_LINES || this.pending.bytes >= BATCH_BYTES) this.flush();
  }

  /** Processes what was appended, then lets the time pass that had passed by then. */
  private flush(): void {
    this.run.settle();
    this.run.advance(Math.max(0, this.timeMs - this.run.nowMs));
    this.pending = { lines: 0, bytes: 0 };
  }

  private get timeMs(): number {
    return this.clock.latestMs ?? this.options.nowMs;
  }

  private observe({ offset, eventId, fate }: RecordOutcome): void {
    this.eventIds[offset] = eventId;
    this.fates[offset] = fate;
  }

  private onAppend({ topic, value }: EncodedRecord): void {
    if (topic !== 'agent-events' && topic !== 'agent-traces') return;
    const read = this.options.codec.decode(value!, ['agent-event', 'group-link', 'agent-trace']);
    if (!read.ok) throw new Error(`${topic} holds what cannot be read: ${read.error.message}`);
    if (read.value.schema === 'agent-trace') this.reader.trace(read.value.value as AgentTrace);
    else if (read.value.schema === 'group-link') this.reader.link(read.value.value as GroupLink);
    else this.reader.event(this.indexOf(read.value.value as AgentEvent, value!));
  }

  private indexOf(event: AgentEvent, bytes: Buffer): EventIndex {
    const { spilled } = this;
    return {
      ...spilled.keep(event, bytes),
      timestamp_ms: event.timestamp_ms,
      event_type: spilled.name(event.event_type),
      strategy: event.why.strategy,
      rule: event.why.rule === null ? null : spilled.name(event.why.rule),
      source: event.source === null ? null : this.source(event.source),
      order: event.raw.offset * PARTS + event.raw.index,
    };
  }

  private source({ system, log_group }: LogSource): SourceName {
    const name = `${system}/${log_group ?? ''}`;
    const known = this.sources.get(name) ?? { system, log_group };
    this.sources.set(name, known);
    return known;
  }
}
