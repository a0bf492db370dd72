import { createHash } from 'node:crypto';
import pRetry from 'p-retry';
import type { SurrealStore } from './connection.js';
import { StoreRefusedError } from './errors.js';

const identifier = (name: string) => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;

/** What both main tables have: who wrote the row last. Compared as (generation, revision) by every write. */
const guard = (table: string) => `
DEFINE FIELD OVERWRITE revision ON ${table} TYPE int;
DEFINE FIELD OVERWRITE generation ON ${table} TYPE int;
DEFINE FIELD OVERWRITE created_at ON ${table} TYPE datetime;
DEFINE FIELD OVERWRITE updated_at ON ${table} TYPE datetime;`;

/**
 * Fields are overwritten (cheap), indexes are not (that would build them anew). Times are datetimes; what is looked up by
 * time is kept as a number beside it: the engine's index of a datetime sorts 12:00:00 behind 12:00:00.5.
 */
const TABLES = `
DEFINE TABLE OVERWRITE agent_event SCHEMAFULL;
DEFINE FIELD OVERWRITE trace_id ON agent_event TYPE string;
DEFINE FIELD OVERWRITE group_id ON agent_event TYPE string;
DEFINE FIELD OVERWRITE group_key ON agent_event TYPE string;
DEFINE FIELD OVERWRITE session_id ON agent_event TYPE option<string>;
DEFINE FIELD OVERWRITE agent_id ON agent_event TYPE option<string>;
DEFINE FIELD OVERWRITE timestamp ON agent_event TYPE datetime;
DEFINE FIELD OVERWRITE timestamp_ms ON agent_event TYPE int;
DEFINE FIELD OVERWRITE rank ON agent_event TYPE int;
DEFINE FIELD OVERWRITE event_type ON agent_event TYPE string;
DEFINE FIELD OVERWRITE framework ON agent_event TYPE option<string>;
DEFINE FIELD OVERWRITE properties ON agent_event TYPE object FLEXIBLE;
DEFINE FIELD OVERWRITE source ON agent_event TYPE option<object> FLEXIBLE;
DEFINE FIELD OVERWRITE raw ON agent_event TYPE object FLEXIBLE;
DEFINE FIELD OVERWRITE why ON agent_event TYPE object FLEXIBLE;
DEFINE FIELD OVERWRITE options ON agent_event TYPE option<object> FLEXIBLE;
DEFINE FIELD OVERWRITE flags ON agent_event TYPE array<string>;
${guard('agent_event')}
DEFINE INDEX IF NOT EXISTS idx_oldest ON agent_event FIELDS timestamp_ms;
DEFINE INDEX IF NOT EXISTS idx_newest ON agent_event FIELDS rank;
DEFINE INDEX IF NOT EXISTS idx_trace_id ON agent_event FIELDS trace_id, rank;
DEFINE INDEX IF NOT EXISTS idx_event_type ON agent_event FIELDS event_type, rank;
DEFINE INDEX IF NOT EXISTS idx_agent_id ON agent_event FIELDS agent_id, rank;
DEFINE INDEX IF NOT EXISTS idx_session_id ON agent_event FIELDS session_id, rank;
DEFINE INDEX IF NOT EXISTS idx_group_id ON agent_event FIELDS group_id;

DEFINE TABLE OVERWRITE event_fact SCHEMAFULL;
DEFINE FIELD OVERWRITE type ON event_fact TYPE string;
DEFINE FIELD OVERWRITE agent ON event_fact TYPE option<string>;
DEFINE FIELD OVERWRITE framework ON event_fact TYPE option<string>;
DEFINE FIELD OVERWRITE level ON event_fact TYPE option<string>;
DEFINE FIELD OVERWRITE text ON event_fact TYPE string;
DEFINE FIELD OVERWRITE measures ON event_fact TYPE string;
DEFINE EVENT OVERWRITE drop_fact ON agent_event WHEN $event = 'DELETE' AND $before.id != NONE
  THEN { DELETE type::record('event_fact', [$before.rank, record::id($before.id)]) RETURN NONE; };

DEFINE TABLE OVERWRITE agent_trace SCHEMAFULL;
DEFINE FIELD OVERWRITE session_id ON agent_trace TYPE option<string>;
DEFINE FIELD OVERWRITE agent_id ON agent_trace TYPE option<string>;
DEFINE FIELD OVERWRITE status ON agent_trace TYPE string;
DEFINE FIELD OVERWRITE merged_into ON agent_trace TYPE option<string>;
DEFINE FIELD OVERWRITE group_ids ON agent_trace TYPE array<string>;
DEFINE FIELD OVERWRITE continues ON agent_trace TYPE option<string>;
DEFINE FIELD OVERWRITE agents ON agent_trace TYPE array<string>;
DEFINE FIELD OVERWRITE frameworks ON agent_trace TYPE array<string>;
DEFINE FIELD OVERWRITE total_events ON agent_trace TYPE int DEFAULT 0;
DEFINE FIELD OVERWRITE error_count ON agent_trace TYPE int DEFAULT 0;
DEFINE FIELD OVERWRITE event_counts ON agent_trace TYPE object FLEXIBLE;
DEFINE FIELD OVERWRITE tools ON agent_trace TYPE object FLEXIBLE;
DEFINE FIELD OVERWRITE models ON agent_trace TYPE object FLEXIBLE;
DEFINE FIELD OVERWRITE start_time ON agent_trace TYPE datetime;
DEFINE FIELD OVERWRITE rank ON agent_trace TYPE int;
DEFINE FIELD OVERWRITE updated_ms ON agent_trace TYPE int;
DEFINE FIELD OVERWRITE end_time ON agent_trace TYPE option<datetime>;
DEFINE FIELD OVERWRITE duration_ms ON agent_trace TYPE int DEFAULT 0;
DEFINE FIELD OVERWRITE state_lost ON agent_trace TYPE bool DEFAULT false;
${guard('agent_trace')}
DEFINE INDEX IF NOT EXISTS idx_newest ON agent_trace FIELDS rank;
DEFINE INDEX IF NOT EXISTS idx_session_id ON agent_trace FIELDS session_id, rank;
DEFINE INDEX IF NOT EXISTS idx_agent_id ON agent_trace FIELDS agent_id, rank;
DEFINE INDEX IF NOT EXISTS idx_status ON agent_trace FIELDS status, rank;
DEFINE INDEX IF NOT EXISTS idx_updated ON agent_trace FIELDS updated_ms;

DEFINE TABLE OVERWRITE contains TYPE RELATION IN agent_trace OUT agent_event SCHEMAFULL;

DEFINE TABLE OVERWRITE causedBy TYPE RELATION IN agent_event OUT agent_event SCHEMAFULL;
DEFINE FIELD OVERWRITE group_id ON causedBy TYPE string;
DEFINE FIELD OVERWRITE reason ON causedBy TYPE string;
DEFINE INDEX IF NOT EXISTS idx_group_id ON causedBy FIELDS group_id;

DEFINE TABLE OVERWRITE flow_hour SCHEMAFULL;
DEFINE FIELD OVERWRITE hour ON flow_hour TYPE int;
DEFINE FIELD OVERWRITE stored ON flow_hour TYPE int DEFAULT 0;
DEFINE FIELD OVERWRITE duplicates ON flow_hour TYPE int DEFAULT 0;
DEFINE FIELD OVERWRITE dead_letters ON flow_hour TYPE int DEFAULT 0;

DEFINE TABLE OVERWRITE flow_known SCHEMAFULL;
DEFINE FIELD OVERWRITE raws ON flow_known TYPE array<string>;
DEFINE FIELD OVERWRITE at_ms ON flow_known TYPE int;
DEFINE INDEX IF NOT EXISTS idx_at ON flow_known FIELDS at_ms;

DEFINE TABLE OVERWRITE flow_refused SCHEMAFULL;
DEFINE FIELD OVERWRITE at_ms ON flow_refused TYPE int;
DEFINE INDEX IF NOT EXISTS idx_at ON flow_refused FIELDS at_ms;

DEFINE TABLE OVERWRITE flow_uncounted SCHEMAFULL;
DEFINE FIELD OVERWRITE at_ms ON flow_uncounted TYPE int;
DEFINE INDEX IF NOT EXISTS idx_at ON flow_uncounted FIELDS at_ms;

DEFINE TABLE OVERWRITE flow_retracted SCHEMAFULL;
DEFINE FIELD OVERWRITE at_ms ON flow_retracted TYPE int;
DEFINE INDEX IF NOT EXISTS idx_at ON flow_retracted FIELDS at_ms;

DEFINE TABLE OVERWRITE vectadb_schema SCHEMAFULL;
DEFINE FIELD OVERWRITE version ON vectadb_schema TYPE string;

DEFINE TABLE OVERWRITE trace_recount SCHEMAFULL;
DEFINE FIELD OVERWRITE reason ON trace_recount TYPE string;
DEFINE FIELD OVERWRITE since ON trace_recount TYPE datetime;
DEFINE FIELD OVERWRITE turn ON trace_recount TYPE int DEFAULT 0;
`;

/** Which tables a database has: compared before anything is defined. */
const VERSION = createHash('sha256').update(TABLES).digest('hex').slice(0, 16);

const CONFLICT_RETRIES = 8;

/**
 * Makes namespace, database, tables, fields and indexes, or finds that they are there. Can be called at any time and by
 * several services at once: definitions made at the same moment conflict, and are made again.
 * @throws StoreRefusedError, StoreUnavailableError
 */
export async function applySchema(
  store: Pick<SurrealStore, 'query'>,
  names: { namespace: string; database: string },
): Promise<void> {
  await pRetry(() => define(store, names), {
    retries: CONFLICT_RETRIES,
    minTimeout: 50,
    maxTimeout: 2_000,
    randomize: true,
    shouldRetry: ({ error }) => error instanceof StoreRefusedError && error.conflict,
  });
}

async function define(
  store: Pick<SurrealStore, 'query'>,
  names: { namespace: string; database: string },
): Promise<void> {
  if ((await versionOf(store)) === VERSION) return;
  await store.query(
    `DEFINE NAMESPACE IF NOT EXISTS ${identifier(names.namespace)};
     USE NS ${identifier(names.namespace)};
     DEFINE DATABASE IF NOT EXISTS ${identifier(names.database)};
     USE NS ${identifier(names.namespace)} DB ${identifier(names.database)};`,
  );
  await store.query(TABLES);
  // a query of its own: it must not be noted where one of the definitions failed
  await store.query('UPSERT vectadb_schema:current SET version = $version;', { version: VERSION });
}

async function versionOf(store: Pick<SurrealStore, 'query'>): Promise<string | null> {
  try {
    const [versions] = await store.query<[string[]]>('SELECT VALUE version FROM vectadb_schema:current;');
    return versions[0] ?? null;
  } catch (error) {
    if (error instanceof StoreRefusedError && !error.conflict) return null; // no such table, or no such database yet
    throw error;
  }
}
