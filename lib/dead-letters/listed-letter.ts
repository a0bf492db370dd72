import { type Letter, nameOf } from './letter.js';
import type { LetterState, TracedLetter } from './selection.js';

export interface RecordPlace {
  topic: string;
  partition: number;
  offset: number;
}

/** A letter as lists show it. Its bytes are not kept. */
export interface ListedLetter {
  /** `PARTITION/OFFSET` */
  letter: string;
  /** ISO 8601, UTC. */
  refused_at: string;
  stage: string;
  cause: string;
  message: string;
  /** The record that was refused. */
  from: RecordPlace | null;
  /** Where the data first stood: another place once it was redriven. */
  origin: RecordPlace | null;
  attempt: number;
  state: LetterState;
  bytes: number;
  redrives: number;
}

export function listed({ letter, state, trail }: TracedLetter): ListedLetter {
  const { origin, from } = letter;
  return {
    letter: nameOf(letter),
    refused_at: moment(letter.refusedMs),
    stage: letter.stage,
    cause: letter.cause,
    message: letter.message,
    from,
    origin: origin && { topic: origin.topic, partition: origin.partition, offset: origin.offset },
    attempt: letter.attempt,
    state,
    bytes: letter.value?.length ?? 0,
    redrives: trail?.times ?? 0,
  };
}

/** ISO 8601, UTC, to the second where it is a whole one. */
const moment = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

/** Where a letter stands in a list of the newest first. */
export type ListPlace = Pick<Letter, 'refusedMs' | 'partition' | 'offset'>;

/** Below zero: `a` is listed before `b`. */
export const inListOrder = (a: ListPlace, b: ListPlace): number =>
  b.refusedMs - a.refusedMs || b.partition - a.partition || b.offset - a.offset;

/** The newest of many letters, in bounded memory; `after`: only those that a list has after this place. */
export class NewestLetters {
  private kept: { place: ListPlace; row: ListedLetter }[] = [];
  private left = false;

  constructor(
    private readonly limit: number,
    private readonly after: ListPlace | null = null,
  ) {}

  add(traced: TracedLetter): void {
    const { refusedMs, partition, offset } = traced.letter;
    const place = { refusedMs, partition, offset };
    if (this.after !== null && inListOrder(place, this.after) <= 0) return;
    this.kept.push({ place, row: listed(traced) });
    if (this.kept.length >= 2 * this.limit + 16) this.cut();
  }

  rows(): ListedLetter[] {
    this.cut();
    return this.kept.map(({ row }) => row);
  }

  /** Where the next page goes on; null: these are all. */
  next(): ListPlace | null {
    this.cut();
    return this.left ? (this.kept.at(-1)?.place ?? this.after) : null;
  }

  private cut(): void {
    if (this.kept.length > this.limit) this.left = true;
    this.kept = this.kept.sort((a, b) => inListOrder(a.place, b.place)).slice(0, this.limit);
  }
}
