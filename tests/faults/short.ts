import { afterAll, describe, expect, it } from 'vitest';
import type { PipelineOptions } from '../pipeline/pipeline.js';
import type { Row } from './row.js';
import { Session } from './session.js';
import { Trial } from './trial.js';

const EVENTS = Number(process.env.EVENTS ?? 1_000);

/** Rows one after the other in one system, each short and with a seed of its own; after a red one the next has a new system. */
export function shortTrials(what: string, rows: Row[], system: PipelineOptions): void {
  let session: Session | null = null;
  afterAll(() => session?.close());

  describe(what, () => {
    for (const row of rows) {
      it.skipIf(row.impossible?.())(`${row.name}: ${row.doc}`, async () => {
        const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
        session ??= await Session.open(system);
        let faults = ['the trial did not come to its end'];
        try {
          const outcome = await Trial.run({ row, seed, events: EVENTS, size: 'short' }, session);
          const { events, thrown, figures } = outcome;
          faults = outcome.faults;
          // at once: the reporter says what was wrong at the end of all, if it comes to that
          console.log(JSON.stringify({ row: row.name, seed, events, thrown, figures, faults }));
        } finally {
          if (faults.length > 0) {
            await session.close();
            session = null;
          }
        }
        expect({ seed, faults }).toEqual({ seed, faults: [] });
      });
    }
  });
}
