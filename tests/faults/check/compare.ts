import type { AgentEvent } from '../../../lib/model/events.js';
import { canonicalJson } from '../../../lib/model/json.js';
import { toEventRecord } from '../../../lib/stores/surreal/records.js';
import { hashOf, type Ledger, type MintedEvent, refsIn } from '../oracle/minted.js';
import type { Emission, Point, StoredEvent, StoredTrace } from './holdings.js';
import type { DeadLetter, Reference } from './reference.js';

/** All that is compared. */
export interface Findings {
  ledger: Ledger;
  reference: Reference;
  rows: StoredEvent[];
  traces: StoredTrace[];
  edges: { edges: number; astray: number };
  points: Point[];
  emissions: Emission[];
  /** What a reader saw that read along from the beginning. */
  readAlong: Emission[];
  deadLetters: DeadLetter[];
}

const MOST = 30;

/** What is wrong, for people; empty when every acknowledged event is stored once in each store, intact and in its trace. */
export function faultsOf(findings: Findings): string[] {
  return [
    ...lostBeforeStores(findings),
    ...compareRows(findings),
    ...comparePoints(findings),
    ...compareTraces(findings),
    ...compareEmissions(findings),
    ...compareDeadLetters(findings),
  ].slice(0, MOST);
}

/** Whether this is about what is stored, and not about how long something took. */
export const isAboutData = (fault: string): boolean =>
  /^(raw-logs|reference run|SurrealDB|Qdrant|traces|agent-events|the reader along|dead-letter): /.test(fault);

/** Counts what was found and names the first few. */
function said(where: string, what: string, found: string[]): string[] {
  if (found.length === 0) return [];
  return [`${where}: ${found.length} ${what} (${found.slice(0, 3).join(', ')})`];
}

/** The oracle's own view: what it was told is safe must come out of the reference run, where it expects it. */
function lostBeforeStores({ ledger, reference }: Findings): string[] {
  const refs = new Map<string, AgentEvent[]>();
  for (const event of reference.events.values()) {
    for (const ref of refsIn(messageOf(event))) refs.set(ref, [...(refs.get(ref) ?? []), event]);
  }
  const lost: string[] = [];
  const misplaced: string[] = [];
  const damaged: string[] = [];
  for (const ref of ledger.acknowledged) {
    const item = ledger.minted.get(ref)!;
    const event = reference.events.get(ref);
    const found = item.kind === 'event' ? (event ? [event] : []) : (refs.get(ref) ?? []);
    if (found.length === 0) lost.push(`${ref} by ${item.way}`);
    if (item.kind === 'line' && !found.some((one) => messageOf(one).includes(item.text))) damaged.push(ref);
    if (item.home && found.some(({ trace_id }) => trace_id !== item.home!.root)) misplaced.push(ref);
  }
  const invented = [...reference.events.values()].filter(
    (event) => !ledger.minted.has(event.event_id) && refsIn(messageOf(event)).length === 0,
  );
  return [
    ...said('raw-logs', 'acknowledged and not there', lost),
    ...said('reference run', 'in another trace than the oracle expects', misplaced),
    ...said('reference run', 'not as they were sent', damaged),
    ...said(
      'reference run',
      'that nobody sent',
      invented.map(({ event_id }) => event_id),
    ),
  ];
}

const messageOf = ({ properties }: AgentEvent): string => {
  const { message } = JSON.parse(properties) as { message?: unknown };
  return typeof message === 'string' ? message : properties;
};

function compareRows({ ledger, reference, rows, edges }: Findings): string[] {
  const stored = new Map<string, StoredEvent>();
  const doubled: string[] = [];
  const invented: string[] = [];
  const different: string[] = [];
  const damaged: string[] = [];
  for (const row of rows) {
    if (stored.has(row.event_id)) doubled.push(row.event_id);
    stored.set(row.event_id, row);
    const expected = reference.events.get(row.event_id);
    if (!expected) {
      invented.push(row.event_id);
      continue;
    }
    const fields = differences(row, expected);
    if (fields.length > 0) different.push(`${row.event_id}: ${fields.join('; ')}`);
    const minted = ledger.minted.get(row.event_id);
    if (minted?.kind === 'event' && !isIntact(row, minted)) damaged.push(row.event_id);
  }
  const missing = [...reference.events.keys()].filter((id) => !stored.has(id));
  return [
    ...said('SurrealDB', 'lost', missing),
    ...said('SurrealDB', 'doubled', doubled),
    ...said('SurrealDB', 'that the reference run does not have', invented),
    ...said('SurrealDB', 'other than in the reference run', different),
    ...said('SurrealDB', 'damaged', damaged),
    ...(edges.edges === rows.length ? [] : [`SurrealDB: ${edges.edges} edges for ${rows.length} rows`]),
    ...(edges.astray === 0 ? [] : [`SurrealDB: ${edges.astray} edges to another trace than their row's`]),
  ];
}

function isIntact({ properties }: StoredEvent, { body }: MintedEvent): boolean {
  const { message, n } = properties as MintedEvent['body']['properties'];
  return (
    hashOf(message, n) === body.properties.payload_hash &&
    properties.payload_hash === body.properties.payload_hash
  );
}

const FIELDS = [
  'trace_id',
  'group_id',
  'session_id',
  'agent_id',
  'timestamp_ms',
  'event_type',
  'properties',
  'flags',
] as const;

function differences(row: StoredEvent, event: AgentEvent): string[] {
  const expected = toEventRecord(event);
  const told = (value: unknown) => canonicalJson(value ?? null);
  return FIELDS.filter((field) => told(row[field]) !== told(expected[field])).map(
    (field) => `${field} ${told(row[field]).slice(0, 80)}, not ${told(expected[field]).slice(0, 80)}`,
  );
}

function comparePoints({ reference, points }: Findings): string[] {
  const stored = new Map<string, Point>();
  const doubled: string[] = [];
  const invented: string[] = [];
  const misplaced: string[] = [];
  for (const point of points) {
    if (stored.has(point.event_id)) doubled.push(point.event_id);
    stored.set(point.event_id, point);
    const expected = reference.events.get(point.event_id);
    if (!expected) invented.push(point.event_id);
    else if (expected.trace_id !== point.trace_id) misplaced.push(point.event_id);
  }
  const missing = [...reference.events.keys()].filter((id) => !stored.has(id));
  return [
    ...said('Qdrant', 'lost', missing),
    ...said('Qdrant', 'doubled', doubled),
    ...said('Qdrant', 'that the reference run does not have', invented),
    ...said('Qdrant', 'in another trace', misplaced),
  ];
}

function compareTraces({ reference, rows, traces }: Findings): string[] {
  const rowsOf = new Map<string, number>();
  for (const { trace_id } of rows) rowsOf.set(trace_id, (rowsOf.get(trace_id) ?? 0) + 1);
  const miscounted: string[] = [];
  const different: string[] = [];
  for (const { trace_id, total_events, merged_into } of traces) {
    const count = rowsOf.get(trace_id) ?? 0;
    if (count !== total_events) miscounted.push(`${trace_id}: total_events ${total_events}, rows ${count}`);
    const expected = reference.traces.get(trace_id);
    if (!expected) different.push(`${trace_id} is not in the reference run`);
    else if (expected.total_events !== total_events)
      different.push(`${trace_id}: ${total_events} events, not ${expected.total_events}`);
    else if ((expected.merged_into ?? null) !== (merged_into ?? null))
      different.push(`${trace_id}: merged into ${merged_into}, not ${expected.merged_into}`);
    rowsOf.delete(trace_id);
  }
  return [
    ...said('traces', 'miscounted', miscounted),
    ...said('traces', 'other than in the reference run', different),
    ...said('traces', 'have rows and no agent_trace', [...rowsOf.keys()]),
  ];
}

function compareEmissions({ emissions, readAlong }: Findings): string[] {
  const repeatedIn = (list: Emission[]) => {
    const seen = new Set<string>();
    const repeated: string[] = [];
    for (const { name } of list) {
      if (seen.has(name)) repeated.push(name);
      seen.add(name);
    }
    return repeated;
  };
  const stands = new Set(emissions.map(({ at }) => at));
  const seen = new Set(readAlong.map(({ at }) => at));
  return [
    ...said('agent-events', '(event_id, generation, revision) more than once', repeatedIn(emissions)),
    ...said('the reader along', '(event_id, generation, revision) more than once', repeatedIn(readAlong)),
    ...said(
      'the reader along',
      'records that are not in the topic',
      [...seen].filter((at) => !stands.has(at)),
    ),
    ...said(
      'the reader along',
      'records missed',
      [...stands].filter((at) => !seen.has(at)),
    ),
  ];
}

function compareDeadLetters({ reference, deadLetters }: Findings): string[] {
  const nameOf = ({ topic, partition, offset, cause }: DeadLetter) =>
    `${topic}/${partition}/${offset} ${cause}`;
  const expected = new Set(reference.deadLetters.map(nameOf));
  const counts = new Map<string, number>();
  for (const letter of deadLetters) counts.set(nameOf(letter), (counts.get(nameOf(letter)) ?? 0) + 1);
  return [
    ...said(
      'dead-letter',
      'missing',
      [...expected].filter((name) => !counts.has(name)),
    ),
    ...said(
      'dead-letter',
      'more than once',
      [...counts].flatMap(([name, n]) => (n > 1 ? [name] : [])),
    ),
    ...said(
      'dead-letter',
      'that should not be there',
      [...counts.keys()].filter((name) => !expected.has(name)),
    ),
  ];
}
