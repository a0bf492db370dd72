import type { Codec } from '../../lib/model/codec.js';
import type { AgentEvent, AgentTrace, GroupLink } from '../../lib/model/events.js';
import { type LastRows, LastRowsReader } from '../../lib/stores/last-rows.js';
import { Random } from '../../lib/testing/random.js';
import { localCodec } from '../../lib/testing/topology-driver.js';
import { replayTopology, topicOfGeneration } from '../../lib/topology/generation.js';
import {
  type Chunk,
  Replay,
  type ReplayLog,
  ReplayPoisonError,
  type TaskTransaction,
} from '../../lib/topology/replay.js';
import type { EncodedRecord, Topology } from '../../lib/topology/topology.js';

class Crash extends Error {}

/** Topics and changelogs of a replay as arrays. Fetches give as many records, and commits fail as often, as the seed says. */
export class MemoryLog implements ReplayLog {
  private readonly topics = new Map<string, EncodedRecord[][]>();
  private readonly changelogs = new Map<string, { key: string; value: Buffer | null }[]>();
  private readonly random: Random;
  transactions = 0;

  constructor(
    raw: readonly EncodedRecord[],
    private readonly options: { partitions: number; seed: number; crashChance: number },
  ) {
    this.random = new Random(options.seed);
    for (const record of raw) this.partition('raw-logs', record.partition).push(record);
  }

  readonly partitionsOf = (): number => this.options.partitions;

  async read(topic: string, partition: number, offset: number): Promise<Chunk | null> {
    const records = this.partition(topic, partition);
    // what is cut off before a replay begins keeps its offsets
    const from = records.findIndex((record) => record.offset >= offset);
    if (from < 0) return null;
    const chunk = records.slice(from, from + 1 + this.random.below(20));
    return { records: chunk, nextOffset: chunk.at(-1)!.offset + 1 };
  }

  async commit(parts: TaskTransaction[]): Promise<void> {
    const { crashChance } = this.options;
    if (this.random.chance(crashChance)) throw new Crash('before the commit');
    this.transactions++;
    for (const { outputs, changelog, changelogTopic, partition } of parts) {
      for (const { timestampMs, headers, ...output } of outputs) {
        const log = this.partition(output.topic, output.partition);
        log.push({ ...output, headers: {}, offset: log.length, timestampMs: timestampMs! });
      }
      const name = `${changelogTopic}/${partition}`;
      this.changelogs.set(name, [...(this.changelogs.get(name) ?? []), ...changelog]);
    }
    if (this.random.chance(crashChance)) throw new Crash('after the commit');
  }

  restore(replay: Replay): void {
    for (const [name, changes] of this.changelogs) {
      const [topic, partition] = name.split('/');
      for (const { key, value } of changes) replay.restore(topic!, Number(partition), key, value);
    }
  }

  records(topic: string): EncodedRecord[] {
    return (this.topics.get(topic) ?? []).flat();
  }

  private partition(topic: string, partition: number): EncodedRecord[] {
    const logs =
      this.topics.get(topic) ?? Array.from({ length: this.options.partitions }, (): EncodedRecord[] => []);
    this.topics.set(topic, logs);
    return logs[partition]!;
  }
}

export interface ReplayRun {
  generation: number;
  untilMs: number;
  sliceMs: number;
}

/** Replays to the end, begun again from its changelogs after each crash. */
export async function replayed(topology: Topology, log: MemoryLog, run: ReplayRun): Promise<LastRows> {
  const skip = new Map<string, string>();
  for (;;) {
    const replay = new Replay(replayTopology(topology, run.generation), log, { ...run, skip });
    log.restore(replay);
    try {
      await replay.run();
      return lastRowsOf(log, run.generation);
    } catch (error) {
      if (error instanceof ReplayPoisonError && !skip.has(error.key)) skip.set(error.key, error.message);
      else if (!(error instanceof Crash)) throw error;
    }
  }
}

function lastRowsOf(log: MemoryLog, generation: number, codec: Codec = localCodec()): LastRows {
  const reader = new LastRowsReader((event: AgentEvent) => event);
  for (const { value } of log.records(topicOfGeneration('agent-events', generation))) {
    const read = codec.decode(value!, ['agent-event', 'group-link']);
    if (!read.ok) throw new Error(read.error.message);
    if (read.value.schema === 'group-link') reader.link(read.value.value as GroupLink);
    else reader.event(read.value.value as AgentEvent);
  }
  for (const { value } of log.records(topicOfGeneration('agent-traces', generation))) {
    const read = codec.decode<AgentTrace>(value!, ['agent-trace']);
    if (!read.ok) throw new Error(read.error.message);
    reader.trace(read.value.value);
  }
  return reader.rows();
}
