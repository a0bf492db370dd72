import { loadSchemas } from '../../lib/config/schemas.js';
import { ClusterClient } from '../../lib/kafka/cluster.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import { readTopic } from '../../lib/kafka/topic-reader.js';
import { Codec } from '../../lib/model/codec.js';
import type { AgentEvent, GroupLink } from '../../lib/model/events.js';
import { connectQdrant } from '../../lib/stores/qdrant/store.js';
import { connectSurreal, type SurrealStore } from '../../lib/stores/surreal/index.js';
import type { TestStack } from '../../lib/testing/stack.js';
import { hashOf, type Minted } from './oracle.js';

const PAGE = 5_000;
const INDEXING_LIMIT_MS = 90_000;

export interface StoredEvent {
  event_id: string;
  trace_id: string;
  properties: { message: string; n: number; payload_hash: string };
}

/** Everything that the stores and the topics hold, as the check needs it. */
export interface Holdings {
  rows: StoredEvent[];
  traces: { trace_id: string; total_events: number; merged_into: string | null }[];
  points: { event_id: string; trace_id: string }[];
  emissions: { event_id: string; revision: number; generation: number }[];
  deadLetters: number;
  edges: number;
}

export async function readHoldings(stack: TestStack): Promise<Holdings> {
  const [surreal, points, emissions, deadLetters] = await Promise.all([
    readSurreal(stack),
    readPoints(stack),
    readEmissions(stack),
    countRecords(stack, 'dead-letter'),
  ]);
  return { ...surreal, points, emissions, deadLetters };
}

/** SurrealDB of a stack, as its services use it. */
export const surrealOf = (stack: TestStack): Promise<SurrealStore> =>
  connectSurreal({
    url: stack.env.SURREAL_URL!,
    user: stack.env.SURREAL_USER ?? 'root',
    password: stack.env.SURREAL_PASS ?? 'root',
    namespace: 'vectadb',
    database: 'production',
  });

export async function readSurreal(stack: TestStack): Promise<Pick<Holdings, 'rows' | 'traces' | 'edges'>> {
  const store = await surrealOf(stack);
  try {
    const rows: StoredEvent[] = [];
    for (let start = 0; ; start += PAGE) {
      const [page] = (await store.query(
        'SELECT id, record::id(id) AS event_id, trace_id, properties FROM agent_event ORDER BY id LIMIT $limit START $start',
        { limit: PAGE, start },
      )) as [StoredEvent[]];
      rows.push(...page);
      if (page.length < PAGE) break;
    }
    const [traces] = (await store.query(
      'SELECT record::id(id) AS trace_id, total_events, merged_into FROM agent_trace',
    )) as [Holdings['traces']];
    const [[counted]] = (await store.query('SELECT count() AS n FROM contains GROUP ALL')) as [
      { n: number }[],
    ];
    return { rows, traces, edges: counted?.n ?? 0 };
  } finally {
    await store.close();
  }
}

async function readPoints(stack: TestStack): Promise<Holdings['points']> {
  // the local engine answers nobody while it builds its index, which takes seconds for tens of thousands of points
  const { client, collection } = connectQdrant(stack.env.QDRANT_URL!, { timeoutMs: INDEXING_LIMIT_MS });
  const points: Holdings['points'] = [];
  let offset: string | number | Record<string, unknown> | null | undefined;
  do {
    const page = await client.scroll(collection, {
      limit: PAGE,
      offset,
      with_payload: ['event_id', 'trace_id'],
    });
    points.push(...page.points.map(({ payload }) => payload as unknown as Holdings['points'][number]));
    offset = page.next_page_offset;
  } while (offset);
  return points;
}

async function readEmissions(stack: TestStack): Promise<Holdings['emissions']> {
  const codec = new Codec(loadSchemas());
  await connectRegistry(stack.env.SCHEMA_REGISTRY_URL!, codec).resolveIds();
  const emissions: Holdings['emissions'] = [];
  await forEachRecord(stack, 'agent-events', (value) => {
    const read = codec.decode<AgentEvent | GroupLink>(value!, [
      'agent-event',
      'group-link',
      'event-retraction',
    ]);
    if (!read.ok) throw new Error(`agent-events holds what cannot be read: ${read.error.message}`);
    if (read.value.schema === 'agent-event') {
      const { event_id, revision, generation } = read.value.value as AgentEvent;
      emissions.push({ event_id, revision, generation });
    }
  });
  return emissions;
}

async function countRecords(stack: TestStack, topic: string): Promise<number> {
  let count = 0;
  await forEachRecord(stack, topic, () => {
    count++;
  });
  return count;
}

async function forEachRecord(
  stack: TestStack,
  topic: string,
  see: (value: Buffer | null) => void,
): Promise<void> {
  const cluster = new ClusterClient({ brokers: stack.brokers, clientId: 'verify' });
  await cluster.connect([topic]);
  try {
    for await (const records of readTopic(cluster, topic, { from: 'start', follow: false })) {
      for (const { value } of records) see(value);
    }
  } finally {
    await cluster.disconnect();
  }
}

/** What is wrong; empty when every acknowledged event is stored once in each store, intact and in its trace. */
export function faultsOf(holdings: Holdings, { events, traceOf }: Minted): string[] {
  const faults: string[] = [];
  const compare = (where: string, stored: { event_id: string; trace_id: string }[]) => {
    const times = new Map<string, number>();
    let misplaced = 0;
    for (const { event_id, trace_id } of stored) {
      times.set(event_id, (times.get(event_id) ?? 0) + 1);
      if (traceOf.get(event_id) !== trace_id) misplaced++;
    }
    const lost = events.filter(({ event_id }) => !times.has(event_id)).length;
    const doubled = [...times.values()].filter((n) => n > 1).length;
    const invented = [...times.keys()].filter((id) => !traceOf.has(id)).length;
    for (const [what, n] of Object.entries({ lost, doubled, invented, misplaced })) {
      if (n > 0) faults.push(`${where}: ${n} ${what}`);
    }
  };
  compare('SurrealDB', holdings.rows);
  compare('Qdrant', holdings.points);
  const damaged = holdings.rows.filter(
    ({ properties: p }) => hashOf(p.message, p.n) !== p.payload_hash,
  ).length;
  if (damaged > 0) faults.push(`SurrealDB: ${damaged} damaged`);
  if (holdings.edges !== holdings.rows.length)
    faults.push(`${holdings.edges} edges for ${holdings.rows.length} rows`);

  const emitted = new Set<string>();
  let twice = 0;
  for (const { event_id, generation, revision } of holdings.emissions) {
    const name = `${event_id}/${generation}/${revision}`;
    if (emitted.has(name)) twice++;
    emitted.add(name);
  }
  if (twice > 0) faults.push(`agent-events: ${twice} (event_id, revision) more than once`);
  const rowsOf = new Map<string, number>();
  for (const { trace_id } of holdings.rows) rowsOf.set(trace_id, (rowsOf.get(trace_id) ?? 0) + 1);
  for (const { trace_id, total_events } of holdings.traces) {
    const rows = rowsOf.get(trace_id) ?? 0;
    if (rows !== total_events) faults.push(`trace ${trace_id}: total_events ${total_events}, rows ${rows}`);
    rowsOf.delete(trace_id);
  }
  if (rowsOf.size > 0) faults.push(`${rowsOf.size} traces have rows and no agent_trace`);
  if (holdings.deadLetters > 0) faults.push(`${holdings.deadLetters} dead letters`);
  return faults.slice(0, 20);
}
