import { type Message, Partitioners, type Producer, type TopicMessages, type Transaction } from 'kafkajs';
import type { OutputRecord } from '../../topology/task.js';
import { createKafka } from '../cluster.js';
import type { KafkaSettings } from '../types.js';
import type { FaultPoint } from './fault-point.js';

/** Largest record batch sent to one partition at once, bytes: below every topic's max.message.bytes. */
const MAX_BATCH_BYTES = 900_000;
/** A dead owner's transaction blocks read_committed readers for at most this long, milliseconds. */
const TRANSACTION_TIMEOUT_MS = 10_000;
/** What a record costs beside its key, value and headers, bytes, rounded up. */
const RECORD_OVERHEAD_BYTES = 40;

export interface ProducerLimits {
  /** Most records in one record batch; left out: only bytes bound it. */
  maxBatchRecords?: number;
}

/** A transaction that has begun. */
export interface OpenTransaction {
  /** Returns the offset of each record. */
  send(records: Iterable<OutputRecord>): Promise<number[]>;
  sendOffsets(offsets: { groupId: string; topic: string; partition: number; offset: number }): Promise<void>;
}

/**
 * The transactional producer of one partition. Its InitProducerId, in {@link open}, fences every earlier producer of the
 * same id and settles what that one left open. After any error it cannot be used again.
 */
export class TransactionalProducer {
  private constructor(
    private readonly producer: Producer,
    private readonly faultPoint: FaultPoint,
    private readonly maxBatchRecords: number,
    private readonly confirm: () => Promise<void>,
  ) {}

  static async open(
    kafka: KafkaSettings,
    transactionalId: string,
    faultPoint: FaultPoint,
    { maxBatchRecords = Number.POSITIVE_INFINITY }: ProducerLimits = {},
    confirm: () => Promise<void> = async () => {},
  ): Promise<TransactionalProducer> {
    // an instance of its own: its retry rules InitProducerId, which meets CONCURRENT_TRANSACTIONS for some milliseconds
    const producer = createKafka(kafka, { initialRetryTime: 5, maxRetryTime: 250, retries: 40 }).producer({
      transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: TRANSACTION_TIMEOUT_MS,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    try {
      await producer.connect();
    } catch (error) {
      await disconnectQuietly(producer);
      throw error;
    }
    return new TransactionalProducer(producer, faultPoint, maxBatchRecords, confirm);
  }

  /**
   * Sends and commits. Outputs go before offsets: CONCURRENT_TRANSACTIONS, which the first request after a commit may
   * meet, is retried by kafkajs in send and not in sendOffsets. `confirm` comes last: a process that was stopped for longer than a
   * transaction lives cannot commit, and one that was stopped before it began asks again. Records are asked for batch by batch. Returns the offset of
   * each.
   */
  async commit(
    records: Iterable<OutputRecord>,
    offsets: { groupId: string; topic: string; partition: number; offset: number } | null,
  ): Promise<number[]> {
    return this.transact(async ({ send, sendOffsets }) => {
      const stored = await send(records);
      this.faultPoint('after-send');
      if (offsets) {
        await sendOffsets(offsets);
        this.faultPoint('after-offsets');
      }
      return stored;
    });
  }

  /** Commits once `work` resolves, for what depends on where earlier records of the transaction went. */
  async transact<T>(work: (transaction: OpenTransaction) => Promise<T>): Promise<T> {
    const transaction = await this.producer.transaction();
    const result = await work({
      send: (records) => this.send(transaction, records),
      sendOffsets: ({ groupId, topic, partition, offset }) =>
        transaction.sendOffsets({
          consumerGroupId: groupId,
          topics: [{ topic, partitions: [{ partition, offset: String(offset) }] }],
        }),
    });
    this.faultPoint('before-commit');
    await this.confirm();
    await transaction.commit();
    this.faultPoint('after-commit');
    return result;
  }

  private async send(transaction: Transaction, records: Iterable<OutputRecord>): Promise<number[]> {
    const stored: number[] = [];
    for (const { topicMessages, places } of inBatches(records, this.maxBatchRecords)) {
      const metadata = await transaction.sendBatch({
        topicMessages,
        acks: -1,
        timeout: TRANSACTION_TIMEOUT_MS,
      });
      const next = new Map(
        metadata.map(({ topicName, partition, baseOffset }) => [
          `${topicName}/${partition}`,
          Number(baseOffset),
        ]),
      );
      for (const place of places) {
        const offset = next.get(place) ?? Number.NaN;
        stored.push(offset);
        next.set(place, offset + 1);
      }
    }
    return stored;
  }

  async close(): Promise<void> {
    await disconnectQuietly(this.producer);
  }
}

async function disconnectQuietly(producer: Producer): Promise<void> {
  try {
    await producer.disconnect();
  } catch {
    // a connection that is gone needs no closing; the transaction ends by fencing or time-out
  }
}

interface ProduceCall {
  topicMessages: TopicMessages[];
  /** `topic/partition` of each record, in their order. */
  places: string[];
}

/** Records in their order, in as few produce calls as the batch limits of each partition allow. */
function* inBatches(records: Iterable<OutputRecord>, maxBatchRecords: number): Generator<ProduceCall> {
  let topics = new Map<string, Message[]>();
  let batches = new Map<string, { records: number; bytes: number }>();
  let places: string[] = [];
  const take = (): ProduceCall => ({
    topicMessages: [...topics].map(([topic, messages]) => ({ topic, messages })),
    places,
  });
  for (const record of records) {
    const size = sizeOf(record);
    const place = `${record.topic}/${record.partition}`;
    const batch = batches.get(place);
    if (batch && (batch.records >= maxBatchRecords || batch.bytes + size > MAX_BATCH_BYTES)) {
      yield take();
      topics = new Map();
      batches = new Map();
      places = [];
    }
    const { records: count, bytes } = batches.get(place) ?? { records: 0, bytes: 0 };
    batches.set(place, { records: count + 1, bytes: bytes + size });
    places.push(place);
    const messages = topics.get(record.topic);
    const message = {
      key: record.key,
      value: record.value,
      partition: record.partition,
      headers: record.headers,
      ...(record.timestampMs === undefined ? {} : { timestamp: String(record.timestampMs) }),
    };
    if (messages) messages.push(message);
    else topics.set(record.topic, [message]);
  }
  if (places.length > 0) yield take();
}

function sizeOf(record: OutputRecord): number {
  let size = RECORD_OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const [name, value] of Object.entries(record.headers)) size += name.length + value.length + 8;
  return size;
}
