import { type ErasedKind, erasureKey } from '../model/erasure.js';
import { ClusterClient } from './cluster.js';
import { readPartition } from './partition-reader.js';
import { FatalError, type KafkaSettings } from './types.js';

export const ERASURES_TOPIC = 'erasures';

const STALL_MS = 10_000;

/** What may not come back, as topic `erasures` has it; its keys are {@link erasureKey}s. */
export interface ErasureSet {
  has: (kind: ErasedKind, id: string) => boolean;
  /**
   * Reads what was appended before this call, and says how many ids are known. @throws where Kafka does not answer: nothing may be
   * written to a store then.
   */
  refresh: () => Promise<number>;
}

/**
 * Follows topic `erasures` on demand. Writers of a store ask before they write and again afterwards: an id that was erased in between is
 * known then, so whoever erases and finds no row can rely on its writer to take it away.
 */
export class Erasures implements ErasureSet {
  private readonly known = new Set<string>();
  private position = 0;
  private last: Promise<void> = Promise.resolve();

  private readonly cluster: ClusterClient;
  private isConnected = false;

  /** Connects with the first {@link refresh}. */
  constructor(kafka: KafkaSettings) {
    this.cluster = new ClusterClient(kafka);
  }

  // handed on as a function
  readonly has = (kind: ErasedKind, id: string): boolean =>
    this.known.size > 0 && this.known.has(erasureKey(kind, id));

  /** @throws FatalError where the topic is missing. */
  async refresh(): Promise<number> {
    // one after the other: a reading that is under way may have asked for the end before this call
    const reading = this.last.catch(() => {}).then(() => this.read());
    this.last = reading;
    await reading;
    return this.known.size;
  }

  close(): Promise<void> {
    return this.cluster.disconnect();
  }

  private async connect(): Promise<void> {
    try {
      await this.cluster.connect([ERASURES_TOPIC]);
    } catch (error) {
      if ((error as { type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION')
        throw new FatalError(`topic ${ERASURES_TOPIC} does not exist: run \`vectadb topics apply\``);
      throw error;
    }
    this.position = await this.cluster.offsetOf(ERASURES_TOPIC, 0, 'start');
    this.isConnected = true;
  }

  private async read(): Promise<void> {
    if (!this.isConnected) await this.connect();
    const until = await this.cluster.offsetOf(ERASURES_TOPIC, 0, 'end');
    const range = { from: this.position, until, stallMs: STALL_MS };
    this.position = await readPartition(this.cluster, ERASURES_TOPIC, 0, range, (records) => {
      for (const { key, value } of records) {
        if (key === null) continue;
        if (value === null) this.known.delete(key.toString('utf8'));
        else this.known.add(key.toString('utf8'));
      }
    });
  }
}

/** Nothing was erased. */
export const noErasures: ErasureSet = { has: () => false, refresh: async () => 0 };
