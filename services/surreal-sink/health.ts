import type { ConsumerStatus } from '../../lib/kafka/types.js';
import type { Health } from '../../lib/telemetry/probe-server.js';

/** Ready: in the group, Kafka answers, connected to SurrealDB, and no partition's batch is failing. */
export function sinkHealth(
  state: string,
  consumer: ConsumerStatus | null,
  store: { connected: boolean; reason: string | null } | null,
): Health {
  const failing = consumer?.partitions.find((partition) => partition.failing !== null);
  const trouble = failing
    ? `${failing.topic}/${failing.partition} is failing: ${failing.failing}`
    : store?.connected === false
      ? `SurrealDB: ${store.reason}`
      : consumer?.inputError
        ? `Kafka: ${consumer.inputError}`
        : null;
  return {
    ready: state === 'running' && consumer?.joined === true && trouble === null,
    state: trouble ?? state,
    details: { store, partitions: consumer?.partitions ?? [] },
  };
}
