import type { InputFaults } from '../oracle/mint.js';
import type { Row } from '../row.js';
import type { Trial } from '../trial.js';
import { killAll } from './kills.js';

const EVERYTHING = ['gateway', 'processor-0', 'processor-1', 'surreal-sink-0', 'qdrant-sink-0'];

/** Odd input, and a few kills anywhere: what is odd must not be read twice either. */
const input = (name: string, doc: string, faults: InputFaults): Row => ({
  name: `input-${name}`,
  doc: `${doc}; a few kills`,
  seeds: 10,
  system: { processors: 2 },
  input: faults,
  faults: (trial: Trial) => killAll(trial, EVERYTHING, 4),
});

export const INPUT_ROWS: Row[] = [
  input('out-of-order', 'events come up to 5 min late', { disorderMs: 300_000 }),
  input('duplicates', '10 % of the events come twice, by any way', { duplicates: 0.1 }),
  input('clocks', 'clocks of senders are off by up to an hour', { skewMs: 3_600_000 }),
];
