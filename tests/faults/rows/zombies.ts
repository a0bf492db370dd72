import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../../deploy/local/wait.js';
import type { FaultPointName } from '../../../lib/kafka/exactly-once/fault-point.js';
import { metricOf } from '../probes.js';
import { isStopped } from '../process-state.js';
import type { Row } from '../row.js';
import { moment, type Trial } from '../trial.js';

const STOPS = 3;
const SHORT_STOPS = 1;
/** Sessions and transactions end after 10 s. */
const STOPPED_MS = 13_000;
const STOP_LIMIT_MS = 60_000;
const FENCED_LIMIT_MS = 30_000;

/**
 * A process stops at a named moment, for longer than its session, while others take its partitions; then it goes on as
 * if nothing had happened, with what it had in hand.
 */
async function stopAt(
  trial: Trial,
  slots: string[],
  points: FaultPointName[],
  passes: number,
  onBack: (slot: string) => Promise<void>,
): Promise<void> {
  await trial.spread(trial.isShort ? SHORT_STOPS : STOPS, async (index) => {
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
    stopAt(
      trial,
      ['processor-0', 'processor-1'],
      ['after-commit', 'before-commit', 'after-send'],
      60,
      async (slot) => {
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
    ),
};

const sinks: Row = {
  name: 'zombie-sink',
  doc: 'SIGSTOP of a sink with a batch in hand for longer than its session, then SIGCONT: what is newer stays',
  seeds: 10,
  system: { surrealSinks: 2, qdrantSinks: 2 },
  faults: (trial) =>
    stopAt(
      trial,
      ['surreal-sink-0', 'surreal-sink-1', 'qdrant-sink-0'],
      ['before-write', 'after-write'],
      30,
      (slot) => trial.system.service(slot).waitReady(),
    ),
};

export const ZOMBIE_ROWS: Row[] = [processors, sinks];
