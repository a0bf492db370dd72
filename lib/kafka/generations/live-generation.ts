import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../telemetry/logger.js';
import { FIRST_GENERATION } from '../../topology/generation.js';
import { ClusterClient } from '../cluster.js';
import { readPartition } from '../partition-reader.js';
import type { KafkaSettings } from '../types.js';
import { decodeGeneration, type GenerationRecord } from './generation-record.js';
import { GENERATIONS_TOPIC, readGenerations } from './generations.js';

/** Transactions of an older generation are not committed any more. */
export class GenerationRaisedError extends Error {
  override name = 'GenerationRaisedError';
}

const POLL_MS = 1_000;
/** How long what was read last may be relied on, milliseconds. */
export const LEASE_MS = 5_000;
const STALL_MS = 10_000;

/** The generation that the live topology is in: the last one promoted, or about to be. */
export const liveGenerationOf = (records: ReadonlyMap<number, Pick<GenerationRecord, 'state'>>): number =>
  Math.max(
    FIRST_GENERATION,
    ...[...records]
      .filter(([, { state }]) => state === 'promoted' || state === 'promoting')
      .map(([number]) => number),
  );

/**
 * Follows topic `generations`. Invariant: once {@link LEASE_MS} have passed since a generation was written, no {@link confirm} of an
 * older one succeeds, so no transaction that waits for it is committed.
 */
export class LiveGeneration {
  private readonly stop = new AbortController();
  private readonly waiting = new Set<() => void>();
  private polling: Promise<void> | null = null;
  private readMs = Number.NEGATIVE_INFINITY;

  private constructor(
    private readonly cluster: ClusterClient,
    private readonly logger: Logger,
    private position: number,
    private number: number,
  ) {
    this.readMs = performance.now();
    void this.follow();
  }

  /** @throws FatalError where the topic is missing. */
  static async connect(kafka: KafkaSettings, logger: Logger): Promise<LiveGeneration> {
    const cluster = new ClusterClient(kafka);
    // what is written in between is read again with the first poll
    const known = liveGenerationOf(await readGenerations(cluster));
    return new LiveGeneration(cluster, logger, await cluster.offsetOf(GENERATIONS_TOPIC, 0, 'start'), known);
  }

  get current(): number {
    return this.number;
  }

  /** Resolves once the generation is above `number`. */
  async raisedAbove(number: number): Promise<void> {
    while (this.number <= number) await new Promise<void>((resolve) => this.waiting.add(resolve));
  }

  /** Resolves while `number` is the generation. @throws GenerationRaisedError; and where Kafka does not answer. */
  async confirm(number: number): Promise<void> {
    if (performance.now() - this.readMs > LEASE_MS) await this.poll();
    if (this.number > number)
      throw new GenerationRaisedError(`generation ${this.number} has taken the place of ${number}`);
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.polling?.catch(() => {}); // it was told of where it was waited for
    await this.cluster.disconnect();
  }

  private async follow(): Promise<void> {
    while (!this.stop.signal.aborted) {
      await delay(POLL_MS, undefined, { signal: this.stop.signal, ref: false }).catch(() => {}); // closed
      if (this.stop.signal.aborted) return;
      await this.poll().catch((error: unknown) =>
        this.logger.warn({ reason: String(error) }, 'the live generation cannot be read; trying again'),
      );
    }
  }

  private poll(): Promise<void> {
    this.polling ??= this.read().finally(() => {
      this.polling = null;
    });
    return this.polling;
  }

  private async read(): Promise<void> {
    const askedMs = performance.now();
    const until = await this.cluster.offsetOf(GENERATIONS_TOPIC, 0, 'end');
    const range = { from: this.position, until, stallMs: STALL_MS, signal: this.stop.signal };
    this.position = await readPartition(this.cluster, GENERATIONS_TOPIC, 0, range, (records) => {
      for (const { key, value, offset } of records) {
        if (value === null || key === null) continue;
        const record = decodeGeneration(value, `${GENERATIONS_TOPIC}/0 offset ${offset}`);
        this.take(Number(key.toString('utf8')), record);
      }
    });
    this.readMs = askedMs;
  }

  private take(number: number, record: GenerationRecord): void {
    const live = liveGenerationOf(new Map([[number, record]]));
    if (live <= this.number) return;
    this.number = live;
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }
}
