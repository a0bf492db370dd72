import type { ClusterClient } from '../kafka/cluster.js';
import { classify } from '../kafka/exactly-once/failure.js';
import { type FaultPoint, noFaultPoint } from '../kafka/exactly-once/fault-point.js';
import { TransactionalProducer } from '../kafka/exactly-once/transactions.js';
import type { KafkaSettings } from '../kafka/types.js';
import type { OutputRecord } from '../topology/task.js';
import { type Letter, nameOf } from './letter.js';
import { DeadLetters } from './reading.js';
import type { LetterFilter, TracedLetter } from './selection.js';
import { findSuperseded } from './superseded.js';
import { Trail } from './trail.js';
import { encodeTrail, TRAIL_TOPIC, type TrailRedrive, withRedrive } from './trail-entry.js';
import type { WayBack } from './way-back.js';

/** One at a time, whoever starts it: the second fences the first. */
const TRANSACTIONAL_ID = 'vectadb-dead-letter-redrive';
const FENCE_KEY = 'fence';
/** Letters, and bytes, of one transaction. */
const MAX_LETTERS = 500;
const MAX_BYTES = 600_000;

/** Another redrive was started and goes on with what is left. */
export class RedriveFencedError extends Error {
  override name = 'RedriveFencedError';
}

export interface RedriveOptions {
  kafka: KafkaSettings;
  cluster: ClusterClient;
  filter: LetterFilter;
  /** Those, too, that the trail says were redriven. */
  again: boolean;
  /** Most letters to redrive. */
  limit: number;
  /** What goes back into the topology for a letter; may ask the registry for its schema. */
  wayBack: (letter: Letter, again: boolean) => Promise<WayBack>;
  /** Told of every letter that was selected, after its transaction. */
  onDone?: (done: Redriven) => void;
  nowMs?: () => number;
  faultPoint?: FaultPoint;
}

/** What became of a selected letter. */
export type Redriven = { letter: Letter } & (
  | { result: 'sent' | 'superseded'; to: TrailRedrive['to'] }
  | { result: 'already redriven' }
  | { result: 'impossible'; reason: string }
);

interface Planned {
  letter: Letter;
  record: OutputRecord;
}

/**
 * Sends letters back into the topology. A letter's record and its entry in the trail are one transaction, so a letter is either
 * sent and known to be, or neither, wherever the process ends; the trail is read after an earlier redrive has been fenced, so
 * none sends what another has sent.
 *
 * @throws RedriveFencedError where another redrive takes over; what was committed stays and is in the trail.
 */
export async function redrive(options: RedriveOptions): Promise<void> {
  const producer = await TransactionalProducer.open(
    options.kafka,
    TRANSACTIONAL_ID,
    options.faultPoint ?? noFaultPoint,
  );
  try {
    // the fence's place: everything that an earlier redrive committed comes before it
    const [fence] = await producer.commit([trailRecord(FENCE_KEY, null)], null);
    const trail = await Trail.read(options.cluster, fence! + 1);
    const letters = await DeadLetters.open(options.cluster, trail);
    await new Redriving(options, producer, letters).run();
  } catch (error) {
    if (classify(error) !== 'fenced') throw error;
    throw new RedriveFencedError('another redrive has begun and goes on where this one ends', {
      cause: error,
    });
  } finally {
    await producer.close();
  }
}

class Redriving {
  private planned: Planned[] = [];
  private bytes = 0;
  private count = 0;

  constructor(
    private readonly options: RedriveOptions,
    private readonly producer: TransactionalProducer,
    private readonly letters: DeadLetters,
  ) {}

  async run(): Promise<void> {
    const { filter, limit } = this.options;
    if (limit > 0) {
      await this.letters.forEach(filter, async (traced) => {
        await this.take(traced);
        return this.count < limit;
      });
    }
    await this.flush();
  }

  private async take({ letter, trail }: TracedLetter): Promise<void> {
    const { again, wayBack, onDone } = this.options;
    if (trail !== null && !again) {
      onDone?.({ letter, result: 'already redriven' });
      return;
    }
    const way = await wayBack(letter, trail !== null);
    if (!way.ok) {
      onDone?.({ letter, result: 'impossible', reason: way.reason });
      return;
    }
    this.count++;
    const size = (letter.value?.length ?? 0) + (letter.key?.length ?? 0);
    if (this.planned.length >= MAX_LETTERS || this.bytes + size > MAX_BYTES) await this.flush();
    this.planned.push({ letter, record: way.record });
    this.bytes += size;
  }

  private async flush(): Promise<void> {
    const { planned } = this;
    this.planned = [];
    this.bytes = 0;
    if (planned.length === 0) return;
    const { cluster, onDone, nowMs = Date.now } = this.options;
    const superseded = await findSuperseded(
      cluster,
      planned.map(({ letter }) => letter),
    );
    const sent = planned.filter(({ letter }) => !superseded.has(letter));
    const done: Redriven[] = await this.producer.transact(async ({ send }) => {
      const offsets = await send(sent.map(({ record }) => record));
      const places = new Map(
        sent.map(({ letter, record: { topic, partition } }, at) => [
          letter,
          { topic, partition, offset: offsets[at]! },
        ]),
      );
      const results = planned.map(({ letter }) => {
        const to = places.get(letter) ?? null;
        return { letter, result: to ? ('sent' as const) : ('superseded' as const), to };
      });
      await send(
        results.map(({ letter, result, to }) => this.entryOf(letter, { at_ms: nowMs(), result, to })),
      );
      return results;
    });
    for (const one of done) onDone?.(one);
  }

  private entryOf(letter: Letter, next: TrailRedrive): OutputRecord {
    const { trail } = this.letters;
    const entry = withRedrive(trail.of(letter), letter.refusedMs, next);
    trail.set(letter, entry);
    return trailRecord(nameOf(letter), encodeTrail(entry));
  }
}

const trailRecord = (key: string, value: Buffer | null): OutputRecord => ({
  topic: TRAIL_TOPIC,
  partition: 0,
  key: Buffer.from(key),
  value,
  headers: {},
});
