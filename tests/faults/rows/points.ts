import { waitFor } from '../../../deploy/local/wait.js';
import type { FaultPointName } from '../../../lib/kafka/exactly-once/fault-point.js';
import type { Row } from '../row.js';
import { moment, type Trial } from '../trial.js';

/** Each with a kill of its predecessor: ten kills. */
const DEATHS = 5;
const SHORT_DEATHS = 1;
const DEATH_LIMIT_MS = 60_000;

/** A point, and the greatest number of times that it is passed before it strikes: within a second or two of work. */
export interface Point {
  name: FaultPointName;
  passes: number;
}

/** Kills a process, lets the next one die at the point, and the one after that work for a moment. */
export async function dieAt(trial: Trial, slot: string, { name, passes }: Point): Promise<void> {
  const victim = trial.system.service(slot);
  victim.mayEnd = (exit) => exit.signal === 'SIGKILL';
  await trial.spread(trial.isShort ? SHORT_DEATHS : DEATHS, async () => {
    await victim.waitReady();
    await moment(trial.random, 1_000);
    const before = victim.wantedEnds;
    victim.nextEnv = { FAULT_POINT: `${name}:${1 + trial.random.below(passes)}` };
    await victim.kill();
    await waitFor(`${slot} to die ${name}`, () => victim.wantedEnds > before, { limitMs: DEATH_LIMIT_MS });
    trial.threw(`${slot} killed ${name}`);
  });
  await trial.system.ready();
  victim.mayEnd = null;
}

const point = (slot: string, name: FaultPointName, passes: number): Row => ({
  name: `${slot.replace(/-0$/, '')}-${name}`,
  doc: `${slot} ends by SIGKILL at ${name}, and its predecessor anywhere`,
  seeds: 10,
  faults: (trial) => dieAt(trial, slot, { name, passes }),
});

export const POINT_ROWS: Row[] = [
  // a process begins with the transaction of a fence in each of its 18 partitions
  point('processor-0', 'after-send', 80),
  point('processor-0', 'after-offsets', 12),
  point('processor-0', 'before-commit', 80),
  point('processor-0', 'after-commit', 80),
  point('processor-0', 'after-fence', 18),
  point('processor-0', 'mid-restore', 18),
  point('surreal-sink-0', 'after-write', 20),
  point('qdrant-sink-0', 'after-write', 20),
];
