import type { Codec } from './codec.js';
import { logSourceOf } from './event-body.js';
import type { EventBody, LogSource, RawLog } from './events.js';
import { type EventIdentity, eventId } from './ids.js';
import { parseJsonText } from './json-text.js';

/** Most events that one record of raw-logs becomes. */
const MAX_PARTS = 64;

/**
 * Whether a record of raw-logs is, or would have been, the event `id`: by the id that its sender gave, its source's, its
 * body's or its position's, and for a record that several events are made of by that of each. Reads what it can of records that
 * parse refuses, so that their dead letters are found.
 */
export function isRawOf(
  id: string,
  value: Buffer | null,
  position: { topic: string; partition: number; offset: number },
  epoch: string,
  codec: Codec,
): boolean {
  if (value === null) return false;
  const { identities, parts } = read(value, codec);
  identities.push({ kind: 'position', epoch, ...position });
  for (const identity of identities)
    for (let index = 0; index < parts; index++) if (eventId(identity, index) === id) return true;
  return false;
}

function read(value: Buffer, codec: Codec): { identities: EventIdentity[]; parts: number } {
  if (value[0] !== 0) {
    const text = value.toString('utf8');
    return { identities: identitiesOf(jsonOf(text), null, null), parts: partsOf(text) };
  }
  const decoded = codec.decode<RawLog>(value, ['raw-log']);
  if (!decoded.ok) return { identities: [], parts: 1 };
  const { event, source, message } = decoded.value.value;
  return {
    identities: identitiesOf(event === null ? null : jsonOf(event), source, event),
    parts: event === null ? partsOf(message) : 1,
  };
}

function identitiesOf(
  body: Partial<EventBody> | null,
  source: LogSource | null,
  canonicalBody: string | null,
): EventIdentity[] {
  const identities: EventIdentity[] = [];
  if (typeof body?.event_id === 'string' && body.event_id !== '')
    identities.push({ kind: 'client', eventId: body.event_id });
  const named = source ?? sourceOf(body);
  if (named !== null && named.log_id !== null) identities.push({ kind: 'source', source: named });
  if (canonicalBody !== null) identities.push({ kind: 'body', canonicalBody });
  return identities;
}

function sourceOf(body: Partial<EventBody> | null): LogSource | null {
  const source = body?.source as Record<string, unknown> | null | undefined;
  if (typeof source !== 'object' || source === null || typeof source.system !== 'string') return null;
  const texts = Object.entries(source).map(([name, part]) => [
    name,
    typeof part === 'number' ? String(part) : typeof part === 'string' ? part : undefined,
  ]);
  return logSourceOf(Object.fromEntries(texts) as EventBody['source']);
}

function jsonOf(text: string): Partial<EventBody> | null {
  if (!text.trimStart().startsWith('{')) return null;
  try {
    return parseJsonText(text) as Partial<EventBody>;
  } catch {
    // no JSON: then it names no ids
    return null;
  }
}

/** A record is cut into events at line feeds, or where a colour ends. */
function partsOf(text: string): number {
  let parts = 1;
  for (let at = 0; at < text.length && parts < MAX_PARTS; at++) {
    const code = text.charCodeAt(at);
    if (code === 10 || code === 27) parts++;
  }
  return parts;
}
