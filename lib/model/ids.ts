import { hash } from 'node:crypto';
import type { LogSource } from './events.js';

/** The one namespace of every id that VectaDB derives (RFC 9562 version 5). Changing it changes every id. */
export const NAMESPACE = '6f0d2f0e-5b1c-5c43-9b57-3f9c5f6a7d21';

const namespaceBytes = Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex');
const MAX_SHARED_CHARS = 1_024;
const shared = Buffer.alloc(16 + MAX_SHARED_CHARS * 3);
namespaceBytes.copy(shared);
/** The first n bytes of {@link shared}, made when first needed. */
const views: (Buffer | undefined)[] = [];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const UUID_CHARS = 36;
const UUID_BYTES = 16;
const HEX = Buffer.from('0123456789abcdef', 'latin1');
const spelled = Buffer.alloc(UUID_CHARS, '-', 'latin1');

/** UUIDv5 of a name in {@link NAMESPACE}, lower case. */
export function uuidOf(name: string): string {
  // one call on one buffer and one string made of the result: ids are made about twice per event
  const digest = name.length <= MAX_SHARED_CHARS ? hash('sha1', sharedBytes(name), 'binary') : hashLong(name);
  for (let byte = 0, place = 0; byte < UUID_BYTES; byte++) {
    let value = digest.charCodeAt(byte);
    if (byte === 6) value = (value & 0x0f) | 0x50;
    else if (byte === 8) value = (value & 0x3f) | 0x80;
    spelled[place++] = HEX[value >> 4]!;
    spelled[place++] = HEX[value & 0xf]!;
    if (place === 8 || place === 13 || place === 18 || place === 23) place++;
  }
  return spelled.toString('latin1');
}

function sharedBytes(name: string): Buffer {
  const length = UUID_BYTES + shared.write(name, UUID_BYTES, 'utf8');
  const known = views[length];
  if (known !== undefined) return known;
  const made = shared.subarray(0, length);
  views[length] = made;
  return made;
}

const hashLong = (name: string): string =>
  hash('sha1', Buffer.concat([namespaceBytes, Buffer.from(name, 'utf8')]), 'binary');

/** Whether a string is a UUID of any version. */
export const isUuid = (text: string): boolean => UUID.test(text);

/** Qdrant's point id of an event: the event id where it is a UUID, else UUIDv5 of it. */
export const pointId = (eventId: string): string =>
  isUuid(eventId) ? eventId.toLowerCase() : uuidOf(`point:${eventId}`);

/** `system:account/region/log_group/log_stream`, the key of raw-logs; missing parts are empty. */
export const streamKey = (source: LogSource): string => namesOf(source).key;

/** What a source is called: made once per stream, as strings already joined and hashed, for every line needs them. */
interface SourceNames {
  source: LogSource;
  key: string;
  /** What is hashed of it, with an id behind it, as the id of an event: the key with its first colon as a slash. */
  hashed: string;
}

const MAX_KNOWN_SOURCES = 8_192;
const knownSources = new Map<string | null, SourceNames>();

function namesOf(source: LogSource): SourceNames {
  const known = knownSources.get(source.log_stream);
  if (known !== undefined && isSameStream(known.source, source)) return known;
  const { system, account, region, log_group, log_stream } = source;
  const key = `${system}:${account ?? ''}/${region ?? ''}/${log_group ?? ''}/${log_stream ?? ''}`;
  const made = { source, key, hashed: `source:${key.replace(':', '/')}/` };
  if (knownSources.size >= MAX_KNOWN_SOURCES) knownSources.clear();
  knownSources.set(log_stream, made);
  return made;
}

const isSameStream = (a: LogSource, b: LogSource): boolean =>
  a.log_stream === b.log_stream &&
  a.log_group === b.log_group &&
  a.region === b.region &&
  a.account === b.account &&
  a.system === b.system;

/** Group keys, in the order of the four strategies; `group_id` is {@link uuidOf} of them. */
export const groupKeys = {
  trace: (traceId: string) => `trace:${traceId}`,
  session: (sessionId: string) => `session:${sessionId}`,
  run: (stream: string, agent: string, openedBy: string) => `run:${stream}:${agent}:${openedBy}`,
  event: (eventId: string) => `event:${eventId}`,
  continuation: (groupId: string, part: number) => `cont:${groupId}:${part}`,
};

const RUN = 'run:';

/** Whether a group key names a run, which only its lines tell of. */
export const isRun = (groupKey: string): boolean => groupKey.startsWith(RUN);

/** Home key of a run: its group's id, for its key holds the names of stream and agent. Other groups' key is their home. */
export const runHome = (groupId: string): string => `${RUN}${groupId}`;

/** Group id of whatever lives at a home. */
export const groupIdAt = (home: string): string => (isRun(home) ? home.slice(RUN.length) : uuidOf(home));

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
      return uuidOf(namesOf(identity.source).hashed + identity.source.log_id + suffix);
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
