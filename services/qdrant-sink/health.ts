import type { Embedder } from '../../lib/embedding/embedder.js';
import type { ConsumerStatus } from '../../lib/kafka/types.js';
import type { Health } from '../../lib/telemetry/probe-server.js';

/** Ready: in the group, and no partition's batch is failing. */
export function sinkHealth(
  state: string,
  consumer: ConsumerStatus | null,
  collection: string,
  embedder: Embedder,
): Health {
  const failing = consumer?.partitions.find((partition) => partition.failing !== null);
  return {
    ready: state === 'running' && consumer?.joined === true && failing === undefined,
    state: failing ? `partition ${failing.partition} is failing: ${failing.failing}` : state,
    details: {
      collection,
      embedder: { kind: embedder.kind, model: embedder.model, note: embedder.note },
      partitions: consumer?.partitions ?? [],
    },
  };
}
