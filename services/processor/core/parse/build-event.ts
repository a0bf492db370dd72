import type { Bind, ParsedEvent } from '../../../../lib/model/events.js';
import { groupKeys } from '../../../../lib/model/ids.js';
import { canonicalJson } from '../../../../lib/model/json.js';
import type { Masker } from '../../../../lib/model/masking/masker.js';
import type { RuleSet } from '../rules/rule-set.js';
import type { GroupIds } from './group-ids.js';
import { scanDepth } from './json-depth.js';
import { insideBox } from './panel.js';
import type { EventHead, OpenRecord } from './parse-state.js';
import type { Properties } from './properties.js';
import { type Reading, readUnwrapped } from './reading.js';
import { unwrap } from './unwrap.js';

/** What was read from an event's text, whole. */
export interface EventContent {
  message: string;
  eventType: string;
  framework: string | null;
  properties: Properties;
  rule: { name: string; version: string | null } | null;
  captures: Record<string, string>;
  /** Who speaks within the run, where the text names one; a name only, it does not group. */
  speaker: string | null;
  traceId: string | null;
  sessionId: string | null;
  agentId: string | null;
}

/** The content of one line as read. */
export function contentOf(message: string, reading: Reading): EventContent {
  return {
    message,
    eventType: reading.eventType,
    framework: reading.framework,
    properties: reading.properties,
    rule:
      reading.ruleName === null ? null : { name: reading.ruleName, version: reading.rule?.version ?? null },
    captures: reading.captures,
    speaker: reading.speaker,
    traceId: reading.traceId,
    sessionId: reading.sessionId,
    agentId: reading.agentId,
  };
}

/** Reads a joined record anew from its lines: each segment by its rule, the first one with the line's wrappers. */
export function contentOfLines(open: OpenRecord, lines: string[], rules: RuleSet): EventContent {
  let content: EventContent | null = null;
  open.segments.forEach((segment, index) => {
    const end = open.segments[index + 1]?.at ?? lines.length;
    const share = lines.slice(segment.at, end);
    const first = unwrap(share[0] ?? '');
    const rest = share.slice(1).map(bodyOf);
    const unwrapped =
      rest.length === 0
        ? first
        : {
            ...first,
            raw: [first.raw, ...share.slice(1)].join('\n'),
            text: [first.text, ...rest].join('\n').trimEnd(),
            whole: [first.whole, ...rest].join('\n').trimEnd(),
          };
    const rule = segment.rule === null ? null : (rules.get(segment.rule) ?? null);
    const anew = index === 0 && rest.length > 0 && rule?.reread === true;
    const reading = readUnwrapped(unwrapped, rules, open.tags, anew ? null : rule);
    if (content === null) content = contentOf('', reading);
    else {
      for (const [name, value] of Object.entries(reading.properties)) content.properties[name] ??= value;
      Object.assign(content.captures, reading.captures);
      content.speaker ??= reading.speaker;
      content.traceId ??= reading.traceId;
      content.sessionId ??= reading.sessionId;
      content.agentId ??= reading.agentId;
    }
  });
  const whole = content! as EventContent;
  whole.message = lines.join('\n');
  if (open.added?.level != null) whole.properties.level ??= open.added.level;
  if (open.added?.logger != null) whole.properties.logger ??= open.added.logger;
  return whole;
}

/** A continuation line without the wrappers that stand before every physical line, its indentation kept. */
function bodyOf(line: string): string {
  const { text, indent } = unwrap(line);
  return indent > 0 ? ' '.repeat(Math.min(indent, 256)) + insideBox(text) : insideBox(text);
}

/** Open braces after one more line. */
export const depthAfter = (text: string, before: number): number =>
  Math.max(0, scanDepth(text, { open: before, inString: false }).open);

/**
 * The event as parse sends it, its secrets masked. That comes last: ids and groups are decided on what the line said, so that two
 * sessions never become one because they look alike when masked.
 */
export function buildEvent(
  head: EventHead,
  content: EventContent,
  updatedMs: number,
  amends: boolean,
  groups: GroupIds,
  masker: Masker,
): ParsedEvent {
  const json = canonicalJson(content.properties);
  // captures are parts of the message, so they hold nothing that it does not
  const suspect = masker.suspects(json);
  const properties = suspect ? canonicalJson(masker.value(content.properties)) : json;
  const marks = suspect ? masker.marksIn(properties) : [];
  return {
    event_id: head.event_id,
    group_id: groups.of(head.group_key),
    group_key: head.group_key,
    home_key: head.home_key,
    trace_id: head.trace_id,
    session_id: head.session_id,
    agent_id: content.speaker ?? head.agent_id,
    timestamp_ms: head.timestamp_ms,
    event_type: content.eventType,
    framework: content.framework,
    properties,
    source: head.source,
    raw: head.raw,
    created_ms: head.created_ms,
    updated_ms: updatedMs,
    why: {
      rule: content.rule?.name ?? null,
      rule_version: content.rule?.version ?? null,
      captures: suspect ? masker.value(content.captures) : content.captures,
      strategy: head.strategy,
      inherited: head.inherited,
      confidence: head.confidence,
      evidence: head.evidence,
    },
    flags: marks.length > 0 ? [...head.flags, ...marks.map((mark) => `masked:${mark}`)] : head.flags,
    options: head.options,
    amends,
    reply_to: head.reply_to,
  };
}

/** The fact that a session belongs to a trace, where an event shows both. */
export function bindOf(head: EventHead): Bind | null {
  if (head.trace_id === null || head.session_id === null) return null;
  return {
    home_key: groupKeys.session(head.session_id),
    session_id: head.session_id,
    trace_id: head.trace_id,
    timestamp_ms: head.timestamp_ms,
    event_id: head.event_id,
    appended_ms: head.created_ms,
  };
}
