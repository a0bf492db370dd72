import { loadSchemas } from '../config/schemas.js';
import { Codec, type SchemaName } from '../model/codec.js';
import type { AgentEvent, AgentTrace, GroupLink } from '../model/events.js';
import { type LastRows, LastRowsReader } from '../stores/last-rows.js';
import { InProcessRun, type NewRecord, type RunningTask } from '../topology/in-process.js';
import type { EncodedRecord, Topology } from '../topology/topology.js';
import { Random } from './random.js';

export interface TopologyDriverOptions {
  topology: Topology;
  /** The codec that the topology was built with; left out: {@link Codec.local}, ids in the order of the schemas. */
  codec?: Codec;
  partitions?: Record<string, number>;
  defaultPartitions?: number;
  /** Start of the clock, Unix milliseconds. */
  nowMs?: number;
  /** Process and commit with every {@link TopologyDriver.pipe}; else the test says when. */
  eager?: boolean;
}

/** A committed record with its value decoded: an Avro value with its schema, JSON, or text. */
export interface ReadRecord {
  topic: string;
  partition: number;
  offset: number;
  timestampMs: number;
  key: string | null;
  headers: Record<string, string>;
  schema: SchemaName | null;
  value: unknown;
}

/** How {@link TopologyDriver.interleave} behaves; chances are per choice, 0 to 1. */
export interface Interleaving {
  seed: number;
  /** Records that a task takes at once, at most. */
  maxStep?: number;
  commitChance?: number;
  crashChance?: number;
}

const ALL_SCHEMAS: SchemaName[] = [
  'raw-log',
  'parsed-pack',
  'agent-event',
  'group-link',
  'group-state',
  'agent-trace',
  'flow-account',
];

/**
 * The whole topology without a broker, as Kafka Streams' TopologyTestDriver: the same value that the service runs, its internal
 * topics as real bytes, a clock moved by hand, commits and crashes where the test wants them.
 */
export class TopologyDriver {
  readonly run: InProcessRun;
  private readonly codec: Codec;

  constructor(private readonly options: TopologyDriverOptions) {
    this.codec = options.codec ?? localCodec();
    this.run = new InProcessRun(options);
  }

  get nowMs(): number {
    return this.run.nowMs;
  }

  /** Appends a record; its value is bytes, text, or an object that is written as JSON. */
  pipe(
    topic: string,
    record: Omit<NewRecord, 'value'> & { value: Buffer | string | object | null },
  ): { partition: number; offset: number } {
    const { value } = record;
    const bytes =
      value === null || Buffer.isBuffer(value)
        ? value
        : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value), 'utf8');
    const position = this.run.append(topic, { ...record, value: bytes });
    if (this.options.eager) this.run.settle();
    return position;
  }

  /** Processes and commits everything that is there, task by task. */
  settle(batch?: number): void {
    this.run.settle(batch);
  }

  /** Moves the clock on, firing timers at their times; settles everything. */
  advance(ms: number): void {
    this.run.advance(ms);
  }

  /**
   * Runs tasks in an order drawn from `seed`, with commits and crashes at any point, until nothing is left. The clock
   * stands still.
   */
  interleave({ seed, maxStep = 3, commitChance = 0.4, crashChance = 0 }: Interleaving): void {
    const random = new Random(seed);
    for (;;) {
      const ready = this.run.tasks.filter((task) => this.run.hasInput(task) || this.run.isDirty(task));
      if (ready.length === 0) return;
      const running = random.pick(ready);
      if (random.chance(crashChance)) this.run.crash(running);
      if (this.run.hasInput(running)) this.run.step(running, 1 + random.below(maxStep));
      // without input only a commit makes progress
      if (!this.run.hasInput(running) || random.chance(commitChance)) this.run.commit(running);
    }
  }

  /** A task by its name, as in `trace-0`. */
  task(name: string): RunningTask {
    const found = this.run.tasks.find((task) => task.name === name);
    if (!found) throw new Error(`no task ${name}; there are ${this.run.tasks.map((task) => task.name)}`);
    return found;
  }

  /** Drops tasks (all by default) with what they have not committed, and restores them from their changelogs. */
  crash(tasks: readonly RunningTask[] = this.run.tasks): void {
    for (const task of tasks) this.run.crash(task);
  }

  /** Committed records of a topic, decoded. */
  read(topic: string): ReadRecord[] {
    return this.run.records(topic).map((record) => this.decode(record));
  }

  /** Committed records as bytes. */
  readBytes(topic: string): EncodedRecord[] {
    return this.run.records(topic);
  }

  /** What the stores would hold. */
  lastRows(): LastRows {
    const reader = new LastRowsReader((event: AgentEvent) => event);
    for (const { schema, value } of this.read('agent-events')) {
      if (schema === 'group-link') reader.link(value as GroupLink);
      else reader.event(value as AgentEvent);
    }
    for (const { value } of this.read('agent-traces')) if (value !== null) reader.trace(value as AgentTrace);
    return reader.rows();
  }

  private decode({ key, value, headers, ...place }: EncodedRecord): ReadRecord {
    const avro = value === null ? null : this.codec.decode(value, ALL_SCHEMAS);
    return {
      ...place,
      key: key?.toString('utf8') ?? null,
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, header]) => [name, header.toString('utf8')]),
      ),
      schema: avro?.ok ? avro.value.schema : null,
      value: avro?.ok ? avro.value.value : readText(value),
    };
  }
}

/** The codec of in-process runs. */
export const localCodec = (): Codec => Codec.local(loadSchemas());

function readText(value: Buffer | null): unknown {
  if (value === null) return null;
  const text = value.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    // not JSON: the text itself is the value
    return text;
  }
}
