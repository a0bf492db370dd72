import type { RunnerStatus } from '../../lib/kafka/exactly-once/runner.js';
import type { Health } from '../../lib/telemetry/probe-server.js';

export interface GroupHealth {
  group: string;
  kind: string;
  message: string;
}

/**
 * Ready: in the consumer group, every owned shard runs. A log group that cannot be read is told in the details: others
 * go on, and a restart would not mend it.
 */
export function pollerHealth(
  phase: string,
  status: RunnerStatus | null,
  groups: { read: number; troubles: GroupHealth[] },
): Health {
  const troubles: string[] = [];
  if (status !== null) {
    if (!status.joined) troubles.push('not in its consumer group');
    for (const { partition, state, trouble } of status.partitions) {
      if (trouble) troubles.push(`shard ${partition}: ${trouble}`);
      else if (state !== 'running') troubles.push(`shard ${partition}: ${state}`);
    }
  }
  const ready = phase === 'running' && troubles.length === 0;
  return {
    ready,
    state: ready ? 'running' : [phase, ...troubles.slice(0, 5)].join('; '),
    details: { groups: groups.read, unreadable: groups.troubles, shards: status?.partitions ?? [] },
  };
}
