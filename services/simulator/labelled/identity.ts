import type { Random } from '../../../lib/testing/random.js';
import { hex, uuid } from './draw.js';
import { type Deployment, PLACES, type PlaceName } from './scenario.js';

type IdKind = Deployment['ids']['kinds'][number];

/** How one team names and places its ids; the same on all lines of a process. */
export interface Convention {
  kind: IdKind;
  /** Name of the id's field. */
  key: string;
  agentKey: string;
  traceKey: string;
  place: PlaceName;
  newId(random: Random): string;
}

const KEYS: Record<IdKind, string[]> = {
  session: ['session_id', 'session_id', 'session', 'sessionId'],
  request: ['request_id', 'request_id', 'requestId', 'correlation_id'],
  trace: ['trace_id', 'traceId'],
  conversation: ['conversation_id', 'conversationId'],
};

const SHAPES: Record<IdKind, ((random: Random) => string)[]> = {
  session: [uuid, (random) => `sess_${hex(random, 10)}`, (random) => `s-${10_000 + random.below(89_999)}`],
  request: [uuid, (random) => `req-${hex(random, 8)}`, (random) => hex(random, 16)],
  trace: [(random) => hex(random, 32)],
  conversation: [uuid, (random) => `conv_${hex(random, 12)}`],
};

/** Draws a team's convention. */
export function drawConvention(random: Random, { kinds, places }: Deployment['ids']): Convention {
  const kind = random.pick(kinds);
  return {
    kind,
    key: random.pick(KEYS[kind]),
    agentKey: random.pick(['agent_id', 'agent_id', 'agent', 'agent_name']),
    traceKey: random.pick(KEYS.trace),
    place: random.pick(places.length > 0 ? places : PLACES),
    newId: random.pick(SHAPES[kind]),
  };
}

/** Ids as text of a line: before the message or behind it. */
export function placed(place: PlaceName, ids: Record<string, string>): { before: string; after: string } {
  const entries = Object.entries(ids);
  if (entries.length === 0) return { before: '', after: '' };
  switch (place) {
    case 'prefix':
      return { before: `${entries.map(([key, id]) => `[${key}=${id}]`).join(' ')} `, after: '' };
    case 'mdc':
      return { before: `[${entries.map(([key, id]) => `${key}=${id}`).join(', ')}] `, after: '' };
    case 'colon':
      return { before: `[${entries.map(([key, id]) => `${key}: ${id}`).join('] [')}] `, after: '' };
    case 'parens':
      return { before: `(${entries.map(([key, id]) => `${key}=${id}`).join(' ')}) `, after: '' };
    case 'pipe':
      return { before: `${entries.map(([key, id]) => `${key}=${id}`).join(' ')} | `, after: '' };
    case 'key-value':
      return { before: '', after: ` ${entries.map(([key, id]) => `${key}=${id}`).join(' ')}` };
  }
}
