import type { Flow, GroupOut, Readiness } from '../api/types.js';
import { countText } from '../parts/format.js';

/** `unknown`: it was not said yet, or cannot be asked. */
export type Level = 'well' | 'note' | 'bad' | 'unknown';

/** What somebody wants to know first, answered in a few words. */
export interface Answer {
  question: 'up' | 'lag' | 'loss';
  level: Level;
  text: string;
  more: string | null;
  /** Page that says more. */
  to: string | null;
}

export const PARTS: Record<string, string> = {
  kafka: 'Kafka',
  answers: 'Answers of the processor',
  surreal: 'SurrealDB',
  qdrant: 'Qdrant',
  search: 'Search',
  keys: 'API keys',
};

/** Is everything up? undefined: not known yet; null: the gateway does not say. */
export function upAnswer(readiness: Readiness | null | undefined): Answer {
  const base = { question: 'up', to: null } as const;
  if (readiness === undefined) return { ...base, level: 'unknown', text: 'Asking the parts', more: null };
  if (readiness === null)
    return { ...base, level: 'bad', text: 'The gateway does not say how it is', more: 'make status' };
  const down = Object.entries(readiness.parts).filter(([, { state }]) => state !== 'up');
  if (down.length === 0 && readiness.ready)
    return { ...base, level: 'well', text: 'Every part is up', more: null };
  const names = down.map(([name, { state }]) => `${PARTS[name] ?? name} is ${state}`);
  return { ...base, level: 'bad', text: names.join(', ') || 'Events are not taken', more: 'make status' };
}

/** Is anything behind? Groups of VectaDB alone: what others read is theirs to know. */
export function lagAnswer(groups: readonly GroupOut[] | undefined): Answer {
  const base = { question: 'lag', to: '/topics' } as const;
  if (groups === undefined) return { ...base, level: 'unknown', text: 'Asking Kafka', more: null };
  const own = groups.filter(({ group }) => group.startsWith('vectadb-'));
  const unread = own.filter(({ members }) => members === 0);
  if (unread.length > 0)
    return {
      ...base,
      level: 'bad',
      text: `Nobody reads as ${unread.map(({ group }) => group).join(', ')}`,
      more: `${countText(unread.reduce((sum, { lag }) => sum + lag, 0))} behind`,
    };
  const behind = own.filter(({ lag }) => lag > 0);
  if (behind.length === 0) return { ...base, level: 'well', text: 'Nothing is behind', more: null };
  return {
    ...base,
    level: 'note',
    text: behind.map(({ group, lag }) => `${group} is ${countText(lag)} behind`).join(', '),
    more: null,
  };
}

/** Is anything lost? undefined: not known yet; null: this server keeps no accounts. */
export function lossAnswer(flow: Flow | null | undefined): Answer {
  const base = { question: 'loss', to: null } as const;
  if (flow === undefined)
    return { ...base, level: 'unknown', text: 'Counting what was accepted', more: null };
  if (flow === null)
    return {
      ...base,
      level: 'unknown',
      text: 'This server does not count what became of events',
      more: null,
    };
  const { accepted, unaccounted, dead_lettered } = flow.total;
  if (unaccounted > 0)
    return {
      ...base,
      level: 'bad',
      text: `${countText(unaccounted)} events are lost`,
      more: `of ${countText(accepted)} in 24 h`,
    };
  if (dead_lettered > 0)
    return {
      ...base,
      level: 'note',
      text: `Nothing is lost; ${countText(dead_lettered)} refused`,
      more: 'they wait as dead letters',
      to: '/dead-letters',
    };
  return { ...base, level: 'well', text: 'Nothing is lost', more: null };
}

/** Offsets a second into raw-logs between two readings of the groups; null where they cannot be compared. */
export function arrivalRate(
  before: { groups: readonly GroupOut[]; atMs: number },
  now: { groups: readonly GroupOut[]; atMs: number },
): number | null {
  const grown = endOf(now.groups) - endOf(before.groups);
  const seconds = (now.atMs - before.atMs) / 1_000;
  // a topic that was made anew begins at 0
  return seconds > 0 && grown >= 0 ? grown / seconds : null;
}

const RAW_LOGS = 'raw-logs';

const endOf = (groups: readonly GroupOut[]): number =>
  groups
    .filter(({ group }) => group === 'vectadb-parse')
    .flatMap(({ partitions }) => partitions)
    .filter(({ topic }) => topic === RAW_LOGS)
    .reduce((sum, { end }) => sum + end, 0);
