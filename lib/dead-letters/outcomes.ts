import { nameOf } from './letter.js';
import type { Redriven } from './redrive.js';
import type { Planned } from './send-back.js';

/** Letters of one stage and cause of which the same has become. */
export interface Outcome {
  stage: string;
  cause: string;
  result: (Redriven | Planned)['result'];
  /** Why, where it is impossible. */
  reason: string | null;
  /** Topic that they went, or would go, to. */
  to: string | null;
  letters: number;
  /** Name of the first. */
  example: string;
}

/** Reasons quote sizes and the like: beyond so many the rest of a stage and cause is one row without a reason. */
const MAX_ROWS = 200;

/** What becomes of letters, counted, in bounded memory. */
export class Outcomes {
  private readonly counted = new Map<string, Outcome>();

  add(done: Redriven | Planned): void {
    const { letter, result } = done;
    const { stage, cause } = letter;
    const to =
      done.result === 'sent' ? (done.to?.topic ?? null) : done.result === 'to be sent' ? done.to : null;
    let reason = done.result === 'impossible' ? done.reason : null;
    let name = JSON.stringify([stage, cause, result, reason, to]);
    if (!this.counted.has(name) && this.counted.size >= MAX_ROWS) {
      reason = null;
      name = JSON.stringify([stage, cause, result, reason, to]);
    }
    const known = this.counted.get(name);
    if (known) known.letters++;
    else this.counted.set(name, { stage, cause, result, reason, to, letters: 1, example: nameOf(letter) });
  }

  rows(): Outcome[] {
    return [...this.counted.values()];
  }

  /** How many letters came to this. */
  of(result: Outcome['result']): number {
    return this.rows().reduce((sum, row) => sum + (row.result === result ? row.letters : 0), 0);
  }
}
