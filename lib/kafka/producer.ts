import { type ICustomPartitioner, type Kafka, type Message, Partitioners, type Producer } from 'kafkajs';
import { createKafka } from './cluster.js';
import type { KafkaSettings } from './types.js';

export interface OutgoingMessage {
  /** null: any partition. */
  key: string | Buffer | null;
  value: Buffer | null;
  headers?: Record<string, string | Buffer>;
  partition?: number;
}

export interface IdempotentProducer {
  /**
   * Resolves when every in-sync replica has the messages (acks=all); rejects when that cannot be said. Calls of one
   * `lingerMs` share produce requests, which is many times cheaper than one request a message.
   */
  send(topic: string, messages: OutgoingMessage[]): Promise<void>;
  /** Sends what waits, then disconnects. */
  close(): Promise<void>;
}

const MAX_BATCH_MESSAGES = 2_000;
const MAX_BATCH_BYTES = 900_000;

interface Waiting {
  topic: string;
  message: Message;
  bytes: number;
  done: (error?: unknown) => void;
}

/**
 * Where keyless messages go is decided once: a retry that put them elsewhere would give one partition's sequence
 * numbers to other messages, which the broker then takes for duplicates.
 */
const steadyPartitioner: ICustomPartitioner = () => {
  const partitionOf = Partitioners.DefaultPartitioner();
  const chosen = new WeakMap<Message, number>();
  return (args) => {
    const partition = chosen.get(args.message) ?? partitionOf(args);
    chosen.set(args.message, partition);
    return partition;
  };
};

/** Connects an idempotent producer. `lingerMs` 0 sends at the next turn of the event loop. */
export async function createProducer(kafka: KafkaSettings, lingerMs = 2): Promise<IdempotentProducer> {
  const client = createKafka(kafka, { initialRetryTime: 50, maxRetryTime: 1_000, retries: 8 });
  const batching = new BatchingProducer(() => connectProducer(client), lingerMs);
  await batching.connect();
  return batching;
}

/** A kafkajs producer as {@link BatchingProducer} needs it. */
export async function connectProducer(client: Kafka): Promise<Producer> {
  const producer = client.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: steadyPartitioner,
  });
  await producer.connect();
  return producer;
}

/**
 * Gathers calls into produce requests, one request at a time. After a failed one the kafkajs producer is not used again:
 * kafkajs takes its sequence numbers back although the broker may have stored them, and would give them to the next
 * messages; the broker would acknowledge those as duplicates and drop them. A new producer has numbers of its own.
 */
export class BatchingProducer implements IdempotentProducer {
  private queue: Waiting[] = [];
  private pump: Promise<void> | null = null;
  private producer: Producer | null = null;

  constructor(
    private readonly makeProducer: () => Promise<Producer>,
    private readonly lingerMs: number,
  ) {}

  async connect(): Promise<void> {
    this.producer ??= await this.makeProducer();
  }

  async send(topic: string, messages: OutgoingMessage[]): Promise<void> {
    if (messages.length === 0) return;
    await new Promise<void>((resolve, reject) => {
      let left = messages.length;
      let failure: unknown;
      const done = (error?: unknown) => {
        failure ??= error;
        if (--left > 0) return;
        if (failure === undefined) resolve();
        else reject(failure);
      };
      for (const message of messages) {
        const bytes = (message.value?.length ?? 0) + (message.key?.length ?? 0) + 64;
        this.queue.push({ topic, message: message as Message, bytes, done });
      }
      this.pump ??= this.run();
    });
  }

  async close(): Promise<void> {
    await this.pump;
    await this.producer?.disconnect();
  }

  private async run(): Promise<void> {
    await new Promise((resolve) =>
      this.lingerMs > 0 ? setTimeout(resolve, this.lingerMs) : setImmediate(resolve),
    );
    while (this.queue.length > 0) await this.sendBatch(this.takeBatch());
    this.pump = null;
  }

  private takeBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.queue.length && count < MAX_BATCH_MESSAGES) {
      bytes += this.queue[count]!.bytes;
      if (count > 0 && bytes > MAX_BATCH_BYTES) break;
      count++;
    }
    return this.queue.splice(0, count);
  }

  private async sendBatch(batch: Waiting[]): Promise<void> {
    const topics = new Map<string, Message[]>();
    for (const { topic, message } of batch) {
      const messages = topics.get(topic);
      if (messages) messages.push(message);
      else topics.set(topic, [message]);
    }
    try {
      const topicMessages = [...topics].map(([topic, messages]) => ({ topic, messages }));
      await this.connect();
      await this.producer!.sendBatch({ topicMessages, acks: -1 });
      for (const { done } of batch) done();
    } catch (error) {
      this.discard();
      for (const { done } of batch) done(error);
    }
  }

  private discard(): void {
    const spent = this.producer;
    this.producer = null;
    // its connection is of no more use to anyone, however closing it ends
    void spent?.disconnect().catch(() => undefined);
  }
}
