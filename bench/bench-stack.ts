import { loadSchemas } from '../lib/config/schemas.js';
import { connectRegistry } from '../lib/kafka/registry.js';
import { applyTopics } from '../lib/kafka/topics/apply.js';
import { loadTopics } from '../lib/kafka/topics/topic-file.js';
import { Codec } from '../lib/model/codec.js';
import { createLogger } from '../lib/telemetry/logger.js';
import { type StackOptions, startStack, type TestStack } from '../lib/testing/stack.js';

/** A stack of a bench's own: Kafka and the registry with the project's topics and schemas, and the other parts asked for. */
export async function startBenchStack(parts: StackOptions = {}): Promise<TestStack> {
  const progress = (text: string) => console.error(text);
  const stack = await startStack({ kafka: true, registry: true, progress, ...parts });
  try {
    const logger = createLogger('bench', 'warn');
    const registry = connectRegistry(stack.env.SCHEMA_REGISTRY_URL!, new Codec(loadSchemas()), { logger });
    await applyTopics({
      kafka: { brokers: stack.brokers, clientId: 'bench' },
      registry,
      topics: loadTopics(),
    });
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}
