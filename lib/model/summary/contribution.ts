import type { AgentEvent, ParsedEvent } from '../events.js';
import { uuidOf } from '../ids.js';
import { readTimestamp } from '../timestamp.js';
import { keyName } from './tally.js';
import { type Tokens, tokensOf } from './tokens.js';

/** Which of a summary's latest moments an event is a candidate for. */
export type MarkKind = 'finish' | 'failure' | 'platform_end' | 'step';

/**
 * How an event speaks of a call. One call may be announced (`agent_action`), started and ended by three events; the number
 * of calls is the greatest of the three counts, which needs no pairing and no order.
 */
export type CallPhase = 'announced' | 'started' | 'ended';

/**
 * What one event adds to its group's summary: all that is needed to count it, and to count it anew when it is amended.
 * Plain JSON; absent means null. Times in Unix milliseconds, durations in whole microseconds (sums of integers do
 * not depend on their order).
 */
export interface Contribution {
  id: string;
  ms: number;
  /** Set where the event lasts beyond `ms`. */
  end?: number;
  type: string;
  created: number;
  updated: number;
  agent?: string;
  framework?: string;
  session?: string;
  error?: true;
  mark?: MarkKind;
  tool?: { name: string; phase: CallPhase; failed?: true; us?: number };
  model?: {
    name: string;
    phase: CallPhase;
    failed?: true;
    us?: number;
    tokens?: Tokens;
  };
}

/** Under which tokens are counted whose event names no model. */
export const UNKNOWN_MODEL = 'unknown';

/** Names in summaries: bytes as JSON, so that no state entry passes 64 KiB. */
export const NAME_BYTES = 64;
export const AGENT_BYTES = 192;
const SESSION_BYTES = 256;
const ID_CHARACTERS = 128;
/** A year; what claims to have lasted longer did not. */
const MAX_DURATION_MS = 366 * 24 * 3_600_000;

const ERROR_TYPES = new Set(['error', 'tool_error', 'llm_error']);
/** Printed when the thing is over: their duration lies behind them. Spans are stamped when it begins, and tell `end_time`. */
const ENDS = /_(end|result|error|finish)$/;
const WITHOUT_SPAN = new Set(['error', 'log', 'platform']);

/** The id by which a summary knows an event: its own, or where that is very long a UUIDv5 of it. */
export const shortId = (eventId: string): string =>
  eventId.length <= ID_CHARACTERS ? eventId : uuidOf(`long:${eventId}`);

type Source = Pick<
  ParsedEvent | AgentEvent,
  | 'event_id'
  | 'timestamp_ms'
  | 'event_type'
  | 'agent_id'
  | 'framework'
  | 'session_id'
  | 'created_ms'
  | 'updated_ms'
  | 'properties'
>;

/** What an event adds to its group. Properties that are no JSON object add nothing; nothing is refused. */
export function contributionOf(event: Source): Contribution {
  const properties = readProperties(event.properties);
  const type = event.event_type;
  const duration = amount(properties.duration_ms, MAX_DURATION_MS);
  const contribution: Contribution = {
    id: shortId(event.event_id),
    ms: event.timestamp_ms,
    type: keyName(type, NAME_BYTES),
    created: event.created_ms,
    updated: event.updated_ms,
  };
  const endMs = ENDS.test(type) ? endTimeOf(properties) : undefined;
  if (endMs !== undefined && endMs > event.timestamp_ms && endMs - event.timestamp_ms <= MAX_DURATION_MS) {
    contribution.end = endMs;
  }
  if (duration !== undefined && !ENDS.test(type) && !WITHOUT_SPAN.has(type)) {
    const end = event.timestamp_ms + Math.round(duration);
    if (end > event.timestamp_ms) contribution.end = end;
  }
  if (event.agent_id !== null) contribution.agent = keyName(event.agent_id, AGENT_BYTES);
  if (event.framework !== null) contribution.framework = keyName(event.framework, NAME_BYTES);
  if (event.session_id !== null) contribution.session = keyName(event.session_id, SESSION_BYTES);
  const failed = ERROR_TYPES.has(type) || (type === 'platform' && isPlatformFailure(properties));
  if (failed) contribution.error = true;
  const mark = markOf(type, failed, properties);
  if (mark) contribution.mark = mark;
  const us = duration === undefined ? undefined : Math.round(duration * 1_000);
  const tool = name(properties.tool_name);
  if (tool !== undefined) {
    contribution.tool = { name: tool, phase: toolPhase(type) };
    if (us !== undefined) contribution.tool.us = us;
    if (type === 'tool_error') contribution.tool.failed = true;
  }
  const tokens = tokensOf(properties);
  const model = name(properties.model) ?? (tokens && UNKNOWN_MODEL);
  if (model !== undefined) {
    contribution.model = { name: model, phase: modelPhase(type) };
    if (us !== undefined) contribution.model.us = us;
    if (tokens) contribution.model.tokens = tokens;
    if (type === 'llm_error') contribution.model.failed = true;
  }
  return contribution;
}

function toolPhase(type: string): CallPhase {
  if (type === 'tool_call') return 'started';
  return type === 'tool_result' || type === 'tool_error' ? 'ended' : 'announced';
}

function modelPhase(type: string): CallPhase {
  if (type === 'llm_start') return 'started';
  return type === 'llm_end' || type === 'llm_error' ? 'ended' : 'announced';
}

function markOf(type: string, failed: boolean, properties: Properties): MarkKind | undefined {
  if (failed) return 'failure';
  if (type === 'agent_finish') return 'finish';
  // the end of a chain follows the answer and says nothing of its own; an unparsed line says nothing at all
  if (type === 'log' || type === 'chain_end') return undefined;
  if (type !== 'platform') return 'step';
  return isPlatformEnd(properties) ? 'platform_end' : undefined;
}

interface Properties {
  [name: string]: unknown;
}

const platformEvent = (properties: Properties): string =>
  typeof properties.platform_event === 'string' ? properties.platform_event.toLowerCase() : '';

/** Lambda's END and REPORT, in its text and its JSON form. */
const isPlatformEnd = (properties: Properties): boolean =>
  /(^|\.)(end|report|runtimedone)$/.test(platformEvent(properties));

/** The runtime says that the invocation failed: a time-out, a crash, a REPORT whose status is not success. */
function isPlatformFailure(properties: Properties): boolean {
  if (/time[d_ -]*out|fail|error|fault|crash|oom|exit/.test(platformEvent(properties))) return true;
  if (typeof properties.error_message === 'string' || typeof properties.error_type === 'string') return true;
  return typeof properties.status === 'string' && /time.?out|error|fail/i.test(properties.status);
}

/** Unix milliseconds. */
function endTimeOf({ end_time }: Properties): number | undefined {
  if (typeof end_time !== 'string' || end_time.length > 64) return undefined;
  const read = readTimestamp(end_time);
  return read.ok ? read.ms : undefined;
}

/** When what the event speaks of had happened, Unix milliseconds. */
export const momentOf = ({ type, ms, end }: Contribution): number =>
  end !== undefined && ENDS.test(type) ? end : ms;

const amount = (value: unknown, max: number): number | undefined =>
  typeof value === 'number' && value >= 0 && value <= max ? value : undefined;

const name = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? keyName(value, NAME_BYTES) : undefined;

function readProperties(text: string): Properties {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? (read as Properties) : {};
  } catch {
    // parse wrote canonical JSON; an event from elsewhere still counts, it merely has no tools or tokens to show
    return {};
  }
}
