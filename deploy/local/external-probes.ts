import {
  KAFKA,
  kafkaSettings,
  QDRANT,
  qdrantSettings,
  REGISTRY,
  registrySettings,
  SURREAL,
  surrealSettings,
} from '../../lib/config/connections.js';
import { readEnvironment } from '../../lib/config/env.js';
import { connectAdmin } from '../../lib/kafka/admin.js';
import { RegistryApi } from '../../lib/kafka/registry-api.js';
import { connectQdrant } from '../../lib/stores/qdrant/store.js';
import { connectSurreal } from '../../lib/stores/surreal/connection.js';
import type { Probe } from './components.js';

const LIMIT_MS = 5_000;

/** Asks each part that is not ours as the services do, with their login and certificates. Each throws with the reason why it is not reached. */
export function externalProbes(environment: Record<string, string | undefined>) {
  const reached: Probe = { ready: true };
  return {
    kafka: async () => {
      const admin = await connectAdmin(kafkaSettings(readEnvironment(KAFKA, environment), 'vectadb-status'));
      await admin.close();
      return reached;
    },
    registry: async () => {
      const settings = registrySettings(readEnvironment(REGISTRY, environment));
      await new RegistryApi({ ...settings, url: settings.url.replace(/\/+$/, '') }).versions(
        'vectadb-status',
      );
      return reached;
    },
    surreal: async () => {
      const settings = surrealSettings(readEnvironment(SURREAL, environment));
      await (await connectSurreal({ ...settings, connectTimeoutMs: LIMIT_MS })).close();
      return reached;
    },
    qdrant: async () => {
      const settings = qdrantSettings(readEnvironment(QDRANT, environment));
      await connectQdrant(settings, { timeoutMs: LIMIT_MS }).aliasTarget();
      return reached;
    },
  };
}
