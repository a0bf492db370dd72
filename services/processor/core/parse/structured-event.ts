import { traceIdOf } from '../../../../lib/model/event-body.js';
import type { EventBody } from '../../../../lib/model/events.js';
import type { RuleSet } from '../rules/rule-set.js';
import type { EventContent } from './build-event.js';
import { newProperties, type Properties } from './properties.js';
import { FALLBACK_TYPE, readRecord } from './reading.js';
import { readId } from './structured.js';

/** A structured event's content with the ids that it shows. */
export interface StructuredContent extends EventContent {
  traceId: string | null;
  sessionId: string | null;
  agentId: string | null;
}

/**
 * Takes a structured event as it is. Where it names no event_type, the rules read `properties.message`: they give the type, the
 * ids it lacks, and properties that it does not have.
 */
export function readStructuredEvent(body: EventBody, rules: RuleSet): StructuredContent {
  const properties: Properties = newProperties();
  for (const [name, value] of Object.entries(body.properties)) properties[name] = value;
  const content: StructuredContent = {
    message: '',
    eventType: body.event_type || FALLBACK_TYPE,
    framework: body.framework || null,
    properties,
    rule: null,
    captures: {},
    speaker: null,
    traceId: traceIdOf(body.trace_id) ?? null,
    // a placeholder is no id here either: it would make one trace of strangers
    sessionId: readId(body.session_id),
    agentId: readId(body.agent_id),
  };
  const { message } = body.properties;
  if (body.event_type || typeof message !== 'string') return content;
  const reading = readRecord(message, rules, []);
  content.eventType = reading.eventType;
  content.framework ??= reading.framework;
  content.rule =
    reading.ruleName === null ? null : { name: reading.ruleName, version: reading.rule?.version ?? null };
  content.captures = reading.captures;
  content.traceId ??= reading.traceId;
  content.sessionId ??= reading.sessionId;
  content.agentId ??= reading.agentId;
  for (const [name, value] of Object.entries(reading.properties)) properties[name] ??= value;
  return content;
}
