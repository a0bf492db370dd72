import { type Letter, nameOf } from './letter.js';
import type { TracedLetter } from './selection.js';

export const GROUPINGS = ['cause', 'stage', 'topic'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Letters that have something in common. Times in Unix milliseconds. */
export interface LetterGroup {
  stage: string;
  cause: string;
  topic: string;
  letters: number;
  open: number;
  oldestMs: number;
  newestMs: number;
  /** Name and message of the newest. */
  example: { letter: string; message: string };
}

const VARIOUS = '*';
/** Causes, stages and topics are few; whoever writes others into dead-letter gets one group for what is beyond. */
const MAX_GROUPS = 1_000;

/** Counts letters by what they have in common, in bounded memory; what an operator looks for first. */
export class LetterSummary {
  private readonly groups = new Map<string, LetterGroup>();

  /** @param by left out: stage, cause and topic together. */
  constructor(private readonly by: Grouping | null = null) {}

  add({ letter, state }: TracedLetter): void {
    const kind = this.kindOf(letter);
    let name = JSON.stringify(kind);
    if (!this.groups.has(name) && this.groups.size >= MAX_GROUPS) name = VARIOUS;
    const known = this.groups.get(name);
    const example = { letter: nameOf(letter), message: letter.message };
    if (!known) {
      const { refusedMs } = letter;
      const fresh = { letters: 0, open: 0, oldestMs: refusedMs, newestMs: refusedMs, example };
      const named = name === VARIOUS ? { stage: VARIOUS, cause: VARIOUS, topic: VARIOUS } : kind;
      this.groups.set(name, { ...named, ...fresh });
    }
    const group = this.groups.get(name)!;
    group.letters += 1;
    if (state === 'open') group.open += 1;
    group.oldestMs = Math.min(group.oldestMs, letter.refusedMs);
    if (letter.refusedMs >= group.newestMs) {
      group.newestMs = letter.refusedMs;
      group.example = example;
    }
  }

  /** Most letters first. */
  rows(): LetterGroup[] {
    return [...this.groups.values()].sort((a, b) => b.letters - a.letters || b.newestMs - a.newestMs);
  }

  private kindOf({ stage, cause, from }: Letter): Pick<LetterGroup, 'stage' | 'cause' | 'topic'> {
    const topic = from?.topic ?? 'unknown';
    const { by } = this;
    return {
      stage: by === null || by === 'stage' ? stage : VARIOUS,
      cause: by === null || by === 'cause' ? cause : VARIOUS,
      topic: by === null || by === 'topic' ? topic : VARIOUS,
    };
  }
}
