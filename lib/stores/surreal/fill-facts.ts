import { FACTS_VERSION } from '../../model/facts/event-fact.js';
import type { SurrealStore } from './connection.js';
import type { Position } from './cursor.js';
import { toFactRecord } from './facts.js';
import { eventRecord, fromEventRecord } from './records.js';
import { type Page, scanPage } from './scan.js';

const ROWS = 500;

/**
 * Makes the facts of rows that were written without them, or with facts of another version; does nothing where that was done. Writers
 * may be at work: a row that changes meanwhile keeps the fact that they wrote. Begun again from the start where it was cut off.
 * @returns rows looked at. @throws StoreUnavailableError, StoreRefusedError; and when `signal` aborts.
 */
export async function fillFacts(store: SurrealStore, signal: AbortSignal): Promise<number> {
  const [versions] = await store.query<[string[]]>('SELECT VALUE version FROM vectadb_schema:facts;');
  if (versions[0] === FACTS_VERSION) return 0;
  let after: Position | null = null;
  let rows = 0;
  do {
    signal.throwIfAborted();
    const page: Page = await scanPage(store, {
      table: 'agent_event',
      order: 'desc',
      lead: null,
      conditions: [],
      bindings: {},
      fromMs: null,
      toMs: null,
      limit: ROWS,
      after,
    });
    const facts = page.rows.map(fromEventRecord).map((event) => ({
      event: eventRecord(event.event_id),
      revision: event.revision,
      generation: event.generation,
      fact: toFactRecord(event),
    }));
    await store.query(
      `BEGIN;
       FOR $one IN $facts {
         IF $one.event.revision = $one.revision AND $one.event.generation = $one.generation {
           UPSERT $one.fact.id CONTENT $one.fact RETURN NONE;
         };
       };
       COMMIT;`,
      { facts },
    );
    rows += page.rows.length;
    after = page.next;
  } while (after !== null);
  await store.query('UPSERT vectadb_schema:facts SET version = $version;', { version: FACTS_VERSION });
  return rows;
}
