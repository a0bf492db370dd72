import { deliver } from './delivery.js';
import { deploymentWrites } from './deployment.js';
import { randomFor } from './draw.js';
import type { LabelledLine } from './record.js';
import type { Scenario } from './scenario.js';

/**
 * The lines of a scenario in the order of their arrival, each with what is true of it. The same seed gives the same lines.
 * @param scale part of each worker's runs, (0, 1]: a small world for tests.
 */
export function generate(scenario: Scenario, seed: number, scale = 1): LabelledLine[] {
  const startMs = Date.parse(scenario.start);
  const writes = scenario.deployments.flatMap((deployment) =>
    deploymentWrites(
      seed,
      { ...deployment, runs_per_worker: Math.max(1, Math.round(deployment.runs_per_worker * scale)) },
      scenario.delivery,
      startMs,
    ),
  );
  return deliver(randomFor(seed, 'delivery'), writes, scenario.delivery);
}
