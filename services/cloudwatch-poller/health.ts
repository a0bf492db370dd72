import type { RunnerStatus } from '../../lib/kafka/exactly-once/runner.js';
import type { Health } from '../../lib/telemetry/probe-server.js';

export interface Trouble {
  kind: string;
  message: string;
}

export interface GroupsHealth {
  read: number;
  troubles: (Trouble & { group: string })[];
  /** Accounts and regions whose groups cannot be listed. */
  unlisted: (Trouble & { target: string })[];
}

/**
 * Ready: in the consumer group, every owned shard runs. A log group that cannot be read, and an account that cannot be
 * listed, are told in the details: others go on, and a restart would not mend it.
 */
export function pollerHealth(
  phase: string,
  status: RunnerStatus | null,
  { read, troubles: unreadable, unlisted }: GroupsHealth,
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
    details: { groups: read, unreadable, unlisted, shards: status?.partitions ?? [] },
  };
}
