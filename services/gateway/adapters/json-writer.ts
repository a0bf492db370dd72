import pRetry from 'p-retry';
import { createProducer, type IdempotentProducer } from '../../../lib/kafka/producer.js';
import type { KafkaSettings } from '../../../lib/kafka/types.js';
import { withinLimit } from '../../../lib/time/limit.js';

/** A record whose value is JSON; null is a tombstone. */
export interface JsonRecord {
  key: string;
  value: object | null;
}

/** Writes what the gateway says of itself (keys, audit) to Kafka. Connects when first asked, by itself. */
export class JsonWriter {
  private readonly stop = new AbortController();
  private connecting: Promise<IdempotentProducer> | null = null;

  constructor(
    private readonly kafka: KafkaSettings,
    private readonly limitMs: number,
  ) {}

  /** Resolves when every in-sync replica has them. @throws when that cannot be said within the limit. */
  async write(topic: string, records: readonly JsonRecord[]): Promise<void> {
    const messages = records.map(({ key, value }) => ({
      key,
      value: value === null ? null : Buffer.from(JSON.stringify(value)),
    }));
    const sent = this.producer().then((producer) => producer.send(topic, messages));
    await withinLimit(
      sent,
      this.limitMs,
      () => new Error(`Kafka gave no acknowledgement within ${this.limitMs} ms`),
    );
  }

  async close(): Promise<void> {
    this.stop.abort();
    // one that never connected has nothing to close
    const producer = await this.connecting?.catch(() => null);
    await producer?.close();
  }

  private producer(): Promise<IdempotentProducer> {
    this.connecting ??= pRetry(() => createProducer(this.kafka), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: 250,
      maxTimeout: 3_000,
      signal: this.stop.signal,
    });
    return this.connecting;
  }
}
