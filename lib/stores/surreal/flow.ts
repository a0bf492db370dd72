import { RecordId } from 'surrealdb';
import type { AgentEvent, RawPosition } from '../../model/events.js';
import { HOUR_MS, hourOf } from '../../model/flow-account.js';
import type { SurrealStore } from './connection.js';
import { eventRecord } from './records.js';

/**
 * Accounts of what is stored, by the hour of append time in raw-logs: the store's side of flow-accounts. Each form of an event that trace
 * emitted is counted once, by its name, the id and the record of raw-logs that it came of: in the transaction that inserts its row, as
 * another record's duplicate, or as refused. Batches come again, in part and late, so what cannot be read off a row leaves a mark:
 *
 *   flow_known      further records of an id, counted as duplicates
 *   flow_refused    what went to dead-letter and has no row
 *   flow_uncounted  a row that a copy has made: it is counted when the original comes
 *   flow_retracted  what was counted and has no row any more: if it comes again, its row is not counted
 *
 * Rows that retention takes later stay counted: they were stored.
 */
export interface StoredHour {
  hour: number;
  /** Rows inserted. */
  stored: number;
  /** Events whose id has a row that came of another record. */
  duplicates: number;
  /** Events that the store refused. */
  dead_letters: number;
}

type Named = Pick<AgentEvent, 'event_id' | 'raw' | 'created_ms'>;
type Mark = 'flow_refused' | 'flow_uncounted' | 'flow_retracted';

/** One writer at a time, as a partition of agent-events has: writers of one account would wait for each other. */
const accountRecord = (hour: number, shard: number) => new RecordId('flow_hour', [hour, shard]);

/** Name of a record of raw-logs and the event in it. */
export const nameOfRaw = ({ topic, partition, offset, index }: RawPosition): string =>
  `${topic}/${partition}/${offset}/${index}`;

const markRecord = (table: Mark, { event_id, raw }: Pick<Named, 'event_id' | 'raw'>) =>
  new RecordId(table, [event_id, raw.topic, raw.partition, raw.offset, raw.index]);

/** The same record in SurrealQL. `row`: a row's id, or something with its fields; `id`: its id, for a row does not know it in the transaction that inserts it. */
export const markOfRow = (table: Mark, row: string, id = row): string =>
  `type::record('${table}', [record::id(${id}), ${row}.raw.topic, ${row}.raw.partition, ${row}.raw.offset, ${row}.raw.index])`;

/** Marks are few or none: a statement that looks for one need not look for each row. */
const anyMark = (table: Mark): string => `array::len((SELECT VALUE id FROM ${table} LIMIT 1)) > 0`;

const hourOfRow = `math::floor(time::millis($row.created_at) / ${HOUR_MS})`;

/** To be part of the transaction that inserts rows: `$new` has the ids of those that are new, `$all` says whether all are. */
export const COUNT_NEW = `
  LET $before = IF ${anyMark('flow_retracted')} {
    $new.filter(|$row| record::exists(${markOfRow('flow_retracted', '$row')}))
  } ELSE { [] };
  LET $whole = $all AND array::len($before) = 0;
  LET $hours_of_new = IF $whole { [] } ELSE {
    $new.filter(|$row| $row NOT IN $uncounted AND $row NOT IN $before).map(|$row| ${hourOfRow})
  };
  FOR $tally IN $tallies {
    LET $count = IF $whole { $tally.count }
      ELSE { array::len($hours_of_new.filter(|$hour| $hour = $tally.hour)) };
    IF $count > 0 { UPSERT $tally.account SET hour = $tally.hour, stored += $count RETURN NONE; };
  };
  FOR $copy IN $copies {
    IF $copy.event IN $new AND $copy.event NOT IN $before { UPSERT $copy.mark SET at_ms = $copy.at_ms RETURN NONE; };
  };
  IF ${anyMark('flow_refused')} {
    FOR $row IN $new.filter(|$row| record::exists(${markOfRow('flow_refused', '$row')})) {
      LET $hour = ${hourOfRow};
      DELETE ${markOfRow('flow_refused', '$row')} RETURN NONE;
      UPSERT type::record('flow_hour', [$hour, $shard]) SET hour = $hour, dead_letters -= 1 RETURN NONE;
    };
  };`;

/** What {@link COUNT_NEW} is bound to. `uncounted`: ids of events that are copies of what was accepted before. */
export function tallyBindings(events: readonly AgentEvent[], shard: number, uncounted: ReadonlySet<string>) {
  const counts = new Map<number, number>();
  const copies: AgentEvent[] = [];
  for (const event of events) {
    const hour = hourOf(event.created_ms);
    const isCopy = uncounted.has(event.event_id);
    if (isCopy) copies.push(event);
    counts.set(hour, (counts.get(hour) ?? 0) + (isCopy ? 0 : 1));
  }
  return {
    shard,
    tallies: [...counts].map(([hour, count]) => ({ account: accountRecord(hour, shard), hour, count })),
    uncounted: copies.map(({ event_id }) => eventRecord(event_id)),
    copies: copies.map((event) => ({
      event: eventRecord(event.event_id),
      mark: markRecord('flow_uncounted', event),
      at_ms: event.created_ms,
    })),
  };
}

const accountOf = ({ created_ms }: Named, shard: number) => ({
  hour: hourOf(created_ms),
  account: accountRecord(hourOf(created_ms), shard),
});

/** An event whose id has a row of another record of raw-logs. */
export interface KnownEvent {
  event: Named;
  /** The record that the row came of. */
  row: RawPosition;
}

/** Counts events as duplicates, each record of raw-logs once, however often and in whatever order they come. */
export async function countKnown(
  store: SurrealStore,
  shard: number,
  known: readonly KnownEvent[],
): Promise<void> {
  if (known.length === 0) return;
  await store.query(
    `BEGIN;
     FOR $one IN $known {
       LET $id = $one.id;
       LET $told = $id.raws ?? [$one.row];
       IF $one.raw NOT IN $told {
         UPSERT $id SET raws = array::append($told, $one.raw), at_ms = $one.at_ms RETURN NONE;
         UPSERT $one.account SET hour = $one.hour, duplicates += 1 RETURN NONE;
         IF array::len((DELETE $one.refusal RETURN BEFORE)) > 0 {
           UPSERT $one.account SET dead_letters -= 1 RETURN NONE;
         };
       };
     };
     COMMIT;`,
    {
      known: known.map(({ event, row }) => ({
        id: new RecordId('flow_known', event.event_id),
        refusal: markRecord('flow_refused', event),
        row: nameOfRaw(row),
        raw: nameOfRaw(event.raw),
        at_ms: event.created_ms,
        ...accountOf(event, shard),
      })),
    },
  );
}

/** Counts events whose rows were made by copies of them that came first. The rows must be of the same records. */
export async function countCopied(
  store: SurrealStore,
  shard: number,
  events: readonly Named[],
): Promise<void> {
  if (events.length === 0) return;
  await store.query(
    `BEGIN;
     IF ${anyMark('flow_uncounted')} {
       FOR $one IN $events {
         IF array::len((DELETE $one.mark RETURN BEFORE)) > 0 {
           UPSERT $one.account SET hour = $one.hour, stored += 1 RETURN NONE;
         };
       };
     };
     COMMIT;`,
    {
      events: events.map((event) => ({
        mark: markRecord('flow_uncounted', event),
        ...accountOf(event, shard),
      })),
    },
  );
}

/** Counts events that were retracted before they were written: they would have been stored, and gone again. */
export async function countWithdrawn(
  store: SurrealStore,
  shard: number,
  events: readonly Named[],
): Promise<void> {
  if (events.length === 0) return;
  const named = new Map(events.map((event) => [`${event.event_id} ${nameOfRaw(event.raw)}`, event]));
  await store.query(
    `BEGIN;
     FOR $one IN $events {
       IF !record::exists($one.mark) {
         UPSERT $one.mark SET at_ms = time::millis(time::now()) RETURN NONE;
         UPSERT $one.account SET hour = $one.hour, stored += 1 RETURN NONE;
       };
     };
     COMMIT;`,
    {
      events: [...named.values()].map((event) => ({
        mark: markRecord('flow_retracted', event),
        ...accountOf(event, shard),
      })),
    },
  );
}

/** Counts an event that went to dead-letter, once; not where it has a row, for then a later form of it was refused. */
export async function countRefused(store: SurrealStore, shard: number, event: Named): Promise<void> {
  await store.query(
    `BEGIN;
     LET $row = $event.raw;
     IF !record::exists($mark) AND ($row = NONE OR [$row.topic, $row.partition, $row.offset, $row.index] != $raw) {
       UPSERT $mark SET at_ms = $at_ms RETURN NONE;
       UPSERT $account SET hour = $hour, dead_letters += 1 RETURN NONE;
     };
     COMMIT;`,
    {
      event: eventRecord(event.event_id),
      raw: [event.raw.topic, event.raw.partition, event.raw.offset, event.raw.index],
      mark: markRecord('flow_refused', event),
      at_ms: event.created_ms,
      ...accountOf(event, shard),
    },
  );
}

/** Accounts of the hours from `fromHour` on, added up over their writers; hours without any are left out. */
export async function readStoredHours(
  store: Pick<SurrealStore, 'query'>,
  fromHour: number,
): Promise<StoredHour[]> {
  const [rows] = await store.query<[StoredHour[]]>(
    // a range of ids: the table need not be read through
    `SELECT hour, stored, duplicates, dead_letters FROM flow_hour:[${Math.floor(fromHour)}]..;`,
  );
  const hours = new Map<number, StoredHour>();
  for (const { hour, stored, duplicates, dead_letters } of rows) {
    const sum = hours.get(hour) ?? { hour, stored: 0, duplicates: 0, dead_letters: 0 };
    sum.stored += stored;
    sum.duplicates += duplicates;
    sum.dead_letters += dead_letters;
    hours.set(hour, sum);
  }
  return [...hours.values()].sort((a, b) => a.hour - b.hour);
}

/** Forgets what was counted before `beforeMs`, and the names: nothing of then comes again. A retraction is soon behind its reader. */
export async function forgetFlow(store: SurrealStore, beforeMs: number): Promise<void> {
  await store.query(
    `DELETE flow_hour WHERE hour < $hour RETURN NONE;
     DELETE flow_known WHERE at_ms < $ms RETURN NONE;
     DELETE flow_refused WHERE at_ms < $ms RETURN NONE;
     DELETE flow_uncounted WHERE at_ms < $ms RETURN NONE;
     DELETE flow_retracted WHERE at_ms < time::millis(time::now()) - ${24 * HOUR_MS} RETURN NONE;`,
    { hour: hourOf(beforeMs), ms: beforeMs },
  );
}
