import { loadAppConfig } from '../../../lib/config/app-config.js';
import { maskerOf } from '../../../lib/config/masking-file.js';
import type { Registry } from '../../../lib/kafka/registry.js';
import type { Codec } from '../../../lib/model/codec.js';
import type { AgentEvent, AgentTrace, GroupLink } from '../../../lib/model/events.js';
import { type LastRows, LastRowsReader } from '../../../lib/stores/last-rows.js';
import { InProcessRun } from '../../../lib/topology/in-process.js';
import { type OutputRecord, PoisonError, Task } from '../../../lib/topology/task.js';
import type { AnySubTopology, EncodedRecord } from '../../../lib/topology/topology.js';
import { loadRules } from '../../../services/processor/adapters/rule-files.js';
import { buildTopology } from '../../../services/processor/core/topology.js';

/** A dead letter by what it must name. */
export interface DeadLetter {
  topic: string;
  partition: number;
  offset: number;
  cause: string;
}

/** What the stores must hold in the end. */
export interface Reference extends LastRows {
  deadLetters: DeadLetter[];
}

export interface ReferenceOptions {
  codec: Codec;
  registry: Registry;
  epochs: ReadonlyMap<string, string>;
  partitionsOf: (topic: string) => number;
  /** config.yaml of the processors. */
  configPath: string;
}

/** Longer than any timer of parse, shorter than any that closes a trace. */
const FLUSH_MS = 60_000;

/**
 * The same core, single-threaded, without a fault: parse reads each partition of raw-logs as it stands in Kafka, offset
 * by offset, then everything else settles in one process.
 */
export async function referenceRun(
  records: EncodedRecord[],
  { codec, registry, epochs, partitionsOf, configPath }: ReferenceOptions,
): Promise<Reference> {
  for (const { value } of records) {
    const unknown = codec.unknownId(value);
    if (unknown !== undefined) await registry.learn(unknown);
  }
  const config = loadAppConfig(configPath);
  const rules = loadRules(config, { configPath });
  const topology = buildTopology({
    codec,
    config,
    rules,
    masker: maskerOf(config.masking),
    epochs,
    generation: 1,
  });
  const [parse, ...rest] = topology.subTopologies;
  const deadLetters: DeadLetter[] = [];
  const rows = new LastRowsReader((event: AgentEvent) => event);
  const run = new InProcessRun({
    topology: { subTopologies: rest },
    partitions: new Proxy({}, { get: (_, topic) => partitionsOf(String(topic)) }),
    nowMs: Math.max(0, ...records.map(({ timestampMs }) => timestampMs)),
    onAppend: (record) => take(codec, record, rows, deadLetters),
  });
  for (const output of parseAll(parse!, records, partitionsOf)) {
    run.append(output.topic, { ...output, value: output.value });
  }
  run.settle();
  return { ...rows.rows(), deadLetters };
}

/** The outputs of parse, partition by partition. */
function* parseAll(
  parse: AnySubTopology,
  records: EncodedRecord[],
  partitionsOf: (topic: string) => number,
): Generator<OutputRecord> {
  for (const partition of new Set(records.map((record) => record.partition))) {
    const mine = records.filter((record) => record.partition === partition);
    const ordered = mine.sort((a, b) => a.offset - b.offset);
    const task = new Task(parse, partition, partitionsOf);
    for (const record of ordered) {
      try {
        task.process(record);
      } catch (error) {
        // the core has no business throwing: its own defect must not hide behind the comparison
        if (error instanceof PoisonError) throw new Error(`the reference run failed: ${error.message}`);
        throw error;
      }
      task.advanceTime(record.timestampMs);
      if (task.pending.values > 500) yield* task.takeTransaction({ keepsChangelog: false }).outputs;
    }
    task.advanceTime((ordered.at(-1)?.timestampMs ?? 0) + FLUSH_MS, Number.POSITIVE_INFINITY);
    yield* task.takeTransaction({ keepsChangelog: false }).outputs;
  }
}

function take(codec: Codec, record: EncodedRecord, rows: LastRowsReader, deadLetters: DeadLetter[]): void {
  const { topic, value, headers } = record;
  if (topic === 'dead-letter') deadLetters.push(deadLetterOf(headers));
  if ((topic !== 'agent-events' && topic !== 'agent-traces') || value === null) return;
  const read = codec.decode<AgentEvent | GroupLink | AgentTrace>(value, [
    'agent-event',
    'group-link',
    'agent-trace',
  ]);
  if (!read.ok) throw new Error(`the reference run wrote what cannot be read: ${read.error.message}`);
  const { schema, value: decoded } = read.value;
  if (schema === 'agent-trace') rows.trace(decoded as AgentTrace);
  else if (schema === 'group-link') rows.link(decoded as GroupLink);
  else rows.event(decoded as AgentEvent);
}

/** What a dead letter says of itself, in the headers of Kafka Connect. */
export function deadLetterOf(headers: Record<string, Buffer>): DeadLetter {
  const text = (name: string) => headers[`__connect.errors.${name}`]?.toString('utf8') ?? '';
  return {
    topic: text('topic'),
    partition: Number(text('partition')),
    offset: Number(text('offset')),
    cause: text('exception.class.name'),
  };
}
