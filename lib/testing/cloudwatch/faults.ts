import { Random } from '../random.js';

/** What happens to one request. All but `none`, `slow` and the page faults keep the answer from its client. */
export type Fault =
  | { kind: 'none' }
  | { kind: 'throttle' }
  | { kind: 'server-error'; status: 500 | 503 }
  /** The connection ends before the answer, or after this share of its bytes. */
  | { kind: 'cut'; share: number }
  | { kind: 'slow'; ms: number }
  /** The nextToken of the request counts as expired; without one, nothing. */
  | { kind: 'expired-token' }
  /** No events, and a nextToken that goes on from where this page began. */
  | { kind: 'empty-page' }
  /** At most so many events. */
  | { kind: 'short-page'; events: number }
  /** The page's events, and a nextToken that leads to the same page again. */
  | { kind: 'repeated-page' };

export type FaultKind = Exclude<Fault['kind'], 'none'>;
export const FAULT_KINDS: readonly FaultKind[] = [
  'throttle',
  'server-error',
  'cut',
  'slow',
  'expired-token',
  'empty-page',
  'short-page',
  'repeated-page',
];

/** Probability of each fault at one request; they sum to at most 1. */
export type FaultProfile = Record<FaultKind, number>;

/** How late events appear: the share of `late` ones is drawn from [0, maxDelayMs), the others show at once. */
export interface Visibility {
  late: number;
  maxDelayMs: number;
}

export const NO_FAULTS: FaultProfile = Object.fromEntries(
  FAULT_KINDS.map((kind) => [kind, 0]),
) as FaultProfile;
export const VISIBLE_AT_ONCE: Visibility = { late: 0, maxDelayMs: 0 };

/** A fault of request number `request` (0, 1, …) of a run, from its seed alone. */
export function faultAt(seed: number, request: number, profile: FaultProfile): Fault {
  const random = new Random(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(request + 1, 0x85ebca6b));
  let at = random.next();
  for (const kind of FAULT_KINDS) {
    if (at < profile[kind]) return detailed(kind, random);
    at -= profile[kind];
  }
  return { kind: 'none' };
}

function detailed(kind: FaultKind, random: Random): Fault {
  switch (kind) {
    case 'server-error':
      return { kind, status: random.pick([500, 503]) };
    case 'cut':
      return { kind, share: random.chance(0.5) ? 0 : random.next() };
    case 'slow':
      return { kind, ms: random.below(400) };
    case 'short-page':
      return { kind, events: 1 + random.below(7) };
    default:
      return { kind };
  }
}

/** How long after its own time an event appears, milliseconds; the same for the same seed and event. */
export function delayOf(seed: number, eventId: string, { late, maxDelayMs }: Visibility): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < eventId.length; at++) hash = Math.imul(hash ^ eventId.charCodeAt(at), 0x01000193);
  const random = new Random(seed ^ hash);
  return random.chance(late) ? random.below(maxDelayMs) : 0;
}
