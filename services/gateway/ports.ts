import type { Readable } from 'node:stream';
import type { ListedLetter, ListPlace } from '../../lib/dead-letters/listed-letter.js';
import type { Outcome } from '../../lib/dead-letters/outcomes.js';
import type { LetterFilter } from '../../lib/dead-letters/selection.js';
import type { LetterGroup } from '../../lib/dead-letters/summary.js';
import type { TrailRedrive } from '../../lib/dead-letters/trail-entry.js';
import type { GroupLag } from '../../lib/kafka/lag.js';
import type { ShownRecord } from '../../lib/kafka/shown-record.js';
import type { PriceTable } from '../../lib/model/cost/price-table.js';
import type { Masker } from '../../lib/model/masking/masker.js';
import type {
  EventContext,
  EventFilter,
  EventRow,
  MeasuresRead,
  Paging,
  StatsFilter,
  StoredHour,
  TraceDay,
  TraceFilter,
  TraceOrder,
  TraceRow,
  TraceView,
} from '../../lib/stores/surreal/index.js';
import type { LetterPosition } from '../../lib/topology/redrive.js';
import type { Answer } from './core/answer-table.js';
import type { Principal, Scope } from './core/api-keys.js';
import type { AuditEntry } from './core/audit-filter.js';
import type { HourGaps, SentAccount, Unread } from './core/flow.js';
import type { KeyRecord, ListedKey } from './core/key-table.js';
import type { LiveFilter } from './core/live-filter.js';
import type { RawEvent } from './core/raw-event.js';
import type { Letter, Looked, Sighting, Trail } from './core/receipt.js';
import type { FlowReport } from './flow.js';
import type { TrialOut } from './schemas-patterns.js';

/** What stands behind the HTTP API. Adapters implement it; a test of the HTTP shapes puts its own in their place. */
export interface Ports {
  ingest: IngestPort;
  store: StorePort;
  search: SearchPort;
  trail: TrailPort;
  look: LookPort;
  deadLetters: DeadLetterPort;
  trials: TrialPort;
  live: LivePort;
  /** The last measurement of what was accepted and what became of it; null, and why, where there is none. */
  flow: { readonly report: { report: FlowReport | null; failure: string } };
  keys: KeyStore;
  keyAdmin: KeyAdmin;
  audit: AuditPort;
  erasure: ErasurePort;
  /** Takes secrets out of what comes in. */
  masker: Masker;
  /** The price table as it is now. */
  prices: () => PriceTable;
  /** Unix milliseconds. */
  now: () => number;
  health: () => HealthReport | Promise<HealthReport>;
}

/** The way into raw-logs. */
export interface IngestPort {
  /**
   * Resolves when Kafka has stored all of them (acks=all). @throws Problem `overloaded` or `kafka-unavailable`: some may
   * be stored all the same; sending them again is safe, because their ids are the same.
   */
  publish(records: readonly Pick<RawEvent, 'key' | 'log'>[]): Promise<void>;
  /**
   * As {@link publish}, then waits for the processor's answers as long as that is worth it. An event that is missing
   * from the map is stored, its trace not known yet. `wait` false: does not wait.
   */
  publishAndWait(events: readonly RawEvent[], wait: boolean): Promise<ReadonlyMap<string, Answer>>;
}

/** SurrealDB. Every method @throws Problem `store-unavailable` while it does not answer. */
export interface StorePort {
  getEvent(eventId: string): Promise<EventRow | null>;
  /** Those that exist, in the order asked for. */
  getEventsByIds(eventIds: readonly string[]): Promise<EventRow[]>;
  /** @throws Problem `invalid-request` on a cursor that this listing did not give. A page may be short and not be the last. */
  listEvents(
    filter: EventFilter & Paging & { order?: 'asc' | 'desc' },
  ): Promise<{ events: EventRow[]; next_cursor: string | null }>;
  listTraces(
    filter: TraceFilter & Paging & { by?: TraceOrder },
  ): Promise<{ traces: TraceRow[]; next_cursor: string | null }>;
  /** One that was merged leads to the trace that it is part of. */
  getTrace(traceId: string, maxEvents: number): Promise<TraceView | null>;
  /** An event with what is stored about its place, up to `siblings` of its trace on either side. */
  getEventContext(eventId: string, siblings: number): Promise<EventContext | null>;
  findTraceBySession(sessionId: string): Promise<string | null>;
  /** Traces of a session's newest thousand events. */
  tracesOfSession(sessionId: string): Promise<string[]>;
  /** What statistics count of each event of a range. Requests for the same range at the same time share one reading. */
  measures(filter: StatsFilter): Promise<MeasuresRead>;
  tracesByDay(filter: StatsFilter): Promise<{ days: TraceDay[]; reachedMs: number | null }>;
  /** What was stored, by the hour of append time in raw-logs from `fromHour` on (hours since 1970). */
  storedHours(fromHour: number): Promise<StoredHour[]>;
}

/** `lexical (hashed)`: no model is there, so words are compared, not meaning. */
export type SearchMode = 'semantic' | 'lexical (hashed)';

/** Times in Unix milliseconds, `[from_ms, to_ms)`. */
export interface SearchFilter {
  event_type?: string | string[];
  agent_id?: string | string[];
  trace_id?: string | string[];
  from_ms?: number;
  to_ms?: number;
}

/** Qdrant and the embedder. @throws Problem `store-unavailable` while it does not answer. */
export interface SearchPort {
  readonly mode: SearchMode;
  /** Best first; `score` is the cosine similarity. */
  search(query: string, filter: SearchFilter, limit: number): Promise<{ event_id: string; score: number }[]>;
  /** The events nearest to a stored one, itself left out; null where it has no vector. */
  similar(
    eventId: string,
    filter: SearchFilter,
    limit: number,
  ): Promise<{ event_id: string; score: number }[] | null>;
  /** Whether an event has a vector, of the model that is searched with. */
  has(eventId: string): Promise<boolean>;
}

/**
 * The topics between the way in and the stores. Searches are bounded; each says in `looked` how far it went. Every method @throws Problem
 * `kafka-unavailable` while they cannot be read.
 */
export interface TrailPort {
  /** Where an event is that is not stored yet. */
  follow(eventId: string, looked: Looked[]): Promise<Trail>;
  /** The record of a stored event that Qdrant's sink has not read yet. */
  vectorOnItsWay(eventId: string, groupId: string, looked: Looked[]): Promise<Sighting | null>;
  /** The newest dead letter of an event, or of its vector alone. */
  letter(eventId: string, of: 'event' | 'vector', looked: Looked[]): Promise<Letter | null>;
}

/** Events and traces as they come. */
export interface LivePort {
  /** A client's stream of server-sent events. @throws Problem `overloaded` */
  subscribe(filter: LiveFilter, lastId?: string): Readable;
  clients(): number;
  close(): Promise<void>;
}

/** Lines, and rules in YAML that stand before all others. */
export interface Trial {
  lines: string[];
  rules: string;
}

export interface TrialAnswer {
  /** One for each line; none where a rule cannot be used. */
  lines: Omit<TrialOut['lines'][number], 'text'>[];
  faults: TrialOut['faults'];
  suggested: TrialOut['suggested'];
}

/** Tries rules on lines, with limits. */
export interface TrialPort {
  /** @throws Problem `trial-too-costly`, `overloaded`, or `conflict` where config.yaml cannot be used. */
  run(trial: Trial): Promise<TrialAnswer>;
}

export interface MessageQuery {
  partition?: number;
  /** With a partition: from there on, oldest first. */
  offset?: number;
  /** Append time, Unix milliseconds: from then on, oldest first. */
  fromMs?: number;
  /** Key or value hold it, in any case. */
  contains?: string;
  limit: number;
}

/** The cluster as it is. Every method @throws Problem `kafka-unavailable`, or `overloaded` where too many look at once. */
export interface LookPort {
  topics(): Promise<
    {
      name: string;
      doc: string | null;
      internal: boolean;
      schemas: string[];
      replication: number;
      config: Record<string, string>;
      partitions: { partition: number; start: number; end: number }[];
    }[]
  >;
  groups(): Promise<GroupLag[]>;
  /** @throws Problem `not-found`, `invalid-request` */
  messages(
    topic: string,
    query: MessageQuery,
  ): Promise<{ messages: ShownRecord[]; scanned: number; complete: boolean }>;
}

export interface LetterQuery {
  filter: LetterFilter;
  limit: number;
  /** The list goes on after this place; null: from the newest. */
  after: ListPlace | null;
}

/** A letter with its data as far as they are shown. */
export interface ShownLetter extends ListedLetter, Pick<ShownRecord, 'key' | 'headers' | 'format' | 'value'> {
  /** When the data were first appended, Unix milliseconds. */
  appendedMs: number | null;
  hex: string | null;
  predecessor: LetterPosition | null;
  successor: LetterPosition | null;
  trail: TrailRedrive[];
}

export interface RedriveWanted {
  filter: LetterFilter;
  /** Those, too, that were redriven before. */
  again: boolean;
  encoding: string | undefined;
  limit: number;
}

export interface RedriveDone {
  /** Sent, or to be sent. */
  letters: number;
  /** The limit was reached. */
  more: boolean;
  not_selected: string[];
  outcomes: Outcome[];
}

/** Dead letters. Every method @throws Problem `kafka-unavailable`, or `overloaded` where too many look at once or it takes too long. */
export interface DeadLetterPort {
  list(
    query: LetterQuery,
  ): Promise<{ summary: LetterGroup[]; total: number; letters: ListedLetter[]; next: ListPlace | null }>;
  /** Null: there is none of this name. */
  find(position: LetterPosition): Promise<ShownLetter | null>;
  /** What a redrive would do. */
  plan(wanted: RedriveWanted): Promise<RedriveDone>;
  /** @throws Problem `conflict` where another redrive runs or begins. */
  redrive(wanted: RedriveWanted): Promise<RedriveDone>;
}

/** What was removed from the stores. */
export interface Erased {
  /** Rows of traces. */
  traces: number;
  /** Rows of events. */
  events: number;
  /** Vectors that were found by trace, group or session. */
  vectors: number;
}

/** Erases for good. Both can be called again, and must be where they failed. @throws Problem `store-unavailable`, `kafka-unavailable` */
export interface ErasurePort {
  /** A trace with the groups in it; one that was merged leads to the trace that it is part of. */
  eraseTrace(traceId: string): Promise<Erased>;
  /** The events of a session, in whichever traces they are. */
  eraseSession(sessionId: string): Promise<Erased>;
}

/** Takes entries of the audit log; never fails and never waits. */
export interface AuditPort {
  record(entry: AuditEntry): void;
}

/** Offsets `[from, end)` that a topic's reader has not read yet, by topic. */
export type Positions = ReadonlyMap<string, { partition: number; from: number; end: number }[]>;

/** What the stages count, and how far their readers are. Every method rejects while Kafka does not answer. */
export interface FlowPort {
  /** The latest account of each stage, partition and hour, from an hour on. */
  accounts(fromHour: number): Promise<SentAccount[]>;
  positions(): Promise<Positions>;
  /** What of an hour may still be in front of its readers. */
  unread(positions: Positions, gaps: HourGaps): Promise<Unread>;
  close(): Promise<void>;
}

/** Finds who a bearer token belongs to. @throws Problem `keys-unavailable` while that cannot be said. */
export interface KeyStore {
  find(token: string): Promise<Principal | undefined>;
}

/** The keys that people make. Every method @throws Problem `kafka-unavailable` where the change or the list is not sure. */
export interface KeyAdmin {
  /** `key` is the key itself, which nobody can be told again. Other gateways take it about a second later. */
  create(
    given: {
      name: string;
      scopes: readonly Scope[];
      expiresInS: number;
      requestsPerMinute: number | null;
    },
    by: Principal,
  ): Promise<{ key: string; record: KeyRecord }>;
  /** Newest first. */
  list(): Promise<ListedKey[]>;
  /** False: there is no such key. */
  revoke(id: string, by: Principal): Promise<boolean>;
}

export interface PartHealth {
  state: 'up' | 'down' | 'starting';
  detail?: string;
}

export interface HealthReport {
  /** Whether events are taken: Kafka is up. Reads have their own parts. */
  ready: boolean;
  parts: Record<'kafka' | 'answers' | 'keys' | 'surreal' | 'qdrant' | 'search', PartHealth>;
}
