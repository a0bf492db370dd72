import { type EventIdentity, eventId as eventIdOf, uuidOf } from '../../../../lib/model/ids.js';
import type { Masker } from '../../../../lib/model/masking/masker.js';
import { redriveFlags } from '../../../../lib/topology/redrive.js';
import type {
  InputRecord,
  Processor,
  ProcessorContext,
  StateStore,
} from '../../../../lib/topology/topology.js';
import type { CompiledRules } from '../rules/compiled-rules.js';
import type { RuleSet } from '../rules/rule-set.js';
import { type Assigned, assignGroup, isUnsure, weigh } from './assign-group.js';
import { contentOf } from './build-event.js';
import type { Covered, Fate } from './coverage.js';
import { GroupIds } from './group-ids.js';
import { opensJson } from './json-depth.js';
import { LOOK_AHEAD_MS } from './look-ahead.js';
import { openRecord } from './open-record.js';
import { OpenRecords } from './open-records.js';
import { headOf, ParseOutput } from './parse-output.js';
import { type ParseState, type StreamState, stateKeys } from './parse-state.js';
import type { RawEvent, RawInput, RawLine } from './raw-input.js';
import { FALLBACK_TYPE, type Reading, readRecord } from './reading.js';
import { cutText } from './record-text.js';
import { enterLane, type FirstRead, firstReadOf, laneOf, streamOfLane } from './redrive-lane.js';
import { stepOf } from './run-step.js';
import { salientOf } from './salient.js';
import { SeenRecords } from './seen-records.js';
import type { ParseSettings } from './settings.js';
import { splitRecord } from './split-record.js';
import { StreamContext } from './stream-context.js';
import { streamOf } from './stream-key.js';
import type { StreamLine } from './stream-line.js';
import { readStructuredEvent } from './structured-event.js';

/** What became of one record; for coverage and the command line. */
export interface RecordOutcome extends Covered {
  offset: number;
  /** The event that it is, or that it joined; null where it is none. */
  eventId: string | null;
}

export interface ParseOptions {
  rules: CompiledRules;
  settings: ParseSettings;
  /** Takes secrets out of what is sent. */
  masker: Masker;
  /** Number minted when the input topic was made; part of the ids of events without another identity. */
  epoch: string;
  /** Told of every record, in order. */
  observe?: (outcome: RecordOutcome) => void;
}

/** One event's share of a line, mostly all of it. */
interface LinePart {
  record: InputRecord<RawInput>;
  first: FirstRead;
  line: RawLine;
  id: string;
  /** n for the n-th further event of the record. */
  index: number;
  message: string;
  reading: Reading;
  rules: RuleSet;
  configuredAgent: string | null;
  cut: boolean;
}

/** Source systems whose records another processor reads. */
const FOREIGN_SYSTEMS = new Set(['postgresql']);
const MAX_TAGS = 16;
const NO_TAGS: readonly string[] = [];
const CLOCK_SKEW_MS = 5 * 60_000;
const HOLD_STEP_MS = 50;
/** A timer comes later than any line that could still say whose a record is, clocks that differ a little included. */
const UNDECIDED_HOLD_MS = LOOK_AHEAD_MS + 300;
/** What is put in the place of a decision that waits. */
const UNDECIDED: Assigned = {
  assignment: {
    group_key: '',
    home_key: '',
    session_id: null,
    agent_id: null,
    strategy: 3,
    inherited: null,
    confidence: null,
    evidence: [],
  },
  adopts: null,
};
const SWEEP_MS = 3_600_000;

/**
 * Log lines and structured events in, events with their groups out (DESIGN: parse). A line's event is fixed in identity and
 * time when the line arrives, in its group when that is sure or nothing more can tell (ADR 034); only its text can still
 * grow. So a timer may send it early, and a line that joins later sends it again, whole, with `amends`: the last row is
 * the same whether the timer fired or not.
 */
export class ParseProcessor implements Processor<RawInput, ParseState> {
  private readonly groups = new GroupIds();
  private readonly output: ParseOutput;
  private readonly seen = new SeenRecords();
  private readonly records: OpenRecords;
  /** Highest append time seen on this partition; the sweep waits for it. */
  private partitionMs = 0;

  constructor(private readonly options: ParseOptions) {
    const { settings, rules, masker } = options;
    this.output = new ParseOutput(this.groups, masker);
    this.records = new OpenRecords(settings, rules, this.groups, this.output);
  }

  process(record: InputRecord<RawInput>, context: ProcessorContext<ParseState>): void {
    const { value, timestampMs } = record;
    if (timestampMs > this.partitionMs) this.partitionMs = timestampMs;
    if (value.kind === 'line' && value.source !== null && FOREIGN_SYSTEMS.has(value.source.system)) {
      this.options.observe?.({
        offset: record.offset,
        eventId: null,
        fate: 'foreign',
        rule: null,
        source: value.source,
      });
      return;
    }
    const first = firstReadOf(record);
    const home = streamOf(value.source, record.key);
    const isRedriven = first.redrive !== null && home !== null;
    if (isRedriven) enterLane(home, timestampMs, context.state);
    const stream = isRedriven ? laneOf(home) : home;
    const state = stream === null ? null : this.streamState(stream, timestampMs, context);
    const identity = this.identityOf(first, value);
    const id = eventIdOf(identity);
    const known = identity.kind !== 'position' || isRedriven;
    if (stream !== null && state !== null && known) {
      const hashed = identity.kind === 'client' ? uuidOf(`seen:${id}`) : id;
      if (this.seen.check(stream, state, hashed, timestampMs, context)) {
        this.options.observe?.({
          offset: record.offset,
          eventId: id,
          fate: 'duplicate',
          rule: null,
          source: value.source,
        });
        return;
      }
    }
    if (value.kind === 'event') this.processEvent(record, first, value, id, stream, state, context);
    else this.processLine(record, first, value, identity, id, stream, state, context);
    if (stream !== null && state !== null) this.putStream(stream, state, context.state);
  }

  onTimer(key: string, state: ParseState, nowMs: number, context: ProcessorContext<ParseState>): void {
    const stream = key.slice(2);
    if (state.kind === 'sweep') {
      this.sweep(stream, nowMs, context);
      return;
    }
    if (state.kind !== 'stream') return;
    this.records.send(stream, state.open, context);
    context.state.put(key, state);
  }

  private processEvent(
    record: InputRecord<RawInput>,
    first: FirstRead,
    event: RawEvent,
    id: string,
    stream: string | null,
    state: StreamState | null,
    context: ProcessorContext<ParseState>,
  ): void {
    const { rules, agentId } = this.options.rules.forGroup(event.source?.log_group ?? null);
    const content = readStructuredEvent(event.body, rules);
    const { body, timestampMs } = event;
    const line: StreamLine = {
      eventId: id,
      eventMs: timestampMs,
      traceId: content.traceId,
      sessionId: content.sessionId,
      agentId: content.agentId,
      groupByStream: false,
      configuredAgent: agentId,
      step: stepOf(content.eventType, content.framework, content.properties, textOf(body.properties.message)),
      about: salientOf(textOf(body.properties.message)),
      invocation: null,
    };
    if (stream !== null && state !== null)
      this.records.decide(stream, state, line, record.timestampMs, context);
    const { assignment, adopts } = assignGroup(
      line,
      stream === null ? null : streamOfLane(stream),
      stream === null ? null : new StreamContext(stream, context.state),
      this.options.settings,
      this.groups,
    );
    const flags = redriveFlags(first.redrive);
    const head = headOf(first.record, id, content.traceId, assignment, timestampMs, flags);
    this.output.adopt(adopts, head, context);
    const { message } = body.properties;
    const text = typeof message === 'string' ? message : null;
    this.output.forward(head, content, text, record.timestampMs, false, context);
    const fate = content.eventType === FALLBACK_TYPE ? 'fallback' : 'parsed';
    const rule = content.rule?.name ?? null;
    this.options.observe?.({ offset: record.offset, eventId: id, fate, rule, source: event.source });
  }

  private processLine(
    record: InputRecord<RawInput>,
    first: FirstRead,
    line: RawLine,
    identity: EventIdentity,
    id: string,
    stream: string | null,
    state: StreamState | null,
    context: ProcessorContext<ParseState>,
  ): void {
    const { rules, agentId } = this.options.rules.forGroup(line.source?.log_group ?? null);
    const { text, cut } = cutText(line.message, this.options.settings.maxRecordBytes);
    const reading = readRecord(text, rules, state?.tags ?? NO_TAGS);
    const whole: LinePart = {
      record,
      first,
      line,
      id,
      index: 0,
      message: text,
      reading,
      rules,
      configuredAgent: agentId,
      cut,
    };
    const parts = splitRecord(text, reading, rules, state?.tags ?? NO_TAGS);
    if (parts === null) {
      this.processPart(whole, stream, state, context);
      return;
    }
    parts.forEach((message, index) => {
      const part: LinePart = {
        ...whole,
        id: index === 0 ? id : eventIdOf(identity, index),
        index,
        message,
        reading: readRecord(message, rules, state?.tags ?? NO_TAGS),
      };
      if (index > 0) part.reading.timeMs ??= reading.timeMs;
      this.processPart(part, stream, state, context);
    });
  }

  private processPart(
    part: LinePart,
    stream: string | null,
    state: StreamState | null,
    context: ProcessorContext<ParseState>,
  ): void {
    const { settings } = this.options;
    const { record, first, line, id, message, reading, rules, configuredAgent, cut } = part;
    if (stream !== null && state !== null) {
      const joined = this.records.join(stream, state, message, reading, record.timestampMs, rules, context);
      if (joined !== null) {
        this.setTags(state, reading);
        this.observe(part, joined, 'joined');
        return;
      }
    }

    const timestampMs = line.timestampMs ?? reading.timeMs;
    const skewed = timestampMs !== null && timestampMs > first.record.timestampMs + CLOCK_SKEW_MS;
    const flags = timestampMs === null ? ['no_timestamp'] : skewed ? ['clock_skew'] : [];
    if (cut) flags.push('truncated');
    flags.push(...redriveFlags(first.redrive));
    const eventMs = timestampMs ?? first.record.timestampMs;
    const streamLine: StreamLine = {
      eventId: id,
      eventMs,
      traceId: reading.traceId,
      sessionId: reading.sessionId,
      agentId: reading.agentId,
      groupByStream: reading.groupByStream,
      configuredAgent,
      step: stepOf(
        reading.eventType,
        reading.framework,
        reading.properties,
        textOf(reading.properties.text, reading.unwrapped.text),
        reading.rule?.inside ?? false,
      ),
      about: salientOf(reading.unwrapped.text),
      invocation: invocationStep(reading),
    };
    if (stream !== null && state !== null) {
      this.records.decide(stream, state, streamLine, record.timestampMs, context);
      this.records.close(stream, state, context);
    }
    const streamContext = stream === null ? null : new StreamContext(stream, context.state);
    const weighed = weigh(streamLine, streamContext, settings);
    const { text } = reading.unwrapped;
    // an object that is printed line by line shows its ids late
    const unfinished = weighed !== null && text.startsWith('{') && opensJson(text);
    const waits = unfinished || isUnsure(streamLine, weighed);
    const { assignment, adopts } = waits
      ? UNDECIDED
      : assignGroup(
          streamLine,
          stream === null ? null : streamOfLane(stream),
          streamContext,
          settings,
          this.groups,
          null,
          weighed,
        );
    const head = headOf(first.record, id, reading.traceId, assignment, eventMs, flags, part.index);
    this.output.adopt(adopts, head, context);
    this.observe(part, id, reading.parsed ? 'parsed' : 'fallback');
    const content = contentOf(message, reading);
    if (stream === null || state === null) {
      this.output.forward(head, content, message, record.timestampMs, false, context);
      return;
    }
    const opened = openRecord(head, waits ? streamLine : null, reading, state.tags, record.timestampMs, cut);
    this.setTags(state, reading);
    if (opened === null) {
      this.output.forward(head, content, message, record.timestampMs, false, context);
      return;
    }
    this.records.add(stream, state, opened, content, rules, context);
  }

  /** A record with several events is told of by its first. */
  private observe({ record, index, reading }: LinePart, eventId: string, fate: Fate): void {
    if (index > 0 || this.options.observe === undefined) return;
    const { ruleName: rule } = reading;
    this.options.observe({ offset: record.offset, eventId, fate, rule, source: record.value.source });
  }

  private identityOf({ record, redrive }: FirstRead, value: RawInput): EventIdentity {
    if (value.kind === 'event' && value.body.event_id)
      return { kind: 'client', eventId: value.body.event_id };
    if (value.source !== null && value.source.log_id !== null)
      return { kind: 'source', source: value.source };
    if (value.kind === 'event' && value.canonical !== null)
      return { kind: 'body', canonicalBody: value.canonical };
    const { topic, partition, offset } = record;
    const epoch = redrive?.origin.epoch ?? this.options.epoch;
    return { kind: 'position', epoch, topic, partition, offset };
  }

  /** State of a stream; one that was quiet for longer than the retention starts anew, whether or not the sweep came by. */
  private streamState(stream: string, appendMs: number, context: ProcessorContext<ParseState>): StreamState {
    const store = context.state;
    const key = stateKeys.stream(stream);
    const known = store.get(key) as StreamState | undefined;
    if (known !== undefined && appendMs - known.lastMs <= this.options.settings.stateRetentionMs) {
      known.lastMs = Math.max(known.lastMs, appendMs);
      return known;
    }
    if (known !== undefined) this.forget(stream, known, context);
    store.put(
      stateKeys.sweep(stream),
      { kind: 'sweep' },
      appendMs + this.options.settings.stateRetentionMs + SWEEP_MS,
    );
    return { kind: 'stream', lastMs: appendMs, tags: [], open: null, seen: [0, 0] };
  }

  private putStream(stream: string, state: StreamState, store: StateStore<ParseState>): void {
    const { open } = state;
    const waits = open?.changed === true;
    const holdMs = open?.undecided ? UNDECIDED_HOLD_MS : this.options.settings.holdMs;
    const wakeAtMs = waits ? Math.ceil((open.lastMs + holdMs) / HOLD_STEP_MS) * HOLD_STEP_MS : undefined;
    store.put(stateKeys.stream(stream), state, wakeAtMs);
  }

  /** Forgets a stream that no record can reach any more: append times of a partition only grow. */
  private sweep(stream: string, nowMs: number, context: ProcessorContext<ParseState>): void {
    const store = context.state;
    const state = store.get(stateKeys.stream(stream)) as StreamState | undefined;
    const { stateRetentionMs } = this.options.settings;
    if (state !== undefined && this.partitionMs - state.lastMs <= stateRetentionMs) {
      store.put(
        stateKeys.sweep(stream),
        { kind: 'sweep' },
        Math.max(nowMs, state.lastMs + stateRetentionMs) + SWEEP_MS,
      );
      return;
    }
    if (state !== undefined) this.forget(stream, state, context);
    store.delete(stateKeys.sweep(stream));
  }

  /** What waits is sent: after a long outage no timer may have come by between two records. */
  private forget(stream: string, state: StreamState, context: ProcessorContext<ParseState>): void {
    const store = context.state;
    this.records.close(stream, state, context);
    for (let piece = state.seen[0]; piece < state.seen[1]; piece++)
      store.delete(stateKeys.seen(stream, piece));
    store.delete(stateKeys.context(stream));
    store.delete(stateKeys.invocations(stream));
    store.delete(stateKeys.stream(stream));
  }

  private setTags(state: StreamState, { rule }: Reading): void {
    if (rule === null || (rule.sets.length === 0 && rule.clears.length === 0)) return;
    const kept = state.tags.filter((tag) => !rule.clears.includes(tag) && !rule.sets.includes(tag));
    state.tags = [...kept, ...rule.sets].slice(-MAX_TAGS);
  }
}

function invocationStep({ properties, sessionId }: Reading): 'start' | 'end' | null {
  if (sessionId === null) return null;
  if (properties.platform_event === 'START') return 'start';
  return properties.platform_event === 'END' ? 'end' : null;
}

const textOf = (value: unknown, otherwise = ''): string => (typeof value === 'string' ? value : otherwise);
