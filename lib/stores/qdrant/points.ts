import type { Schemas } from '@qdrant/js-client-rest';
import { pointId } from '../../model/ids.js';

/** What decides which of two writes stands: `generation` first, then `revision`. */
export interface Version {
  generation: number;
  revision: number;
}

/** An event as Qdrant holds it beside its vector. `timestamp` is the event time in Unix milliseconds. */
export interface EventPayload extends Version {
  event_id: string;
  trace_id: string;
  group_id: string;
  event_type: string;
  agent_id: string | null;
  /** Left out of points of an older version, as `appended_ms` is. */
  session_id?: string | null;
  /** Append time of its last line, Unix milliseconds: what retention goes by, as SurrealDB's does. */
  appended_ms?: number;
  timestamp: number;
}

export interface EventPoint {
  payload: EventPayload;
  vector: number[];
}

/** The event is no more: its point goes where it is older. */
export interface EventVersion extends Version {
  event_id: string;
}

/** Every point of `group_id` that is older than the version moves to `trace_id`. */
export interface GroupMove extends Version {
  group_id: string;
  trace_id: string;
}

/** Which events a search looks at; fields together narrow it. Times in Unix milliseconds, `[from_ms, to_ms)`. */
export interface EventFilter {
  event_id?: string;
  trace_id?: string | string[];
  group_id?: string;
  event_type?: string | string[];
  agent_id?: string | string[];
  session_id?: string;
  /** Appended before, Unix milliseconds; where a point does not know, its event's own time. */
  appended_before_ms?: number;
  from_ms?: number;
  to_ms?: number;
}

export type QdrantFilter = Schemas['Filter'];

/** Less than, by generation, then revision. */
export const isOlder = (a: Version, b: Version): boolean =>
  a.generation !== b.generation ? a.generation < b.generation : a.revision < b.revision;

/** Matches points older than `version`. */
export const olderThan = ({ generation, revision }: Version): QdrantFilter => ({
  should: [
    { key: 'generation', range: { lt: generation } },
    {
      must: [
        { key: 'generation', match: { value: generation } },
        { key: 'revision', range: { lt: revision } },
      ],
    },
  ],
});

/**
 * Matches those points whose stored version is older than the event's own. A request has one filter only, so
 * it names each point with its own condition; the engine tries them one by one: keep it to about a hundred points.
 */
export const eachOlder = (events: readonly EventVersion[]): QdrantFilter => ({
  should: events.map((event) => ({
    must: [{ has_id: [pointId(event.event_id)] }, olderThan(event)],
  })),
});

/** {@link EventFilter} as Qdrant's; undefined when it filters nothing. */
export function qdrantFilter(filter: EventFilter): QdrantFilter | undefined {
  const must: Schemas['Condition'][] = [];
  for (const key of ['event_id', 'trace_id', 'group_id', 'event_type', 'agent_id', 'session_id'] as const) {
    const wanted = filter[key];
    if (wanted === undefined) continue;
    must.push({ key, match: Array.isArray(wanted) ? { any: wanted } : { value: wanted } });
  }
  if (filter.from_ms !== undefined || filter.to_ms !== undefined) {
    must.push({ key: 'timestamp', range: { gte: filter.from_ms, lt: filter.to_ms } });
  }
  if (filter.appended_before_ms !== undefined) {
    const range = { lt: filter.appended_before_ms };
    must.push({
      should: [
        { key: 'appended_ms', range },
        { must: [{ is_empty: { key: 'appended_ms' } }, { key: 'timestamp', range }] },
      ],
    });
  }
  return must.length > 0 ? { must } : undefined;
}
