// The poller's beginning, in a process that ends with it: reads the configuration and asks for the id of the schema that is
// written. What that takes to be loaded (zod, yaml, the registry's plans) the poller need not carry for months.
import { once } from 'node:events';
import { ConfigError } from '../../lib/config/config-error.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import { loadTopics } from '../../lib/kafka/topics/topic-file.js';
import { Codec } from '../../lib/model/codec.js';
import { createLogger } from '../../lib/telemetry/logger.js';
import type { Prepared } from './adapters/preparation.js';
import { RAW_LOGS } from './adapters/shard-poller.js';
import { readConfig } from './config.js';

const tell = (prepared: Prepared) =>
  new Promise<void>((resolve, reject) => {
    process.send!(prepared, undefined, undefined, (error) => (error ? reject(error) : resolve()));
  });
// whoever asked is gone, or has what was asked
process.once('disconnect', () => process.exit(0));
// a terminal's Ctrl-C reaches us as well, and the poller says goodbye for both
process.once('SIGINT', () => {});

try {
  const config = readConfig();
  const asked = once(process, 'message');
  await tell({ kind: 'config', config });
  await asked;
  const codec = new Codec(loadSchemas());
  await connectRegistry(config.registry, codec, {
    logger: createLogger('cloudwatch-poller', config.environment.LOG_LEVEL),
    topics: loadTopics().filter(({ name }) => name === RAW_LOGS),
  }).resolveIds();
  await tell({ kind: 'schema-ids', ids: codec.ids });
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const isConfig = error instanceof ConfigError;
  await tell({ kind: 'refused', message, faults: isConfig ? error.faults : null });
}
process.disconnect();
