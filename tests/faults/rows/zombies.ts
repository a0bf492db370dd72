import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../../deploy/local/wait.js';
import type { FaultPointName } from '../../../lib/kafka/exactly-once/fault-point.js';
import { BOTH_STORES } from '../check/inspection.js';
import { metricOf } from '../probes.js';
import { isStopped } from '../process-state.js';
import type { Row } from '../row.js';
import { moment, type Trial } from '../trial.js';

const STOPS = 2;
const SHORT_STOPS = 1;
/** Sessions and transactions end after 10 s. */
const STOPPED_MS = 13_000;
const STOP_LIMIT_MS = 60_000;
const FENCED_LIMIT_MS = 30_000;

interface Stops {
  slots: string[];
  points: FaultPointName[];
  /** The moment is passed so often at most before it stops the process. */
  passes: number;
  /** While the process is stopped, after its session's end; `last`: it is the last stop. */
  away?: (last: boolean) => Promise<void>;
  onBack: (slot: string) => Promise<void>;
}

/**
 * A process stops at a named moment, for longer than its session, while others take its partitions; then it goes on as
 * if nothing had happened, with what it had in hand.
 */
async function stopAt(trial: Trial, { slots, points, passes, away, onBack }: Stops): Promise<void> {
  const stops = trial.isShort ? SHORT_STOPS : STOPS;
  await trial.spread(stops, async (index) => {
    const slot = trial.random.pick(slots);
    const point = points[(index + trial.options.seed) % points.length]!;
    const victim = trial.system.service(slot);
    await victim.waitReady();
    await moment(trial.random, 500);
    victim.nextEnv = { FAULT_POINT: `${point}:${1 + trial.random.below(passes)}:SIGSTOP` };
    await victim.kill();
    await waitFor(`${slot} to stop ${point}`, () => victim.isRunning && isStopped(victim.service.pid), {
      limitMs: STOP_LIMIT_MS,
    });
    trial.threw(`SIGSTOP of ${slot} ${point}`);
    const { service } = victim;
    await delay(STOPPED_MS);
    await away?.(index === stops - 1);
    service.sigcont();
    await onBack(slot);
    if (victim.service.pid !== service.pid) trial.complaints.push(`${slot} did not survive its stop`);
  });
  await trial.system.ready();
}

const processors: Row = {
  name: 'zombie-processor',
  doc: 'SIGSTOP of a processor for longer than its session, then SIGCONT: it is fenced each time',
  seeds: 10,
  system: { processors: 2 },
  faults: (trial) =>
    stopAt(trial, {
      slots: ['processor-0', 'processor-1'],
      points: ['after-commit', 'before-commit', 'after-send'],
      passes: 60,
      onBack: async (slot) => {
        const fencings = () => metricOf(trial.system.service(slot), 'vectadb_processor_fencings_total');
        try {
          await waitFor(`${slot} to be fenced`, async () => (await fencings()) > 0, {
            limitMs: FENCED_LIMIT_MS,
          });
          trial.threw('fenced');
        } catch (error) {
          trial.complaints.push(error instanceof Error ? error.message : String(error));
        }
      },
    }),
};

const sinks: Row = {
  name: 'zombie-sink',
  doc: 'SIGSTOP of a sink with a batch in hand for longer than its session, then SIGCONT: what is newer stays',
  seeds: 10,
  system: { surrealSinks: 2, qdrantSinks: 2 },
  faults: (trial) =>
    stopAt(trial, {
      slots: ['surreal-sink-0', 'surreal-sink-1', 'qdrant-sink-0'],
      points: ['before-write', 'after-write'],
      passes: 30,
      // the last one comes back when all is stored, and nothing will be written over what it then writes
      away: async (last) => {
        if (!last) return;
        await trial.load.reaches(1);
        await trial.fresh(BOTH_STORES);
      },
      onBack: (slot) => trial.system.service(slot).waitReady(),
    }),
};

export const ZOMBIE_ROWS: Row[] = [processors, sinks];
