import { createLogger } from '../../../lib/telemetry/logger.js';
import { readConfig } from './config.js';
import { startLocalSurreal } from './server.js';

const bootLogger = createLogger('surrealdb');
try {
  const config = readConfig();
  const logger = createLogger('surrealdb', config.logLevel);
  const server = await startLocalSurreal(config, logger);
  logger.info(
    { port: server.port, folder: config.dataFolder, namespace: config.namespace, database: config.database },
    'serving',
  );
  const stop = (signal: string) => {
    logger.info({ signal }, 'stopping');
    // the native engine keeps Node alive after it was closed, so leaving is explicit
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ error: String(error) }, 'did not close');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  bootLogger.fatal({ error: error instanceof Error ? error.message : String(error) }, 'cannot start');
  process.exit(1);
}
