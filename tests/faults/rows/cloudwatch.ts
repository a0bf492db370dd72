import { FAULT_POINTS } from '../../../lib/kafka/exactly-once/fault-point.js';
import type { Row } from '../row.js';
import { killAll } from './kills.js';
import { dieAt } from './points.js';

const SLOT = 'cloudwatch-poller-0';
const WITH_POLLER: Partial<Row> = {
  seeds: 10,
  system: { poller: true },
  // the emulator reads a group from its beginning at each request
  load: { eventsPerSecond: 500, ways: { cloudwatch: 0.6, batch: 0.2, lines: 0.2 } },
};

const POINTS = FAULT_POINTS.filter((name) => ['after-send', 'before-commit', 'after-commit'].includes(name));

export const CLOUDWATCH_ROWS: Row[] = [
  {
    ...WITH_POLLER,
    name: 'kill-poller',
    doc: `kill -9 of ${SLOT} at random moments`,
    seeds: 10,
    faults: (trial) => killAll(trial, [SLOT]),
  },
  {
    ...WITH_POLLER,
    name: 'poller-points',
    doc: `${SLOT} ends by SIGKILL at ${POINTS.join(', ')}`,
    seeds: 10,
    faults: (trial) => dieAt(trial, SLOT, { name: POINTS[trial.options.seed % POINTS.length]!, passes: 12 }),
  },
];
