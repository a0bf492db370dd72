import type { PipelineOptions } from '../pipeline/pipeline.js';
import type { LoadOptions } from './oracle/load.js';
import type { InputFaults } from './oracle/mint.js';
import type { Trial } from './trial.js';

/** How much of a row is run: the whole of it, or what fits into the everyday tests. */
export type Size = 'full' | 'short';

/** One row of the fault matrix. */
export interface Row {
  name: string;
  /** What is thrown, for people. */
  doc: string;
  /** Seeds of a full run. */
  seeds: number;
  /** Why this machine cannot run it; null where it can. */
  impossible?: () => string | null;
  /** The system that it needs. */
  system?: PipelineOptions;
  /** What is odd about the input. */
  input?: InputFaults;
  /** Other than the usual load. */
  load?: Partial<Omit<LoadOptions, 'count'>>;
  /** How long after the faults a fresh event may take into both stores, milliseconds; left out: 30 s. */
  freshLimitMs?: number;
  /** Throws the faults while the load is on; resolves when the last one is over. */
  faults(trial: Trial): Promise<void>;
  /** What else must hold, once everything has settled: faults for people. */
  check?(trial: Trial): Promise<string[]>;
}
