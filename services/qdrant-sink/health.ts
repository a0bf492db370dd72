import type { Embedder } from '../../lib/embedding/embedder.js';
import type { ConsumerStatus } from '../../lib/kafka/types.js';
import type { Health } from '../../lib/telemetry/probe-server.js';

/** Ready: in the group, Kafka answers, and no partition's batch is failing. */
export function sinkHealth(
  state: string,
  consumer: ConsumerStatus | null,
  collection: string,
  embedder: Embedder,
): Health {
  const failing = consumer?.partitions.find((partition) => partition.failing !== null);
  const trouble = failing
    ? `partition ${failing.partition} is failing: ${failing.failing}`
    : consumer?.inputError
      ? `Kafka: ${consumer.inputError}`
      : null;
  return {
    ready: state === 'running' && consumer?.joined === true && trouble === null,
    state: trouble ?? state,
    details: {
      collection,
      embedder: { kind: embedder.kind, model: embedder.model, note: embedder.note },
      partitions: consumer?.partitions ?? [],
    },
  };
}
