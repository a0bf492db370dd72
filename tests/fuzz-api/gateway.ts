import { randomUUID } from 'node:crypto';
import { waitFor } from '../../deploy/local/wait.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import { applyTopics } from '../../lib/kafka/topics/apply.js';
import { loadTopics } from '../../lib/kafka/topics/topic-file.js';
import { Codec } from '../../lib/model/codec.js';
import { createLogger } from '../../lib/telemetry/logger.js';
import type { TestService } from '../../lib/testing/service.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import { allRead } from '../break-in/all-read.js';

const LIMIT_MS = 90_000;

export interface FuzzedGateway {
  stack: TestStack;
  gateway: TestService;
  key: string;
}

/** A gateway with everything behind it, so that requests get as far as they can. The caller ends the stack. */
export async function startFuzzedGateway(): Promise<FuzzedGateway> {
  const stack = await startStack({ kafka: true, registry: true, surreal: true, qdrant: true });
  try {
    const kafka = { brokers: stack.brokers, clientId: 'fuzz-api' };
    const logger = createLogger('fuzz-api', 'silent');
    const registry = connectRegistry(stack.env.SCHEMA_REGISTRY_URL!, new Codec(loadSchemas()), { logger });
    await applyTopics({ kafka, registry, topics: loadTopics() });
    const key = `fuzz-api-key-${randomUUID()}`;
    const env = {
      VECTADB_API_KEY: key,
      MODEL_PATH: `${stack.folder}/models`,
      RATE_LIMIT_PER_MINUTE: '10000000',
      RATE_LIMIT_ANONYMOUS_PER_MINUTE: '10000000',
      RETENTION_DAYS: '36500',
    };
    const services = await Promise.all(
      ['gateway', 'processor', 'surreal-sink', 'qdrant-sink'].map((name) =>
        stack.spawnService(name, { env }),
      ),
    );
    const gateway = services[0]!;
    await Promise.all(services.map((service) => service.waitReady(LIMIT_MS)));
    await waitFor('every read to be answered', () => allRead(gateway.url, key), { limitMs: LIMIT_MS });
    return { stack, gateway, key };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}
