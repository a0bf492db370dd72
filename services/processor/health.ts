import type { RunnerStatus } from '../../lib/kafka/exactly-once/runner.js';
import type { Health } from '../../lib/telemetry/probe-server.js';

/** Ready: every stage is in its group and every partition that it owns runs. The state names what does not. */
export function processorHealth(phase: string, stages: RunnerStatus[]): Health {
  const troubles: string[] = [];
  for (const { stage, joined, partitions, inputError } of stages) {
    if (!joined) troubles.push(`${stage}: not in its group`);
    for (const { partition, state, trouble } of partitions) {
      if (trouble) troubles.push(`${stage}/${partition}: ${trouble}`);
      else if (state !== 'running') troubles.push(`${stage}/${partition}: ${state}`);
    }
    if (inputError) troubles.push(`${stage}: ${inputError}`);
  }
  const ready = phase === 'running' && troubles.length === 0;
  return {
    ready,
    state: ready ? 'running' : [phase, ...troubles.slice(0, 5)].join('; '),
    details: { stages },
  };
}
