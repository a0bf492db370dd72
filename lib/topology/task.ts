import type { DataError, DataErrorCode } from '../model/result.js';
import { DEAD_LETTER_TOPIC, deadLetterHeaders } from './dead-letter.js';
import { partitionOf } from './partition.js';
import { REDRIVE_HEADER } from './redrive.js';
import { MemoryStateStore } from './state-store.js';
import type {
  EncodedRecord,
  ForwardedRecord,
  InputRecord,
  Processor,
  ProcessorContext,
  Sink,
  StateStore,
  SubTopology,
} from './topology.js';

/** A record to be produced, with its partition decided. */
export interface OutputRecord {
  topic: string;
  partition: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, string | Buffer>;
  /** Time of the record where its topic keeps the producer's, Unix milliseconds; left out: when it is sent. */
  timestampMs?: number;
}

/** Everything that one transaction holds. `changelog` includes the position record. */
export interface Transaction {
  outputs: OutputRecord[];
  changelog: { key: string; value: Buffer | null }[];
  /** Input offset after the last record whose effects are in here. */
  position: number;
}

/** Something forwarded and not sent, with the time of what it came from. */
interface Pending extends ForwardedRecord {
  atMs?: number;
}

/** A processor that threw: the state may be half changed, so the task is of no more use. */
export class PoisonError extends Error {
  override name = 'PoisonError';
  /** @param redriven the value came out of dead-letter: that it fails again is no sign of a defect of ours. */
  constructor(
    readonly at: string,
    cause: unknown,
    readonly redriven = false,
  ) {
    super(
      `the processor failed at ${at}: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`,
      {
        cause,
      },
    );
  }
}

/** Name of one input value within its partition; {@link Task.skip} takes it. */
export const placeOf = (offset: number, place: number): string => `${offset}/${place}`;

const STATE_PREFIX = 'state/';
const POSITION_KEY = 'position';

/** Input offset in a record of a changelog; null: the record is of something else. */
export const readPosition = (key: string, value: Buffer | null): number | null =>
  key === POSITION_KEY && value !== null
    ? (JSON.parse(value.toString('utf8')) as { offset: number }).offset
    : null;

/**
 * One partition of one sub-topology (Kafka Streams' StreamTask): decodes records, runs the processor, holds the state,
 * and collects what the next transaction sends. It does no I/O and knows no clock; the exactly-once runner and the
 * test driver are the two things around it. Invariant: state + position after {@link takeTransaction} is exactly what
 * restoring the changelog written so far gives.
 */
export class Task<In, State> {
  private readonly store = new MemoryStateStore<State>();
  private readonly processor: Processor<In, State>;
  private readonly context: ProcessorContext<State> & { transaction: number };
  private forwarded: (Pending | null)[] = [];
  private readonly coalesced = new Map<string, number>();
  private deadLetters: OutputRecord[] = [];
  private current: { record: EncodedRecord; input: InputRecord<In> } | null = null;
  private writtenPosition: number | undefined;
  private positionMoved = false;
  /** Places whose value once made the processor throw; they go to dead-letter unprocessed. */
  readonly skip = new Map<string, string>();
  /** Offset of the next input record; undefined before the first. */
  position: number | undefined;
  /** Latest append time of the records that were processed, Unix milliseconds. */
  streamMs = 0;
  /** Time of the record or of the timer at hand, Unix milliseconds. */
  private atMs = 0;
  /** Values processed and input bytes taken since the last transaction. */
  pending = { values: 0, bytes: 0 };

  constructor(
    private readonly sub: SubTopology<In, State>,
    readonly partition: number,
    private readonly partitionsOf: (topic: string) => number,
  ) {
    this.processor = sub.createProcessor();
    this.context = {
      state: this.store,
      transaction: 0,
      forward: (record) => this.forward(record),
      deadLetter: (code, message) => this.refuseCurrent(code, message),
    };
  }

  /** Read-only view of the state, for tests and status. */
  get state(): Pick<StateStore<State>, 'get' | 'entries'> & { size: number } {
    return this.store;
  }

  /** Applies one record of the changelog, oldest first. Keys it does not know (fences) are passed over. */
  restore(key: string, value: Buffer | null): void {
    const position = readPosition(key, value);
    if (position !== null) {
      this.position = position;
      this.writtenPosition = position;
    } else if (key.startsWith(STATE_PREFIX)) this.store.restore(key.slice(STATE_PREFIX.length), value);
  }

  /**
   * Processes one record and moves the position past it.
   * @throws PoisonError when the processor throws; drop the task, restore, put `error.at` into `skip`, go on.
   */
  process(record: EncodedRecord): void {
    this.streamMs = Math.max(this.streamMs, record.timestampMs);
    this.atMs = record.timestampMs;
    const decoded = this.sub.decode(record);
    if (!decoded.ok) this.deadLetter(record, record.value, null, decoded.error);
    else
      decoded.value.forEach((value, place) => {
        this.processOne(record, value, place);
      });
    this.pending.bytes += (record.value?.length ?? 0) + (record.key?.length ?? 0);
    this.advanceTo(record.offset + 1);
  }

  /** Moves the position past offsets that hold no record for us: markers and aborted records. */
  advanceTo(offset: number): void {
    if (this.position !== undefined && offset <= this.position) return;
    this.position = offset;
    this.positionMoved = true;
  }

  /** Fires every timer due at `nowMs` (processing time), in the order of their times. Returns how many fired. */
  advanceTime(nowMs: number, limit = 1_000): number {
    let fired = 0;
    this.atMs = nowMs;
    while (fired < limit) {
      const key = this.store.takeDue(nowMs);
      if (key === undefined) return fired;
      fired++;
      const state = this.store.get(key)!;
      try {
        this.processor.onTimer?.(key, state, nowMs, this.context);
      } catch (error) {
        throw new PoisonError(`timer of ${key}`, error);
      }
    }
    return fired;
  }

  /** Earliest timer in processing time, or undefined. */
  nextWakeMs(): number | undefined {
    return this.store.nextWakeMs();
  }

  /** Whether a transaction would hold anything besides a moved position. */
  get hasOutput(): boolean {
    return this.forwarded.length > 0 || this.deadLetters.length > 0 || this.store.hasDirty;
  }

  /** Whether the position differs from what the changelog holds. */
  get hasMoved(): boolean {
    return this.positionMoved && this.position !== this.writtenPosition;
  }

  /**
   * Takes all that has been collected, as one transaction. Afterwards the task counts it as written. Without its
   * changelog, whose encoding is a good part of the work, it cannot be restored. With `keepsTimes` outputs carry the time of what they came
   * from, for topics that keep it. With `restatesPosition` a transaction of nothing holds the position as it was written before,
   * for the offsets that go with it come after a record.
   */
  takeTransaction({ keepsChangelog = true, keepsTimes = false, restatesPosition = false } = {}): Transaction {
    const outputs = [...this.encodeForwarded(keepsTimes), ...this.deadLetters];
    this.context.transaction++;
    const changelog = keepsChangelog ? this.takeChangelog() : [];
    if (restatesPosition && outputs.length + changelog.length === 0) changelog.push(this.positionEntry());
    if (!keepsChangelog) this.store.dropDirty();
    this.writtenPosition = this.position;
    this.forwarded = [];
    this.coalesced.clear();
    this.deadLetters = [];
    this.positionMoved = false;
    this.pending = { values: 0, bytes: 0 };
    return { outputs, changelog, position: this.position ?? 0 };
  }

  private takeChangelog(): Transaction['changelog'] {
    const changelog = this.store.takeDirty().map(({ key, value }) => ({ key: STATE_PREFIX + key, value }));
    if (this.position !== undefined && this.position !== this.writtenPosition)
      changelog.push(this.positionEntry());
    return changelog;
  }

  private positionEntry(): Transaction['changelog'][number] {
    return { key: POSITION_KEY, value: Buffer.from(JSON.stringify({ offset: this.position ?? 0 })) };
  }

  private processOne(record: EncodedRecord, value: In, place: number): void {
    this.pending.values++;
    const at = placeOf(record.offset, place);
    const { value: _bytes, ...position } = record;
    const input: InputRecord<In> = { ...position, place, value };
    const known = this.skip.get(at);
    this.current = { record, input };
    if (known !== undefined) {
      this.refuseCurrent('PROCESSING', known);
      return;
    }
    try {
      this.processor.process(input, this.context);
    } catch (error) {
      throw new PoisonError(at, error, REDRIVE_HEADER in record.headers);
    }
  }

  private refuseCurrent(code: DataErrorCode, message: string): void {
    const { record, input } = this.current!;
    const bytes = this.sub.encodeOne ? this.sub.encodeOne(input.value) : record.value;
    this.deadLetter(record, bytes, input.value, { code, message });
  }

  private deadLetter(record: EncodedRecord, value: Buffer | null, input: In | null, error: DataError): void {
    const topic = this.sub.deadLetters ?? DEAD_LETTER_TOPIC;
    this.deadLetters.push({
      topic,
      partition: record.partition % this.partitionsOf(topic),
      key: record.key,
      value,
      headers: deadLetterHeaders(record, this.sub.name, error),
    });
    this.processor.onDeadLetter?.(record, input, this.context);
  }

  private forward(record: Pending): void {
    record.atMs = this.atMs;
    if (record.coalesceKey !== undefined) {
      const key = `${record.topic}\0${record.coalesceKey}`;
      const earlier = this.coalesced.get(key);
      if (earlier !== undefined) this.forwarded[earlier] = null;
      this.coalesced.set(key, this.forwarded.length);
    }
    this.forwarded.push(record);
  }

  private encodeForwarded(keepsTimes: boolean): OutputRecord[] {
    const outputs: OutputRecord[] = [];
    const packs = new Map<string, { sink: Sink; partition: number; entries: unknown[]; atMs: number }>();
    const timed = (atMs: number) => (keepsTimes ? { timestampMs: atMs } : {});
    for (const record of this.forwarded) {
      if (record === null) continue;
      const sink = this.sub.sinks[record.topic];
      if (!sink)
        throw new Error(`${this.sub.name} forwards to ${record.topic}, which is not among its sinks`);
      const { topic } = sink;
      const partition = partitionOf(record.key, this.partitionsOf(topic));
      if (sink.pack) {
        const name = `${topic}/${partition}`;
        const pack = packs.get(name);
        const atMs = record.atMs ?? 0;
        if (!pack) packs.set(name, { sink, partition, entries: [record.value], atMs });
        else {
          pack.entries.push(record.value);
          pack.atMs = Math.max(pack.atMs, atMs);
        }
      } else {
        outputs.push({
          topic,
          partition,
          key: Buffer.from(record.key, 'utf8'),
          value: record.value === null ? null : sink.encode(record.value),
          headers: record.headers ?? {},
          ...timed(record.atMs ?? 0),
        });
      }
    }
    for (const { sink, partition, entries, atMs } of packs.values()) {
      for (const value of encodePacks(sink, entries)) {
        outputs.push({ topic: sink.topic, partition, key: null, value, headers: {}, ...timed(atMs) });
      }
    }
    return outputs;
  }
}

/** Encoded bytes of an entry of each packing sink, as last seen: packs are then cut right before they are encoded. */
const entryBytes = new WeakMap<Sink, number>();
/** Entries differ in size; below this share of the limit a pack seldom has to be cut again. */
const FILL = 0.8;

/** Entries in their order, in packs within the limits; an entry larger than a pack is one of its own. */
function encodePacks(sink: Sink, entries: unknown[]): Buffer[] {
  const { maxBytes, maxEntries } = sink.pack!;
  const expected = Math.floor((maxBytes * FILL) / (entryBytes.get(sink) ?? 1));
  const perPack = Math.max(1, Math.min(maxEntries, expected));
  const packs: Buffer[] = [];
  for (let from = 0; from < entries.length; from += perPack) {
    packs.push(...encodePack(sink, entries.slice(from, from + perPack)));
  }
  return packs;
}

function encodePack(sink: Sink, entries: unknown[]): Buffer[] {
  const { wrap, maxBytes } = sink.pack!;
  const encoded = sink.encode(wrap(entries));
  entryBytes.set(sink, encoded.length / entries.length);
  if (encoded.length <= maxBytes || entries.length === 1) return [encoded];
  const half = Math.ceil(entries.length / 2);
  return [...encodePack(sink, entries.slice(0, half)), ...encodePack(sink, entries.slice(half))];
}
