import { type Message, Partitioners, type Producer } from 'kafkajs';
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

/** Connects an idempotent producer. `lingerMs` 0 sends at the next turn of the event loop. */
export async function createProducer(kafka: KafkaSettings, lingerMs = 2): Promise<IdempotentProducer> {
  const producer = createKafka(kafka, { initialRetryTime: 50, maxRetryTime: 1_000, retries: 8 }).producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  return new BatchingProducer(producer, lingerMs);
}

class BatchingProducer implements IdempotentProducer {
  private queue: Waiting[] = [];
  private pump: Promise<void> | null = null;

  constructor(
    private readonly producer: Producer,
    private readonly lingerMs: number,
  ) {}

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
    await this.producer.disconnect();
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
      await this.producer.sendBatch({ topicMessages, acks: -1 });
      for (const { done } of batch) done();
    } catch (error) {
      for (const { done } of batch) done(error);
    }
  }
}
