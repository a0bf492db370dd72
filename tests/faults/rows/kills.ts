import type { Row } from '../row.js';
import { moment, type Trial } from '../trial.js';

const KILLS = 10;
const SHORT_KILLS = 2;

/** Kills one after the other at random moments, each as soon as it is ready again. */
export async function killAll(trial: Trial, slots: string[], kills = KILLS): Promise<void> {
  await trial.spread(trial.isShort ? Math.min(SHORT_KILLS, kills) : kills, async () => {
    const slot = trial.random.pick(slots);
    const victim = trial.system.service(slot);
    await victim.waitReady();
    await moment(trial.random, 1_000);
    await victim.kill();
    trial.threw(`kill -9 ${slot}`);
  });
  await trial.system.ready();
}

const killing = (name: string, slots: string[], processors = 1): Row => ({
  name: `kill-${name}`,
  doc: `kill -9 of ${slots.join(', ')} at random moments`,
  seeds: 10,
  system: { processors },
  faults: (trial) => killAll(trial, slots),
});

export const KILL_ROWS: Row[] = [
  killing('gateway', ['gateway']),
  killing('processor', ['processor-0']),
  killing('one-of-three-processors', ['processor-0', 'processor-1', 'processor-2'], 3),
  killing('surreal-sink', ['surreal-sink-0']),
  killing('qdrant-sink', ['qdrant-sink-0']),
];
