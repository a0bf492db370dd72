import { PoisonError, Task, type Transaction } from './task.js';
import type { AnySubTopology, EncodedRecord, Topology } from './topology.js';

/** What one task adds to a transaction. */
export interface TaskTransaction extends Transaction {
  changelogTopic: string;
  partition: number;
}

/** Where a replay reads from and writes to. */
export interface ReplayLog {
  partitionsOf: (topic: string) => number;
  /**
   * Committed records of a partition from `offset` on, as many as one fetch gives; null at its end, which for topics that the replay
   * does not write is where they ended when it began.
   */
  read(topic: string, partition: number, offset: number): Promise<Chunk | null>;
  /** All of it or nothing. */
  commit(parts: TaskTransaction[]): Promise<void>;
}

export interface Chunk {
  records: EncodedRecord[];
  /** Past markers and aborted records. */
  nextOffset: number;
}

export interface ReplayOptions {
  /** Time up to which timers fire, Unix milliseconds: the end of the history. */
  untilMs: number;
  /** How far partitions may be apart, milliseconds of append time; well below the shortest timer that matters. */
  sliceMs?: number;
  /** Values that once made a processor throw, by {@link poisonKey}. */
  skip?: ReadonlyMap<string, string>;
  /** Called after each slice with the time that it reached. */
  onSlice?: (timeMs: number) => void;
  signal?: AbortSignal;
}

/** A value on which a processor fails, with the task that it belongs to. */
export class ReplayPoisonError extends Error {
  override name = 'ReplayPoisonError';
  /** To be put into {@link ReplayOptions.skip} with the message. */
  readonly key: string;
  constructor(task: string, cause: PoisonError) {
    super(cause.message, { cause });
    this.key = `${task}@${cause.at}`;
  }
}

interface Running {
  name: string;
  sub: AnySubTopology;
  partition: number;
  task: Task<unknown, unknown>;
  chunk: Chunk | null;
  /** Index in the chunk of the next record. */
  next: number;
}

const SLICE_MS = 60_000;
/** Timers this far apart count as one where there is no input. */
const TIMER_SLICE_MS = 1_000;
const MAX_VALUES = 2_000;
const MAX_BYTES = 600_000;

/**
 * A topology over a part of its history. Time is the append time of the input: it goes on in slices, and each sub-topology, in the
 * order of the topology, processes all of a slice before the next begins, timers last. So no partition runs ahead of
 * another by more than a slice, as if the records had come when they did. What is written carries that time.
 *
 * Invariant: whatever is dropped, a replay over the same log whose tasks are restored from the changelogs goes on exactly after the
 * last transaction.
 */
export class Replay {
  private readonly stages: Running[][];
  private timeMs = Number.NEGATIVE_INFINITY;

  constructor(
    topology: Topology,
    private readonly log: ReplayLog,
    private readonly options: ReplayOptions,
  ) {
    this.stages = topology.subTopologies.map((sub) =>
      Array.from({ length: log.partitionsOf(sub.source) }, (_, partition) => {
        const name = `${sub.name}-${partition}`;
        const task = new Task<unknown, unknown>(sub, partition, log.partitionsOf);
        for (const [key, message] of options.skip ?? []) {
          if (key.startsWith(`${name}@`)) task.skip.set(key.slice(name.length + 1), message);
        }
        return { name, sub, partition, task, chunk: null, next: 0 };
      }),
    );
  }

  /** Applies a record of a changelog, oldest first, before {@link run}. */
  restore(changelog: string, partition: number, key: string, value: Buffer | null): void {
    const stage = this.stages.find(([first]) => first?.sub.changelog === changelog);
    stage?.[partition]?.task.restore(key, value);
  }

  /**
   * Processes everything up to the end of the log.
   * @throws ReplayPoisonError; drop this replay, restore another that skips the value. Whatever the log throws.
   */
  async run(): Promise<void> {
    const { untilMs, sliceMs = SLICE_MS, onSlice, signal } = this.options;
    // what an earlier run had parsed and not traced
    for (const stage of this.stages.slice(1)) await this.drain(stage, this.timeMs);
    for (;;) {
      signal?.throwIfAborted();
      const head = await this.earliestHead();
      if (head === null) break;
      await this.rest(Math.max(this.timeMs, Math.min(head - 1, untilMs)));
      await this.slice(Math.max(head, Math.min(this.timeMs + sliceMs, untilMs)));
      onSlice?.(this.timeMs);
    }
    await this.rest(Math.max(this.timeMs, untilMs));
  }

  /** A time without input: timers come before what follows it, and what they send may set others in the next sub-topology. */
  private async rest(endMs: number): Promise<void> {
    for (let wakeMs = this.nextWakeMs(); wakeMs <= endMs; wakeMs = this.nextWakeMs())
      await this.slice(Math.min(Math.max(wakeMs, this.timeMs) + TIMER_SLICE_MS, endMs));
    this.timeMs = endMs;
  }

  private async slice(endMs: number): Promise<void> {
    for (const stage of this.stages) await this.drain(stage, endMs);
    this.timeMs = endMs;
  }

  /** All input of a stage up to a time, then its timers, until it has nothing left to do; trace writes to its own source. */
  private async drain(stage: Running[], endMs: number): Promise<void> {
    const boundMs = stage === this.stages[0] ? endMs : Number.POSITIVE_INFINITY;
    let fired = 0;
    for (let busy = true; busy; ) {
      busy = false;
      for (const running of stage) {
        while (await this.step(running, boundMs)) {
          busy = true;
          if (isFull(stage)) await this.commit(stage);
        }
      }
      if (busy) await this.commit(stage);
      for (const running of stage) {
        for (let wakeMs = wakeOf(running); wakeMs <= endMs; wakeMs = wakeOf(running)) {
          busy = true;
          this.guarded(running, () => running.task.advanceTime(wakeMs));
          if (++fired % MAX_VALUES === 0) await this.commit(stage);
        }
      }
      if (busy) await this.commit(stage);
    }
  }

  /** Processes the next record that is not later than `boundMs`; false where there is none. */
  private async step(running: Running, boundMs: number): Promise<boolean> {
    const record = await this.peek(running);
    if (record === null || record.timestampMs > boundMs) return false;
    this.guarded(running, () => running.task.process(record));
    running.next++;
    return true;
  }

  private async peek(running: Running): Promise<EncodedRecord | null> {
    const { sub, partition, task } = running;
    for (;;) {
      const record = running.chunk?.records[running.next];
      if (record !== undefined) return record;
      if (running.chunk !== null) task.advanceTo(running.chunk.nextOffset);
      running.chunk = await this.log.read(sub.source, partition, task.position ?? 0);
      running.next = 0;
      if (running.chunk === null) return null;
    }
  }

  private async earliestHead(): Promise<number | null> {
    let earliest: number | null = null;
    for (const running of this.stages[0]!) {
      const head = await this.peek(running);
      if (head !== null && (earliest === null || head.timestampMs < earliest)) earliest = head.timestampMs;
    }
    return earliest;
  }

  private nextWakeMs(): number {
    return Math.min(...this.stages.flat().map(({ task }) => task.nextWakeMs() ?? Number.POSITIVE_INFINITY));
  }

  private async commit(stage: Running[]): Promise<void> {
    const parts: TaskTransaction[] = [];
    for (const { sub, partition, task } of stage) {
      if (!task.hasOutput && !task.hasMoved) continue;
      parts.push({
        ...task.takeTransaction({ keepsTimes: true }),
        changelogTopic: sub.changelog,
        partition,
      });
    }
    if (parts.length > 0) await this.log.commit(parts);
  }

  private guarded<T>({ name }: Running, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw error instanceof PoisonError ? new ReplayPoisonError(name, error) : error;
    }
  }
}

const wakeOf = ({ task }: Running): number => task.nextWakeMs() ?? Number.POSITIVE_INFINITY;

function isFull(stage: Running[]): boolean {
  let values = 0;
  let bytes = 0;
  for (const { task } of stage) {
    values += task.pending.values;
    bytes += task.pending.bytes;
  }
  return values >= MAX_VALUES || bytes >= MAX_BYTES;
}
