import type { Codec } from '../../model/codec.js';
import type { Chunk, Replay, ReplayLog, TaskTransaction } from '../../topology/replay.js';
import type { OutputRecord } from '../../topology/task.js';
import type { EncodedRecord, Topology } from '../../topology/topology.js';
import type { ClusterClient } from '../cluster.js';
import type { FaultPoint } from '../exactly-once/fault-point.js';
import { TransactionalProducer } from '../exactly-once/transactions.js';
import { readPartition } from '../partition-reader.js';
import type { KafkaSettings } from '../types.js';

export interface ReplayLogOptions {
  kafka: KafkaSettings;
  cluster: ClusterClient;
  generation: number;
  /** As {@link replayTopology} gives it. */
  topology: Topology;
  /** `[start, end)` of the input that the generation does not write, by partition. */
  input: { start: number; end: number }[];
  codec: Codec;
  learnSchema: (id: number) => Promise<void>;
  faultPoint: FaultPoint;
}

const STALL_MS = 30_000;
const FETCH_BYTES = 1_048_576;

/**
 * The topics of a generation. One producer writes all of them, so one transaction holds what a sub-topology has done in all of its
 * partitions; opening it fences whoever replayed this generation before.
 */
export class KafkaReplayLog implements ReplayLog {
  private readonly partitions = new Map<string, number>();
  /** End of each partition that this log writes, by `topic/partition`. */
  private readonly ends = new Map<string, number>();
  private fences = new Map<string, number>();

  private constructor(
    private readonly options: ReplayLogOptions,
    private readonly producer: TransactionalProducer,
  ) {}

  /** @throws where the generation's topics are missing, and as {@link TransactionalProducer.open}. */
  static async open(options: ReplayLogOptions): Promise<KafkaReplayLog> {
    const { kafka, cluster, generation, faultPoint } = options;
    const producer = await TransactionalProducer.open(kafka, `vectadb-replay-g${generation}`, faultPoint);
    const log = new KafkaReplayLog(options, producer);
    try {
      const topics = topicsOf(options.topology);
      await cluster.connect(topics);
      for (const topic of topics) log.partitions.set(topic, (await cluster.partitionsOf(topic)).length);
      await log.fence();
      return log;
    } catch (error) {
      await producer.close();
      throw error;
    }
  }

  readonly partitionsOf = (topic: string): number => {
    const count = this.partitions.get(topic);
    if (count === undefined) throw new Error(`${topic} is not a topic of this replay`);
    return count;
  };

  /** Gives the replay what was committed before. */
  async restore(replay: Replay, signal?: AbortSignal): Promise<void> {
    const { cluster, faultPoint } = this.options;
    for (const [place, fence] of this.fences) {
      const [topic, partition] = placeOf(place);
      const from = await cluster.offsetOf(topic, partition, 'start');
      const range = { from, until: fence + 1, stallMs: STALL_MS, signal };
      await readPartition(cluster, topic, partition, range, (records) => {
        for (const { key, value } of records)
          if (key) replay.restore(topic, partition, key.toString('utf8'), value);
        faultPoint('mid-restore');
      });
    }
  }

  async read(topic: string, partition: number, offset: number): Promise<Chunk | null> {
    const { cluster, codec, learnSchema, input } = this.options;
    const end = this.ends.get(`${topic}/${partition}`) ?? input[partition]!.end;
    const from = this.ends.has(`${topic}/${partition}`) ? offset : Math.max(offset, input[partition]!.start);
    if (from >= end) return null;
    const records: EncodedRecord[] = [];
    const range = { from, until: from + 1, stallMs: STALL_MS, maxBytes: FETCH_BYTES };
    const nextOffset = await readPartition(cluster, topic, partition, range, (fetched) => {
      for (const record of fetched) if (record.offset < end) records.push(record);
    });
    for (const { value } of records) {
      const unknown = codec.unknownId(value);
      if (unknown !== undefined) await learnSchema(unknown);
    }
    return { records, nextOffset: Math.min(nextOffset, end) };
  }

  async commit(parts: TaskTransaction[]): Promise<void> {
    const records = parts.flatMap(({ changelog, changelogTopic, partition, outputs }): OutputRecord[] => [
      ...changelog.map(({ key, value }) => changelogRecord(changelogTopic, partition, key, value)),
      ...outputs,
    ]);
    const stored = await this.producer.commit(records, null);
    records.forEach(({ topic, partition }, index) => {
      const place = `${topic}/${partition}`;
      if (this.ends.has(place)) this.ends.set(place, stored[index]! + 1);
    });
  }

  async close(): Promise<void> {
    await this.producer.close();
  }

  /** Past the fences lies nothing that an earlier producer could still commit. */
  private async fence(): Promise<void> {
    const { cluster, topology } = this.options;
    const records = topology.subTopologies.flatMap(({ changelog }) =>
      Array.from({ length: this.partitionsOf(changelog) }, (_, partition) =>
        changelogRecord(changelog, partition, 'fence', Buffer.from('{}')),
      ),
    );
    const offsets = await this.producer.commit(records, null);
    this.fences = new Map(
      records.map(({ topic, partition }, index) => [`${topic}/${partition}`, offsets[index]!]),
    );
    this.options.faultPoint('after-fence');
    const written = new Set(topology.subTopologies.flatMap(({ sinks }) => Object.values(sinks)));
    for (const { topic } of written) {
      for (let partition = 0; partition < this.partitionsOf(topic); partition++)
        this.ends.set(`${topic}/${partition}`, await cluster.offsetOf(topic, partition, 'end'));
    }
  }
}

const placeOf = (place: string): [topic: string, partition: number] => {
  const at = place.lastIndexOf('/');
  return [place.slice(0, at), Number(place.slice(at + 1))];
};

const changelogRecord = (
  topic: string,
  partition: number,
  key: string,
  value: Buffer | null,
): OutputRecord => ({ topic, partition, key: Buffer.from(key), value, headers: {} });

const topicsOf = (topology: Topology): string[] => [
  ...new Set(
    topology.subTopologies.flatMap(({ source, changelog, deadLetters, sinks }) => [
      source,
      changelog,
      ...(deadLetters === undefined ? [] : [deadLetters]),
      ...Object.values(sinks).map(({ topic }) => topic),
    ]),
  ),
];
