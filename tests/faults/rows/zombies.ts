import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../../deploy/local/wait.js';
import type { FaultPointName } from '../../../lib/kafka/exactly-once/fault-point.js';
import type { KeptService } from '../../pipeline/kept-service.js';
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
/** A request that was under way when the process stopped is given up after 10 s. */
const END_LIMIT_MS = 20_000;

interface Stop {
  slot: string;
  /** A moment, or `moment@topic`. */
  point: FaultPointName | `${FaultPointName}@${string}`;
  /** The moment is passed so often at most before it stops the process. */
  passes: number;
  /** When the process has gone on, a moment at which it ends. */
  endsAt?: FaultPointName;
}

interface Stops {
  /** @param last it is the last stop. */
  next: (index: number, last: boolean) => Stop;
  /** While the process is stopped, after its session's end; `last`: it is the last stop. */
  away?: (last: boolean) => Promise<void>;
  onBack: (slot: string) => Promise<void>;
}

/**
 * A process stops at a named moment, for longer than its session, while others take its partitions; then it goes on as
 * if nothing had happened, with what it had in hand.
 */
async function stopAt(trial: Trial, { next, away, onBack }: Stops): Promise<void> {
  const stops = trial.isShort ? SHORT_STOPS : STOPS;
  await trial.spread(stops, async (index) => {
    const last = index === stops - 1;
    const { slot, point, passes, endsAt } = next(index, last);
    const victim = trial.system.service(slot);
    await victim.waitReady();
    await moment(trial.random, 500);
    const stop = `${point}:${1 + trial.random.below(passes)}:SIGSTOP`;
    victim.nextEnv = { FAULT_POINT: endsAt ? `${stop},${endsAt}` : stop };
    await victim.kill();
    await waitFor(`${slot} to stop ${point}`, () => victim.isRunning && isStopped(victim.service.pid), {
      limitMs: STOP_LIMIT_MS,
    });
    trial.threw(`SIGSTOP of ${slot} ${point}`);
    const { service } = victim;
    await delay(STOPPED_MS);
    await away?.(last);
    if (endsAt) await goOnToItsEnd(trial, victim);
    else service.sigcont();
    await onBack(slot);
    if (!endsAt && victim.service.pid !== service.pid)
      trial.complaints.push(`${slot} did not survive its stop`);
  });
  await trial.system.ready();
}

/** Has a stopped service go on until it has ended by SIGKILL; one that takes too long was told of its loss first. */
async function goOnToItsEnd(trial: Trial, victim: KeptService): Promise<void> {
  const before = victim.wantedEnds;
  const deadlineMs = Date.now() + END_LIMIT_MS;
  victim.mayEnd = (exit) => exit.signal === 'SIGKILL';
  victim.service.sigcont();
  while (victim.wantedEnds === before && Date.now() < deadlineMs) await delay(100);
  if (victim.wantedEnds > before) trial.threw('ended with its old write');
  else await victim.kill();
  victim.mayEnd = null;
}

const PROCESSOR_POINTS: FaultPointName[] = ['after-commit', 'before-commit', 'after-send'];

const processors: Row = {
  name: 'zombie-processor',
  doc: 'SIGSTOP of a processor for longer than its session, then SIGCONT: it is fenced each time',
  seeds: 10,
  system: { processors: 2 },
  faults: (trial) =>
    stopAt(trial, {
      next: (index) => ({
        slot: trial.random.pick(['processor-0', 'processor-1']),
        point: PROCESSOR_POINTS[(index + trial.options.seed) % PROCESSOR_POINTS.length]!,
        passes: 60,
      }),
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

const SURREAL_SINKS = ['surreal-sink-0', 'surreal-sink-1'];

/**
 * Heads of traces change with every event, so what is in hand of them is old by the time that the sink goes on. It ends as soon
 * as that is written: a zombie goes on with what it had fetched, and would write what is newer over it.
 */
const WITH_OLD_HEADS = { point: 'before-write@agent-traces', passes: 10, endsAt: 'after-write' } as const;

const sinkStop = ({ random, options: { seed } }: Trial, index: number, last: boolean): Stop => {
  if (last && seed % 2 === 1) return { slot: random.pick(SURREAL_SINKS), ...WITH_OLD_HEADS };
  const point = (index + seed) % 2 === 0 ? 'before-write' : 'after-write';
  return { slot: random.pick([...SURREAL_SINKS, 'qdrant-sink-0']), point, passes: 30 };
};

const sinks: Row = {
  name: 'zombie-sink',
  doc: 'SIGSTOP of a sink with a batch in hand for longer than its session, then SIGCONT: what is newer stays',
  seeds: 10,
  system: { surrealSinks: 2, qdrantSinks: 2 },
  faults: (trial) =>
    stopAt(trial, {
      next: (index, last) => sinkStop(trial, index, last),
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
