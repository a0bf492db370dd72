import type { ClusterClient } from '../kafka/cluster.js';
import { readPartition } from '../kafka/partition-reader.js';
import { DEAD_LETTER_TOPIC } from '../topology/dead-letter.js';
import type { LetterPosition } from '../topology/redrive.js';
import { type Letter, letterOf, nameOf, positionOf } from './letter.js';
import { isSelected, type LetterFilter, type TracedLetter } from './selection.js';
import { Trail } from './trail.js';

const STALL_MS = 30_000;

interface Range {
  partition: number;
  from: number;
  until: number;
}

/**
 * The letters that dead-letter held when it was opened, each with what became of it. It is read from Kafka every time: only the
 * trail, and which letters have a later attempt, are kept in memory.
 */
export class DeadLetters {
  /** The newest letter that names another as its predecessor, by that one's name. */
  private readonly successors = new Map<string, LetterPosition>();

  private constructor(
    private readonly cluster: ClusterClient,
    private readonly ranges: Range[],
    readonly trail: Trail,
  ) {}

  /**
   * @param trail read by the caller, who knows until where; left out: as it is now.
   * @throws where the topics do not exist or Kafka does not answer.
   */
  static async open(cluster: ClusterClient, trail?: Trail): Promise<DeadLetters> {
    const ranges: Range[] = [];
    for (const partition of await cluster.partitionsOf(DEAD_LETTER_TOPIC)) {
      const from = await cluster.offsetOf(DEAD_LETTER_TOPIC, partition, 'start');
      const until = await cluster.offsetOf(DEAD_LETTER_TOPIC, partition, 'end');
      ranges.push({ partition, from, until });
    }
    const letters = new DeadLetters(cluster, ranges, trail ?? (await Trail.read(cluster)));
    if (!letters.trail.isEmpty) await letters.findSuccessors();
    return letters;
  }

  /**
   * Hands over what `filter` selects, partition by partition, in the order of refusal in each. Ends early where `onLetter`
   * returns false.
   */
  async forEach(
    filter: LetterFilter,
    onLetter: (traced: TracedLetter) => boolean | Promise<boolean>,
  ): Promise<void> {
    if (filter.names === undefined) {
      const { sinceMs } = filter;
      const starts = sinceMs === undefined ? null : await this.cluster.offsetsOf(DEAD_LETTER_TOPIC, sinceMs);
      await this.read(async (letter) => {
        const traced = this.traced(letter);
        return !isSelected(traced, filter) || onLetter(traced);
      }, starts);
      return;
    }
    for (const position of inOrder(filter.names)) {
      const traced = await this.find(position);
      if (traced && isSelected(traced, filter) && !(await onLetter(traced))) return;
    }
  }

  /** One letter by its place; null where the log does not hold one. */
  async find({ partition, offset }: LetterPosition): Promise<TracedLetter | null> {
    const range = this.ranges.find((one) => one.partition === partition);
    if (range === undefined || offset < range.from || offset >= range.until) return null;
    let found: TracedLetter | null = null;
    const options = { from: offset, until: offset + 1, stallMs: STALL_MS, maxBytes: 1 };
    await readPartition(this.cluster, DEAD_LETTER_TOPIC, partition, options, (records) => {
      const record = records.find((one) => one.offset === offset);
      if (record) found = this.traced(letterOf(record));
    });
    return found;
  }

  /** The letter of the next refusal, if the redrive ended in one. */
  successorOf(letter: LetterPosition): LetterPosition | null {
    return this.successors.get(nameOf(letter)) ?? null;
  }

  private traced(letter: Letter): TracedLetter {
    const trail = this.trail.of(letter);
    const state = trail === null ? 'open' : this.successorOf(letter) ? 'refused again' : 'redriven';
    return { letter, state, trail };
  }

  private async findSuccessors(): Promise<void> {
    await this.read((letter) => {
      const { predecessor, partition, offset } = letter;
      if (predecessor) this.successors.set(nameOf(predecessor), { partition, offset });
      return true;
    });
  }

  /** @param starts offsets by partition that nothing before is asked for; null: everything is */
  private async read(
    onLetter: (letter: Letter) => boolean | Promise<boolean>,
    starts: ReadonlyMap<number, number> | null = null,
  ): Promise<void> {
    const end = new AbortController();
    for (const { partition, from: first, until } of this.ranges) {
      const from = Math.min(until, Math.max(first, starts?.get(partition) ?? first));
      const options = { from, until, stallMs: STALL_MS, signal: end.signal };
      try {
        await readPartition(this.cluster, DEAD_LETTER_TOPIC, partition, options, async (records) => {
          for (const record of records) {
            if (record.offset >= until || (await onLetter(letterOf(record)))) continue;
            end.abort();
            return;
          }
        });
      } catch (error) {
        if (!end.signal.aborted) throw error;
      }
      if (end.signal.aborted) return;
    }
  }
}

const inOrder = (names: ReadonlySet<string>): LetterPosition[] =>
  [...names]
    .flatMap((name) => positionOf(name) ?? [])
    .sort((a, b) => a.partition - b.partition || a.offset - b.offset);
