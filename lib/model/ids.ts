import { hash } from 'node:crypto';
import type { LogSource } from './events.js';

/** The one namespace of every id that VectaDB derives (RFC 9562 version 5). Changing it changes every id. */
export const NAMESPACE = '6f0d2f0e-5b1c-5c43-9b57-3f9c5f6a7d21';

const namespaceBytes = Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex');
const MAX_SHARED_CHARS = 1_024;
const shared = Buffer.alloc(16 + MAX_SHARED_CHARS * 3);
namespaceBytes.copy(shared);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** UUIDv5 of a name in {@link NAMESPACE}, lower case. */
export function uuidOf(name: string): string {
  // one call on one buffer: a Hash object costs twice as much, and this runs twice per event
  const bytes = name.length <= MAX_SHARED_CHARS ? shared : Buffer.allocUnsafe(16 + name.length * 3);
  if (bytes !== shared) namespaceBytes.copy(bytes);
  const length = 16 + bytes.write(name, 16, 'utf8');
  const hex = hash('sha1', bytes.subarray(0, length), 'hex');
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Whether a string is a UUID of any version. */
export const isUuid = (text: string): boolean => UUID.test(text);

/** Qdrant's point id of an event: the event id where it is a UUID, else UUIDv5 of it. */
export const pointId = (eventId: string): string =>
  isUuid(eventId) ? eventId.toLowerCase() : uuidOf(`point:${eventId}`);

/** `system:account/region/log_group/log_stream`, the key of raw-logs; missing parts are empty. */
export function streamKey(source: LogSource): string {
  return `${source.system}:${source.account ?? ''}/${source.region ?? ''}/${source.log_group ?? ''}/${source.log_stream ?? ''}`;
}

/** Group keys, in the order of the four strategies; `group_id` is {@link uuidOf} of them. */
export const groupKeys = {
  trace: (traceId: string) => `trace:${traceId}`,
  session: (sessionId: string) => `session:${sessionId}`,
  run: (stream: string, agent: string, openedBy: string) => `run:${stream}:${agent}:${openedBy}`,
  event: (eventId: string) => `event:${eventId}`,
  continuation: (groupId: string, part: number) => `cont:${groupId}:${part}`,
};

/**
 * Id of an event: the client's own, else of the source's identity, else of the canonical
 * body (HTTP events only), else of `epoch/topic/partition/offset`. `index` n > 0 marks the n-th further event of a record.
 */
export function eventId(identity: EventIdentity, index = 0): string {
  const suffix = index > 0 ? `#${index}` : '';
  switch (identity.kind) {
    case 'client':
      return index > 0 ? uuidOf(`client:${identity.eventId}${suffix}`) : identity.eventId;
    case 'source':
      return uuidOf(
        `source:${streamKey(identity.source).replace(':', '/')}/${identity.source.log_id}${suffix}`,
      );
    case 'body':
      return uuidOf(`body:${identity.canonicalBody}${suffix}`);
    case 'position':
      return uuidOf(
        `position:${identity.epoch}/${identity.topic}/${identity.partition}/${identity.offset}${suffix}`,
      );
  }
}

export type EventIdentity =
  | { kind: 'client'; eventId: string }
  | { kind: 'source'; source: LogSource }
  | { kind: 'body'; canonicalBody: string }
  | { kind: 'position'; epoch: string; topic: string; partition: number; offset: number };
