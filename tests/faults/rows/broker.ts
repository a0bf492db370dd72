import type { Row } from '../row.js';
import { moment, type Trial } from '../trial.js';

const TIMES = 4;
const SHORT_TIMES = 1;
const AWAY_MS = 3_000;

async function restart(trial: Trial, how: 'stop' | 'kill'): Promise<void> {
  const kafka = trial.system.stack.part('kafka');
  await trial.spread(trial.isShort ? SHORT_TIMES : TIMES, async () => {
    await kafka[how]();
    trial.threw(`broker ${how === 'kill' ? 'kill -9' : 'restart'}`);
    await moment(trial.random, AWAY_MS);
    await kafka.restart();
    await trial.system.ready();
  });
}

export const BROKER_ROWS: Row[] = [
  {
    name: 'broker-restart',
    doc: 'the broker ends in good order and comes back',
    seeds: 5,
    faults: (trial) => restart(trial, 'stop'),
  },
  {
    name: 'broker-kill',
    doc: 'kill -9 of the broker; it comes back with what it has on disk',
    seeds: 5,
    faults: (trial) => restart(trial, 'kill'),
  },
];
