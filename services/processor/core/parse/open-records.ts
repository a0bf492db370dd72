import type { ProcessorContext } from '../../../../lib/topology/topology.js';
import type { CompiledRules } from '../rules/compiled-rules.js';
import type { RuleSet } from '../rules/rule-set.js';
import { assignGroup } from './assign-group.js';
import { contentOfLines, type EventContent } from './build-event.js';
import type { GroupIds } from './group-ids.js';
import { joinLine } from './join.js';
import { LOOK_AHEAD_MS } from './look-ahead.js';
import { growRecord, hasRoom, mayGrow } from './open-record.js';
import type { ParseOutput } from './parse-output.js';
import type { OpenRecord, ParseState, StreamState } from './parse-state.js';
import { FALLBACK_TYPE, type Reading } from './reading.js';
import { appendLine, dropText, readLines } from './record-text.js';
import { streamOfLane } from './redrive-lane.js';
import { stepOf } from './run-step.js';
import { remember, salientOf } from './salient.js';
import type { ParseSettings } from './settings.js';
import { StreamContext } from './stream-context.js';
import type { StreamLine } from './stream-line.js';

const MAX_HEARD_LINES = 8;
const BEGINNINGS = new Set(['agent_start', 'chain_start']);

/** The last record of each stream while lines may still join it or say whose it is: grown, decided, sent, closed. */
export class OpenRecords {
  /** Contents that wait to be sent, by stream; read anew from the state where missing. */
  private readonly contents = new Map<string, EventContent>();

  constructor(
    private readonly settings: ParseSettings,
    private readonly rules: CompiledRules,
    private readonly groups: GroupIds,
    private readonly output: ParseOutput,
  ) {}

  /** The next record of the stream. One that nothing can follow is sent at once. */
  add(
    stream: string,
    state: StreamState,
    opened: OpenRecord,
    content: EventContent,
    rules: RuleSet,
    context: ProcessorContext<ParseState>,
  ): void {
    appendLine(opened, content.message, stream, context.state);
    opened.bytes = Buffer.byteLength(content.message, 'utf8');
    state.open = opened;
    this.contents.set(stream, content);
    if (!opened.undecided && !mayGrow(opened, rules)) this.send(stream, opened, context);
  }

  /** Adds a line to the stream's open record, if it belongs to it. Returns the event that it is part of, else null. */
  join(
    stream: string,
    { open }: StreamState,
    message: string,
    reading: Reading,
    appendMs: number,
    rules: RuleSet,
    context: ProcessorContext<ParseState>,
  ): string | null {
    if (open === null) return null;
    const joining = joinLine(open, reading, appendMs - open.lastMs, this.settings.flushMs, rules);
    if (joining === 'new' || !hasRoom(open, joining, message, this.settings.maxRecordBytes)) return null;
    // a timer may have decided by now: what joins after it must not tell whose the record is, whether it came by or not
    if (appendMs - open.lastMs > LOOK_AHEAD_MS) this.decideOpen(stream, open, null, context);
    open.lastMs = appendMs;
    if (growRecord(open, joining, message, reading, stream, context.state, rules)) {
      open.changed = true;
      open.changedMs = appendMs;
      this.contents.delete(stream);
    }
    this.hear(open, reading, stream, context);
    return open.head.event_id;
  }

  /** What the first lines of a record speak about, its run speaks about. */
  private hear(
    open: OpenRecord,
    { unwrapped }: Reading,
    stream: string,
    { state }: ProcessorContext<ParseState>,
  ): void {
    if (open.ends.length > MAX_HEARD_LINES) return;
    const tokens = salientOf(unwrapped.text);
    if (open.undecided) remember(open.undecided.about, tokens);
    else new StreamContext(stream, state).hear(open.head.group_key, tokens);
  }

  /** The record that waited for the line behind it: whose it is. A line that comes late says nothing. */
  decide(
    stream: string,
    { open }: StreamState,
    next: StreamLine,
    appendMs: number,
    context: ProcessorContext<ParseState>,
  ): void {
    if (!open?.undecided) return;
    const { undecided, lastMs } = open;
    const isSoon =
      appendMs - lastMs <= LOOK_AHEAD_MS && Math.abs(next.eventMs - undecided.eventMs) <= LOOK_AHEAD_MS;
    this.decideOpen(stream, open, isSoon ? next : null, context);
  }

  private decideOpen(
    stream: string,
    open: OpenRecord,
    next: StreamLine | null,
    context: ProcessorContext<ParseState>,
  ): void {
    const { undecided, head } = open;
    if (!undecided) return;
    const line = open.ends.length > 1 ? this.wholeLine(stream, open, undecided, context) : undecided;
    open.undecided = null;
    const streamContext = new StreamContext(stream, context.state);
    const { assignment, adopts } = assignGroup(
      line,
      streamOfLane(stream),
      streamContext,
      this.settings,
      this.groups,
      next,
    );
    Object.assign(head, assignment, { trace_id: line.traceId });
    this.output.adopt(adopts, head, context);
  }

  /** What the record is and whose, now that it is whole: an object that is printed line by line shows its ids late. */
  private wholeLine(
    stream: string,
    open: OpenRecord,
    first: StreamLine,
    context: ProcessorContext<ParseState>,
  ): StreamLine {
    const { rules } = this.rules.forGroup(open.head.source?.log_group ?? null);
    const content = this.contentOf(stream, open, rules, context);
    this.contents.set(stream, content);
    const { eventType, framework, properties, message, traceId, sessionId, agentId } = content;
    const [heading, ...others] = open.segments.map(({ rule }) => rules.get(rule ?? ''));
    const begins = others.some((rule) => rule !== undefined && BEGINNINGS.has(rule.eventType));
    return {
      ...first,
      traceId: first.traceId ?? traceId,
      sessionId: first.sessionId ?? sessionId,
      agentId: first.agentId ?? agentId,
      step:
        eventType === FALLBACK_TYPE
          ? first.step
          : stepOf(
              eventType,
              framework,
              properties,
              typeof properties.text === 'string' ? properties.text : message,
              heading?.inside === true && !begins,
            ),
    };
  }

  private contentOf(
    stream: string,
    open: OpenRecord,
    rules: RuleSet,
    context: ProcessorContext<ParseState>,
  ): EventContent {
    return this.contents.get(stream) ?? contentOfLines(open, readLines(open, stream, context.state), rules);
  }

  close(stream: string, state: StreamState, context: ProcessorContext<ParseState>): void {
    const { open } = state;
    if (open === null) return;
    this.send(stream, open, context);
    dropText(open, stream, context.state);
    state.open = null;
  }

  /** Sends an open record as it is now, if it was not sent so already. */
  send(stream: string, open: OpenRecord | null, context: ProcessorContext<ParseState>): void {
    if (open === null || !open.changed) return;
    this.decideOpen(stream, open, null, context);
    const { rules } = this.rules.forGroup(open.head.source?.log_group ?? null);
    const content = this.contentOf(stream, open, rules, context);
    this.contents.delete(stream);
    this.output.forward(open.head, content, content.message, open.changedMs, open.sent, context);
    open.sent = true;
    open.changed = false;
  }
}
