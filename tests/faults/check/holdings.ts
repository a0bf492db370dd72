import { ClusterClient } from '../../../lib/kafka/cluster.js';
import { readTopic } from '../../../lib/kafka/topic-reader.js';
import { type Codec, SCHEMA_NAMES } from '../../../lib/model/codec.js';
import type { AgentEvent } from '../../../lib/model/events.js';
import { connectQdrant } from '../../../lib/stores/qdrant/store.js';
import type { SurrealStore } from '../../../lib/stores/surreal/index.js';
import type { EncodedRecord } from '../../../lib/topology/topology.js';
import { type DeadLetter, deadLetterOf } from './reference.js';

const PAGE = 5_000;
/** The local engine answers nobody while it builds its index, which takes seconds for tens of thousands of points. */
const INDEXING_LIMIT_MS = 90_000;

/** A row of agent_event, as far as it is compared. */
export interface StoredEvent {
  event_id: string;
  trace_id: string;
  group_id: string;
  session_id: string | null;
  agent_id: string | null;
  timestamp_ms: number;
  event_type: string;
  properties: Record<string, unknown>;
  flags: string[];
}

export interface StoredTrace {
  trace_id: string;
  total_events: number;
  merged_into: string | null;
}

export interface Point {
  event_id: string;
  trace_id: string;
}

/** One event as emitted on agent-events, and where. */
export interface Emission {
  at: string;
  name: string;
}

export async function readRows(store: SurrealStore): Promise<StoredEvent[]> {
  const rows: StoredEvent[] = [];
  for (let start = 0; ; start += PAGE) {
    const [page] = (await store.query(
      `SELECT id, record::id(id) AS event_id, trace_id, group_id, session_id, agent_id, timestamp_ms, event_type, properties, flags
       FROM agent_event ORDER BY id LIMIT $limit START $start`,
      { limit: PAGE, start },
    )) as [StoredEvent[]];
    rows.push(...page);
    if (page.length < PAGE) return rows;
  }
}

export async function readTraces(store: SurrealStore): Promise<StoredTrace[]> {
  const [traces] = (await store.query(
    'SELECT record::id(id) AS trace_id, total_events, merged_into FROM agent_trace',
  )) as [StoredTrace[]];
  return traces;
}

/** Edges in all, and those that lead to another trace than their event says. */
export async function countEdges(store: SurrealStore): Promise<{ edges: number; astray: number }> {
  const [[counted], [astray]] = (await store.query(
    `SELECT count() AS n FROM contains GROUP ALL;
     SELECT count() AS n FROM contains WHERE record::id(in) != out.trace_id GROUP ALL;`,
  )) as [{ n: number }[], { n: number }[]];
  return { edges: counted?.n ?? 0, astray: astray?.n ?? 0 };
}

export async function countRows(store: SurrealStore): Promise<number> {
  const [[counted]] = (await store.query('SELECT count() AS n FROM agent_event GROUP ALL')) as [
    { n: number }[],
  ];
  return counted?.n ?? 0;
}

export async function readPoints(url: string): Promise<Point[]> {
  const { client, collection } = connectQdrant(url, { timeoutMs: INDEXING_LIMIT_MS });
  const points: Point[] = [];
  let offset: string | number | Record<string, unknown> | null | undefined;
  do {
    const page = await client.scroll(collection, {
      limit: PAGE,
      offset,
      with_payload: ['event_id', 'trace_id'],
    });
    points.push(...page.points.map(({ payload }) => payload as unknown as Point));
    offset = page.next_page_offset;
  } while (offset);
  return points;
}

/** Every committed record of a topic. */
export async function readRecords(brokers: string[], topic: string): Promise<EncodedRecord[]> {
  const cluster = new ClusterClient({ brokers, clientId: 'faults-check' });
  await cluster.connect([topic]);
  const all: EncodedRecord[] = [];
  try {
    for await (const records of readTopic(cluster, topic, { from: 'start', follow: false })) {
      all.push(...records);
    }
  } finally {
    await cluster.disconnect();
  }
  return all;
}

/** The events among the records of agent-events by (event_id, generation, revision). @throws where one cannot be read. */
export function emissionsOf(codec: Codec, records: EncodedRecord[]): Emission[] {
  return records.flatMap(({ partition, offset, value }) => {
    const read = codec.decode<AgentEvent>(value!, SCHEMA_NAMES);
    if (!read.ok) throw new Error(`agent-events holds what cannot be read: ${read.error.message}`);
    if (read.value.schema !== 'agent-event') return [];
    const { event_id, generation, revision } = read.value.value;
    return [{ at: `${partition}/${offset}`, name: `${event_id}/${generation}/${revision}` }];
  });
}

export const deadLettersOf = (records: EncodedRecord[]): DeadLetter[] =>
  records.map(({ headers }) => deadLetterOf(headers));
