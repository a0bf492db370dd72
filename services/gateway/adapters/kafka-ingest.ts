import pRetry from 'p-retry';
import {
  createProducer,
  type IdempotentProducer,
  type OutgoingMessage,
} from '../../../lib/kafka/producer.js';
import type { KafkaSettings } from '../../../lib/kafka/types.js';
import type { Codec } from '../../../lib/model/codec.js';
import type { Logger } from '../../../lib/telemetry/logger.js';
import { withinLimit } from '../../../lib/time/limit.js';
import type { Answer } from '../core/answer-table.js';
import { Budget } from '../core/budget.js';
import type { RawEvent } from '../core/raw-event.js';
import type { IngestPort, PartHealth } from '../ports.js';
import { Problem } from '../problem.js';
import type { TraceAnswers } from './trace-answers.js';

const TOPIC = 'raw-logs';
/** Key, headers and the batch's own fields, bytes a record. */
const RECORD_OVERHEAD_BYTES = 160;
/** How long a failure stands for the state of Kafka: who is told `down` sends nothing that could show the opposite. */
const FAILURE_STANDS_MS = 5_000;

export interface KafkaIngestOptions {
  kafka: KafkaSettings;
  codec: Codec;
  answers: TraceAnswers;
  logger: Logger;
  /** Resolves once the codec can write `raw-log`. */
  codecReady: Promise<void>;
  produceTimeoutMs: number;
  maxInFlightRecords: number;
  maxInFlightBytes: number;
  /** Told how long each request to Kafka took, and whether it was taken. */
  onProduced?: (seconds: number, succeeded: boolean) => void;
}

/** The way into raw-logs. Connects by itself, and says `kafka-unavailable` until it has. */
export class KafkaIngest implements IngestPort {
  private readonly budget: Budget;
  private producer: IdempotentProducer | null = null;
  private failure: { reason: string; atMs: number } | null = null;
  /** What the connection waits for. */
  private missing = 'the schema registry does not answer yet';
  private readonly stop = new AbortController();
  private readonly connected: Promise<void>;

  constructor(private readonly options: KafkaIngestOptions) {
    this.budget = new Budget(options.maxInFlightRecords, options.maxInFlightBytes);
    this.connected = this.connect();
  }

  async publish(records: readonly Pick<RawEvent, 'key' | 'log'>[]): Promise<void> {
    await this.send(records.map(({ key, log }) => ({ key, value: this.encode(log) })));
  }

  async publishAndWait(events: readonly RawEvent[], wait: boolean): Promise<ReadonlyMap<string, Answer>> {
    const { answers } = this.options;
    // The same event twice in one request is one record.
    const distinct = [...new Map(events.map((event) => [event.eventId, event])).values()];
    const pending = answers.open(distinct.map((event) => event.eventId));
    try {
      await this.send(
        distinct.map(({ key, log }, index) => ({
          key,
          value: this.encode(log),
          headers: { 'reply-to': pending.replyTo(index) },
        })),
      );
      return wait ? await pending.wait() : pending.known();
    } finally {
      pending.close();
    }
  }

  get inFlight(): { records: number; bytes: number } {
    return this.budget.used;
  }

  health(): PartHealth {
    if (!this.producer) return { state: 'starting', detail: this.failure?.reason ?? this.missing };
    if (!this.failure || Date.now() - this.failure.atMs > FAILURE_STANDS_MS) return { state: 'up' };
    return { state: 'down', detail: this.failure.reason };
  }

  /** Sends what waits, then disconnects. */
  async close(): Promise<void> {
    this.stop.abort();
    await this.connected;
    await this.producer?.close();
  }

  private encode(log: RawEvent['log']): Buffer {
    if (!this.producer) throw this.unavailable(this.failure?.reason ?? this.missing);
    return this.options.codec.encode('raw-log', log);
  }

  private async send(messages: (OutgoingMessage & { value: Buffer })[]): Promise<void> {
    const { producer } = this;
    if (!producer) throw this.unavailable(this.failure?.reason ?? this.missing);
    const bytes = messages.reduce((sum, { value }) => sum + value.length + RECORD_OVERHEAD_BYTES, 0);
    if (!this.budget.tryTake(messages.length, bytes)) {
      throw new Problem('overloaded', 'more events are on their way to Kafka than the limit allows', {
        retryAfterS: 1,
      });
    }
    const startedMs = performance.now();
    const report = (succeeded: boolean) =>
      this.options.onProduced?.((performance.now() - startedMs) / 1_000, succeeded);
    const sent = producer.send(TOPIC, messages).then(
      () => {
        report(true);
        this.failure = null;
      },
      (error: unknown) => {
        report(false);
        const reason = error instanceof Error ? error.message : String(error);
        this.failed(reason);
        this.options.logger.error({ reason, records: messages.length }, 'Kafka did not take events');
        throw this.unavailable(reason);
      },
    );
    // The share is given back when Kafka has spoken, not when the client has been told: what waits stays bounded.
    const settled = () => this.budget.give(messages.length, bytes);
    void sent.then(settled, settled);
    const { produceTimeoutMs } = this.options;
    await withinLimit(sent, produceTimeoutMs, () => {
      const reason = `no acknowledgement within ${produceTimeoutMs} ms`;
      this.failed(reason);
      return this.unavailable(reason);
    });
  }

  private failed(reason: string): void {
    this.failure = { reason, atMs: Date.now() };
  }

  private unavailable(reason: string): Problem {
    return new Problem(
      'kafka-unavailable',
      `the events may not be stored, send them again later: ${reason}`,
      {
        retryAfterS: 2,
      },
    );
  }

  private async connect(): Promise<void> {
    const { kafka, codecReady, logger } = this.options;
    try {
      await codecReady;
      this.missing = 'not connected yet';
      this.producer = await pRetry(() => createProducer(kafka), {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: 250,
        maxTimeout: 3_000,
        signal: this.stop.signal,
        onFailedAttempt: ({ error }) => {
          this.failed(error.message);
          logger.warn({ reason: error.message }, 'Kafka does not answer yet');
        },
      });
      this.failure = null;
      logger.info({ brokers: kafka.brokers }, 'connected to Kafka');
    } catch (error) {
      // Either the process is ending, or the schema registry refused us: main.ts ends the process for that.
      this.failed(error instanceof Error ? error.message : String(error));
    }
  }
}
