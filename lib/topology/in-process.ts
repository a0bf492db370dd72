import { partitionOf } from './partition.js';
import { PoisonError, Task } from './task.js';
import type { EncodedRecord, Topology } from './topology.js';

/** A record to be appended from outside. `partition` wins over the key; without either, partitions take turns. */
export interface NewRecord {
  key?: Buffer | string | null;
  value: Buffer | null;
  headers?: Record<string, Buffer | string>;
  /** Append time, Unix milliseconds; left out: the run's clock. */
  timestampMs?: number;
  partition?: number;
}

export interface InProcessOptions {
  topology: Topology;
  /** Partitions of each topic; a topic that is not named has `defaultPartitions`. */
  partitions?: Record<string, number>;
  defaultPartitions?: number;
  /** Start of the clock, Unix milliseconds. */
  nowMs?: number;
  /**
   * Whether records that every task has consumed, and changelogs, are kept: needed to restore and to replay. A run over a large
   * file does without and holds only what is on its way.
   */
  retain?: boolean;
  /** Called with each record as it is committed to a topic. */
  onAppend?: (record: EncodedRecord) => void;
}

type AnySubTopology = Topology['subTopologies'][number];

/** One task with its place in the run. */
export interface RunningTask {
  readonly name: string;
  readonly sub: AnySubTopology;
  readonly partition: number;
  task: Task<unknown, unknown>;
}

/** Records of one partition from `base` on. */
interface Log {
  base: number;
  records: EncodedRecord[];
}

/**
 * A topology in one process: topics are arrays, the clock is moved by hand, a transaction appends all it holds at once.
 * Only what has been committed is read by other tasks, and a task that is dropped comes back from its changelog, as with the
 * exactly-once runner. Deterministic: the caller decides what runs next.
 */
export class InProcessRun {
  readonly tasks: RunningTask[] = [];
  nowMs: number;
  private readonly logs = new Map<string, Log[]>();
  private readonly changelogs = new Map<string, Map<string, Buffer>>();
  private readonly retain: boolean;
  private turn = 0;

  constructor(private readonly options: InProcessOptions) {
    this.nowMs = options.nowMs ?? 0;
    this.retain = options.retain ?? true;
    for (const sub of options.topology.subTopologies) {
      for (let partition = 0; partition < this.partitionsOf(sub.source); partition++) {
        const name = `${sub.name}-${partition}`;
        this.tasks.push({ name, sub, partition, task: this.newTask(sub, partition) });
      }
    }
  }

  readonly partitionsOf = (topic: string): number =>
    this.options.partitions?.[topic] ?? this.options.defaultPartitions ?? 1;

  /** Appends a record from outside, committed at once. */
  append(topic: string, record: NewRecord): { partition: number; offset: number } {
    const key = typeof record.key === 'string' ? Buffer.from(record.key, 'utf8') : (record.key ?? null);
    const partitions = this.partitionsOf(topic);
    const partition =
      record.partition ?? (key === null ? this.turn++ % partitions : partitionOf(key, partitions));
    const headers = Object.fromEntries(
      Object.entries(record.headers ?? {}).map(([name, value]) => [name, Buffer.from(value as string)]),
    );
    return this.store({
      topic,
      partition,
      key,
      value: record.value,
      headers,
      timestampMs: record.timestampMs ?? this.nowMs,
    });
  }

  /** Committed records of a topic, partition by partition; those trimmed are missing. */
  records(topic: string): EncodedRecord[] {
    return (this.logs.get(topic) ?? []).flatMap((log) => log.records);
  }

  /** Whether the task has committed input that it has not processed. */
  hasInput({ sub, partition, task }: RunningTask): boolean {
    const log = this.log(sub.source, partition);
    return (task.position ?? 0) < log.base + log.records.length;
  }

  /** Whether the task holds anything that a transaction would write. */
  isDirty = ({ task }: RunningTask): boolean => task.hasOutput || task.hasMoved;

  /**
   * Processes up to `limit` records of a task; nothing is visible to others before {@link commit}. A value that makes the
   * processor throw is set aside as a dead letter, after the task has been restored: what it had not committed is done again.
   * @returns how many records were processed.
   */
  step(running: RunningTask, limit = 1): number {
    let processed = 0;
    while (processed < limit && this.hasInput(running)) {
      const log = this.log(running.sub.source, running.partition);
      const record = log.records[(running.task.position ?? 0) - log.base]!;
      try {
        running.task.process(record);
      } catch (error) {
        if (!(error instanceof PoisonError) || !this.retain || running.task.skip.has(error.at)) throw error;
        this.crash(running);
        running.task.skip.set(error.at, error.message);
      }
      processed++;
    }
    return processed;
  }

  /** Commits what the task has collected. Returns whether there was anything. */
  commit(running: RunningTask): boolean {
    if (!this.isDirty(running)) return false;
    const { outputs, changelog } = running.task.takeTransaction({
      keepsChangelog: this.retain,
    });
    for (const { topic, partition, key, value, headers } of outputs) {
      const bytes = Object.fromEntries(
        Object.entries(headers).map(([name, header]) => [name, Buffer.from(header as string)]),
      );
      this.store({ topic, partition, key, value, headers: bytes, timestampMs: this.nowMs });
    }
    if (this.retain) this.writeChangelog(running, changelog);
    else this.trim(running);
    return true;
  }

  /** Drops a task with all it has not committed, and restores it from its changelog. Needs `retain`. */
  crash(running: RunningTask): void {
    if (!this.retain) throw new Error('a run without retain keeps no changelog to restore from');
    const task = this.newTask(running.sub, running.partition);
    for (const [at, message] of running.task.skip) task.skip.set(at, message);
    for (const [key, value] of this.changelogs.get(running.name) ?? []) task.restore(key, value);
    running.task = task;
  }

  /** Processes and commits, task by task, until nothing is left; up to `batch` records a transaction. */
  settle(batch = 2_000): void {
    for (;;) {
      let busy = false;
      for (const running of this.tasks) {
        while (this.step(running, batch) > 0 || this.isDirty(running)) {
          this.commit(running);
          busy = true;
        }
      }
      if (!busy) return;
    }
  }

  /** Moves the clock, stopping wherever a timer is due; everything is settled before and after each. */
  advance(ms: number): void {
    const until = this.nowMs + ms;
    this.settle();
    for (;;) {
      const next = Math.min(...this.tasks.map(({ task }) => task.nextWakeMs() ?? Number.POSITIVE_INFINITY));
      if (next > until) break;
      this.nowMs = Math.max(this.nowMs, next);
      for (const { task } of this.tasks) task.advanceTime(this.nowMs);
      this.settle();
    }
    this.nowMs = until;
  }

  private newTask(sub: AnySubTopology, partition: number): Task<unknown, unknown> {
    return new Task(sub, partition, this.partitionsOf);
  }

  private log(topic: string, partition: number): Log {
    let logs = this.logs.get(topic);
    if (!logs) {
      logs = Array.from({ length: this.partitionsOf(topic) }, () => ({ base: 0, records: [] }));
      this.logs.set(topic, logs);
    }
    return logs[partition]!;
  }

  private store(record: Omit<EncodedRecord, 'offset'>): { partition: number; offset: number } {
    const log = this.log(record.topic, record.partition);
    const offset = log.base + log.records.length;
    const stored = { ...record, offset };
    const isRead = this.options.topology.subTopologies.some((sub) => sub.source === record.topic);
    if (this.retain || isRead) log.records.push(stored);
    else log.base++;
    this.options.onAppend?.(stored);
    return { partition: record.partition, offset };
  }

  private writeChangelog({ name }: RunningTask, changes: { key: string; value: Buffer | null }[]): void {
    const changelog = this.changelogs.get(name) ?? new Map<string, Buffer>();
    this.changelogs.set(name, changelog);
    for (const { key, value } of changes) {
      if (value === null) changelog.delete(key);
      else changelog.set(key, value);
    }
  }

  /** Drops records that the task has consumed; every topic here is read by one sub-topology. */
  private trim({ sub, partition, task }: RunningTask): void {
    const log = this.log(sub.source, partition);
    const done = (task.position ?? 0) - log.base;
    if (done <= 0) return;
    log.records.splice(0, done);
    log.base += done;
  }
}
