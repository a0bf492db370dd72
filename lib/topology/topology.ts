import type { Result } from '../model/result.js';

/**
 * A topology is a declared list of sub-topologies: which topic each reads, which it writes, where its state is kept, and
 * the pure processor between them. The service, the test driver and `vectadb analyze` run the same value; only what
 * surrounds a {@link Task} differs. Invariant: nothing here knows a clock, a socket or an environment.
 */
export interface Topology {
  subTopologies: AnySubTopology[];
}

/** A sub-topology whatever it reads and keeps; only its own processor knows. */
// biome-ignore lint/suspicious/noExplicitAny: a processor is both given and gives its types, so neither unknown nor never fits
export type AnySubTopology = SubTopology<any, any>;

export interface SubTopology<In, State> {
  /** Short name, also the service's `--only` argument. */
  name: string;
  /** Kafka consumer group. */
  groupId: string;
  /** Input topic. */
  source: string;
  /** Compacted topic of the same partition count that holds state and input position. */
  changelog: string;
  /** Bytes of one input record → the values in it (several for a pack). */
  decode: (record: EncodedRecord) => Result<In[]>;
  /** One value of `decode` as bytes of its own, for the dead letter of one entry of a pack; left out: the record's bytes. */
  encodeOne?: (value: In) => Buffer;
  /** Where {@link Processor} may forward to, by the name that it uses; a replay has the sink write to a topic of its own. */
  sinks: Record<string, Sink>;
  /** Topic of what cannot be processed; left out: dead-letter. */
  deadLetters?: string;
  /** A new processor for one partition; it must keep nothing that the state store does not hold. */
  createProcessor: () => Processor<In, State>;
}

/** One input record as the broker gave it. `timestampMs` is the append time on LogAppendTime topics. */
export interface EncodedRecord {
  topic: string;
  partition: number;
  offset: number;
  timestampMs: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer>;
}

/** One decoded value with its position; `place` is its index in a packed record, else 0. */
export interface InputRecord<V> {
  topic: string;
  partition: number;
  offset: number;
  place: number;
  timestampMs: number;
  key: Buffer | null;
  headers: Record<string, Buffer>;
  value: V;
}

export interface Sink {
  topic: string;
  encode(value: unknown): Buffer;
  /** Set where values of one transaction and partition share records. */
  pack?: { wrap(entries: unknown[]): unknown; maxBytes: number; maxEntries: number };
}

export interface ForwardedRecord {
  /** Name of the sink. */
  topic: string;
  /** Decides the partition (murmur2); also the record's key unless the sink packs. */
  key: string;
  value: unknown;
  headers?: Record<string, string>;
  /**
   * Of the records of one transaction with the same topic and coalesceKey only the last is sent, in its own place. Its
   * value is encoded when the transaction ends, so it may be the state object itself.
   */
  coalesceKey?: string;
}

/**
 * Keyed state of one partition. Values are plain JSON data. `get` may be mutated only together with a `put` of the same key.
 * `wakeAtMs` asks for {@link Processor.onTimer} of that key once processing time has reached it; a later put replaces
 * it, a put without it clears it. A put is written to the changelog once per transaction, at most 64 KiB encoded.
 */
export interface StateStore<State> {
  get(key: string): State | undefined;
  put(key: string, value: State, wakeAtMs?: number): void;
  delete(key: string): void;
  /** Every entry whose key starts with `prefix`, in no order; for restore-time indexes and tests, not for hot paths. */
  entries(prefix?: string): Iterable<[key: string, value: State]>;
}

export interface ProcessorContext<State> {
  readonly state: StateStore<State>;
  /** Number of the transaction at hand: state that was put in it need not be put again to be written with it. */
  readonly transaction: number;
  forward(record: ForwardedRecord): void;
  /** The record at hand cannot be processed: its bytes go to dead-letter with this cause. Only in `process`. */
  deadLetter(code: import('../model/result.js').DataErrorCode, message: string): void;
}

export interface Processor<In, State> {
  process(record: InputRecord<In>, context: ProcessorContext<State>): void;
  /** A timer of `key` is due. `nowMs` is processing time. */
  onTimer?(key: string, state: State, nowMs: number, context: ProcessorContext<State>): void;
  /** A record, or one value of it, goes to dead-letter with this transaction; `value` is null where it could not be decoded. */
  onDeadLetter?(record: EncodedRecord, value: In | null, context: ProcessorContext<State>): void;
}
