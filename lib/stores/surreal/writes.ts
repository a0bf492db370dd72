import type { AgentEvent, AgentTrace, GroupLink, RawPosition } from '../../model/events.js';
import type { SurrealStore } from './connection.js';
import { toFactRecord } from './facts.js';
import { COUNT_NEW, countCopied, countKnown, type KnownEvent, nameOfRaw, tallyBindings } from './flow.js';
import { REPLACES_STORED, replaces, type Version } from './precedence.js';
import {
  containsRecord,
  eventRecord,
  recountRecord,
  toEventRecord,
  toTraceRecord,
  traceRecord,
} from './records.js';

/** A group of the greatest size is moved in one transaction; measured at 2 to 3 s. */
const MOVE_TIMEOUT_MS = 120_000;

/** Event flag: the tracer's state of the group was lost, so its counts say less than the rows. */
export const STATE_LOST = 'state_lost';

const SHARED_ID = 'an event id in two groups';

export interface WriteCounts {
  inserted: number;
  replaced: number;
  ignored: number;
  /** Traces that rows were taken from. */
  left: string[];
}

interface EventWrite {
  event: AgentEvent;
  record: Record<string, unknown>;
  fact: Record<string, unknown>;
}

const edgeOf = ({ event }: EventWrite) => ({
  id: containsRecord(event.event_id),
  in: traceRecord(event.trace_id),
  out: eventRecord(event.event_id),
});

/**
 * Stores events, each at most once per id: those that are new by INSERT IGNORE, the rest where they are newer than the
 * stored row (see precedence.ts). Row, edge and fact are written in one transaction, so an event that exists has them.
 * Ids must be distinct. What is new is counted by the hour (see flow.ts). Marks traces for a recount where counts from
 * elsewhere can no longer be right.
 *
 * @throws StoreUnavailableError, StoreRefusedError; calling again with the same events is harmless.
 */
export async function writeEvents(
  store: SurrealStore,
  events: AgentEvent[],
  { shard = 0, uncounted = NONE }: CountOptions = {},
): Promise<WriteCounts> {
  const writes = events.map((event) => ({
    event,
    record: toEventRecord(event),
    fact: toFactRecord(event),
  }));
  const lost = events.filter((event) => event.flags.includes(STATE_LOST)).map((event) => event.trace_id);
  const results = await store.query<unknown[]>(
    `BEGIN;
     LET $new = (INSERT IGNORE INTO agent_event $rows RETURN VALUE id);
     LET $all = array::len($new) = array::len($rows);
     LET $edges_of_new = IF $all { $edges } ELSE { $edges.filter(|$edge| $edge.out IN $new) };
     INSERT RELATION INTO contains $edges_of_new RETURN NONE;
     LET $new_ids = IF $all { [] } ELSE { $new.map(|$id| record::id($id)) };
     LET $facts_of_new = IF $all { $facts } ELSE { $facts.filter(|$fact| record::id($fact.id)[1] IN $new_ids) };
     INSERT INTO event_fact $facts_of_new RETURN NONE;
     ${COUNT_NEW}
     ${markStatement(lost)}
     RETURN $new;
     COMMIT;`,
    {
      rows: writes.map(({ record }) => record),
      edges: writes.map(edgeOf),
      facts: writes.map(({ fact }) => fact),
      ...tallyBindings(events, shard, uncounted),
      ...markBindings(lost, STATE_LOST),
    },
  );
  const inserted = new Set((results.at(-2) as { id: unknown }[]).map((id) => String(id.id)));
  if (inserted.size === writes.length) return { inserted: writes.length, replaced: 0, ignored: 0, left: [] };
  const known = writes.filter(({ event }) => !inserted.has(event.event_id));
  const { replaced, left } = await replaceEvents(store, known, { shard, uncounted });
  return { inserted: inserted.size, replaced, ignored: known.length - replaced, left };
}

/** How rows are counted. `shard`: writers of one count wait for each other. `uncounted`: ids of events that are copies of accepted ones. */
export interface CountOptions {
  shard?: number;
  uncounted?: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

interface Head extends Omit<Version, 'updated_ms'> {
  updated_at: Date;
  trace_id: string;
  raw: RawPosition;
}

/** The guarded way: reads what stands, then writes what is newer, with the guard in the statement as well. */
async function replaceEvents(
  store: SurrealStore,
  writes: EventWrite[],
  { shard, uncounted }: Required<CountOptions>,
): Promise<Pick<WriteCounts, 'replaced' | 'left'>> {
  const [heads] = await store.query<[(Head | null | undefined)[]]>(
    'RETURN $ids.{generation, revision, group_id, updated_at, trace_id, raw};',
    { ids: writes.map(({ record }) => record.id) },
  );
  const newer: EventWrite[] = [];
  const others: KnownEvent[] = [];
  const same: AgentEvent[] = [];
  const strangers = new Set<string>();
  const left = new Set<string>();
  writes.forEach((write, index) => {
    const head = heads[index];
    if (!head?.updated_at) {
      newer.push(write); // deleted since
      return;
    }
    const { event } = write;
    if (!uncounted.has(event.event_id)) {
      if (nameOfRaw(head.raw) === nameOfRaw(event.raw)) same.push(event);
      else others.push({ event, row: head.raw });
    }
    if (head.group_id !== event.group_id) strangers.add(head.trace_id).add(event.trace_id);
    if (!replaces(event, { ...head, updated_ms: head.updated_at.getTime() })) return;
    newer.push(write);
    if (head.trace_id !== event.trace_id) left.add(head.trace_id);
  });
  // before the rows are replaced: what they came of is compared
  await countKnown(store, shard, others);
  await countCopied(store, shard, same);
  const marks = [...strangers];
  if (newer.length === 0 && marks.length === 0) return { replaced: 0, left: [] };
  await store.query(
    `BEGIN;
     FOR $write IN $writes {
       LET $r = $write.row;
       LET $was = $r.id.trace_id;
       LET $rank = $r.id.rank;
       LET $done = (UPSERT $r.id CONTENT $r WHERE ${REPLACES_STORED} RETURN VALUE id);
       IF array::len($done) > 0 AND $was != $r.trace_id {
         DELETE $write.edge.id RETURN NONE;
         INSERT RELATION INTO contains $write.edge RETURN NONE;
       };
       IF array::len($done) > 0 {
         IF $rank != $r.rank { DELETE type::record('event_fact', [$rank, record::id($r.id)]) RETURN NONE; };
         UPSERT $write.fact.id CONTENT $write.fact RETURN NONE;
       };
     };
     ${markStatement(marks)}
     COMMIT;`,
    {
      writes: newer.map((write) => ({ row: write.record, edge: edgeOf(write), fact: write.fact })),
      ...markBindings(marks, SHARED_ID),
    },
  );
  return { replaced: newer.length, left: [...left] };
}

/**
 * Moves every row of a group that is older than the link to the link's trace, rows and edges in one transaction (an
 * edge's `in` cannot be updated: it is made anew). Rows written by a later record of the group are left alone.
 *
 * @param previous traces that the rows may be in; where one of them is marked for a recount, the new one is, too
 * @returns how many rows moved
 */
export async function moveGroup(
  store: SurrealStore,
  link: GroupLink,
  previous: string[] = [link.previous_trace_id],
): Promise<number> {
  // the members are selected first: an UPDATE with both conditions would read the whole table
  const results = await store.query<unknown[]>(
    `BEGIN;
     LET $members = (SELECT VALUE id FROM agent_event WHERE group_id = $group_id);
     LET $moved = (UPDATE $members SET trace_id = $trace_id, revision = $revision, generation = $generation
       WHERE generation < $generation OR (generation = $generation AND revision < $revision) RETURN VALUE id);
     DELETE $moved.map(|$id| type::record('contains', record::id($id))) RETURN NONE;
     INSERT RELATION INTO contains
       $moved.map(|$id| { id: type::record('contains', record::id($id)), in: $trace, out: $id }) RETURN NONE;
     IF array::any($marks_from.map(|$mark| record::exists($mark))) {
       INSERT IGNORE INTO trace_recount { id: $mark_to, reason: 'moved from a recounted trace', since: time::now() } RETURN NONE;
     };
     RETURN array::len($moved);
     COMMIT;`,
    {
      group_id: link.group_id,
      trace_id: link.trace_id,
      trace: traceRecord(link.trace_id),
      revision: link.revision,
      generation: link.generation,
      marks_from: previous.map(recountRecord),
      mark_to: recountRecord(link.trace_id),
    },
    MOVE_TIMEOUT_MS,
  );
  return results.at(-2) as number;
}

/** Stores the latest state of traces, where newer by (generation, revision). Ids must be distinct. */
export async function writeTraces(store: SurrealStore, traces: AgentTrace[]): Promise<number> {
  const lost = traces.filter((trace) => trace.state_lost).map((trace) => trace.trace_id);
  const results = await store.query<unknown[]>(
    `BEGIN;
     LET $written = $rows.map(|$r|
       array::len((UPSERT $r.id CONTENT $r WHERE generation < $r.generation
         OR (generation = $r.generation AND revision < $r.revision) RETURN VALUE id)));
     ${markStatement(lost)}
     RETURN math::sum($written);
     COMMIT;`,
    { rows: traces.map(toTraceRecord), ...markBindings(lost, STATE_LOST) },
  );
  return results.at(-2) as number;
}

/** Has traces counted from their rows from now on, see recount.ts: two groups claim the same event id. */
export async function markForRecount(store: SurrealStore, traceIds: string[]): Promise<void> {
  await store.query(markStatement(traceIds), markBindings(traceIds, SHARED_ID));
}

const markStatement = (traceIds: string[]): string =>
  traceIds.length > 0 ? 'INSERT IGNORE INTO trace_recount $marks RETURN NONE;' : '';

const markBindings = (traceIds: string[], reason: string) =>
  traceIds.length > 0
    ? {
        marks: [...new Set(traceIds)].map((traceId) => ({
          id: recountRecord(traceId),
          reason,
          since: new Date(),
        })),
      }
    : {};

/**
 * Counts events that another of the same id has taken the place of before they were written; rows of a batch are stored first.
 * Those of the same record are forms of one event.
 */
export async function countSuperseded(
  store: SurrealStore,
  events: AgentEvent[],
  shard: number,
): Promise<void> {
  if (events.length === 0) return;
  const [heads] = await store.query<[(Pick<Head, 'raw'> | null | undefined)[]]>('RETURN $ids.{raw};', {
    ids: events.map(({ event_id }) => eventRecord(event_id)),
  });
  const known = events.flatMap((event, index): KnownEvent[] => {
    const row = heads[index]?.raw;
    return row && nameOfRaw(row) !== nameOfRaw(event.raw) ? [{ event, row }] : [];
  });
  await countKnown(store, shard, known);
}
