import { join } from 'node:path';
import { type RunningProcess, startProcess } from '../../deploy/local/process.js';
import { projectRoot } from '../../lib/config/root.js';
import { ClusterClient, createKafka } from '../../lib/kafka/cluster.js';
import { readToEnd } from '../../lib/kafka/partition-reader.js';
import { createProducer } from '../../lib/kafka/producer.js';
import type { TestStack } from '../../lib/testing/stack.js';
import type { EncodedRecord } from '../../lib/topology/topology.js';
import type { Counted, Item } from './counting-topology.js';

/** Topics, input, worker processes and the check of one run of the counting topology on a broker of its own. */
export class CountingRun {
  readonly kafka;
  private started = 0;

  constructor(
    private readonly stack: TestStack,
    private readonly partitions: number,
  ) {
    this.kafka = { brokers: stack.brokers, clientId: 'counting-harness' };
  }

  async createTopics(): Promise<void> {
    const admin = createKafka(this.kafka).admin();
    await admin.connect();
    const compact = [
      { name: 'cleanup.policy', value: 'compact' },
      { name: 'min.cleanable.dirty.ratio', value: '0.01' },
    ];
    await admin.createTopics({
      waitForLeaders: true,
      topics: [
        { topic: 'count-in', numPartitions: this.partitions },
        { topic: 'count-out', numPartitions: this.partitions },
        { topic: 'dead-letter', numPartitions: this.partitions },
        { topic: 'count-changelog', numPartitions: this.partitions, configEntries: compact },
      ],
    });
    await admin.disconnect();
  }

  /** Starts one worker; `slot` names the file that keeps its member id. */
  startWorker(slot: string, env: Record<string, string> = {}): Promise<RunningProcess> {
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([key]) => key !== 'NODE_ENV' && !key.startsWith('VITEST')),
    );
    return startProcess({
      command: process.execPath,
      args: ['--enable-source-maps', join(projectRoot(), 'dist/tests/runner/counting-worker.js')],
      env: {
        ...inherited,
        KAFKA_BROKERS: this.stack.brokers.join(','),
        MEMBER_FILE: join(this.stack.folder, `member-${slot}`),
        ...env,
      } as Record<string, string>,
      logFile: join(this.stack.folder, 'logs', `worker-${slot}-${++this.started}.log`),
    });
  }

  /** Produces `count` items over `keys` counters, ids from `firstId` up. */
  async produce(count: number, keys: number, firstId = 0): Promise<void> {
    const producer = await createProducer(this.kafka, 0);
    for (let from = 0; from < count; from += 1_000) {
      const items = Array.from({ length: Math.min(1_000, count - from) }, (_, i): Item => {
        const id = firstId + from + i;
        return { key: `key-${id % keys}`, id };
      });
      await producer.send(
        'count-in',
        items.map((item) => ({ key: item.key, value: Buffer.from(JSON.stringify(item)) })),
      );
    }
    await producer.close();
  }

  async produceRaw(key: string, value: string): Promise<void> {
    const producer = await createProducer(this.kafka, 0);
    await producer.send('count-in', [{ key, value: Buffer.from(value) }]);
    await producer.close();
  }

  /** Every committed record of a topic. */
  async readAll(topic: string): Promise<EncodedRecord[]> {
    const cluster = new ClusterClient(this.kafka);
    await cluster.connect([topic]);
    const all: EncodedRecord[] = [];
    try {
      await readToEnd(cluster, topic, 30_000, (records) => {
        all.push(...records);
      });
    } finally {
      await cluster.disconnect();
    }
    return all;
  }

  async readCounted(): Promise<Counted[]> {
    return (await this.readAll('count-out')).map(
      (record) => JSON.parse(record.value!.toString('utf8')) as Counted,
    );
  }
}

/** What is wrong with an output of `count` items over `keys` counters; empty when every item was counted exactly once. */
export function faultsOf(counted: Counted[], count: number, keys: number): string[] {
  const faults: string[] = [];
  const seen = new Map<number, number>();
  const perKey = new Map<string, Counted[]>();
  for (const item of counted) {
    seen.set(item.id, (seen.get(item.id) ?? 0) + 1);
    if (!perKey.has(item.key)) perKey.set(item.key, []);
    perKey.get(item.key)!.push(item);
  }
  let lost = 0;
  let doubled = 0;
  for (let id = 0; id < count; id++) {
    const times = seen.get(id) ?? 0;
    if (times === 0) lost++;
    if (times > 1) doubled++;
  }
  if (lost > 0) faults.push(`${lost} of ${count} items lost`);
  if (doubled > 0) faults.push(`${doubled} items doubled`);
  for (let k = 0; k < keys; k++) {
    const key = `key-${k}`;
    let sum = 0;
    (perKey.get(key) ?? []).forEach((item, index) => {
      sum += item.id;
      if (item.n !== index + 1 || item.sum !== sum) {
        faults.push(
          `${key}: place ${index} holds n=${item.n} sum=${item.sum}, expected n=${index + 1} sum=${sum}`,
        );
      }
    });
  }
  return faults.slice(0, 10);
}
