import { resolve } from 'node:path';
import { SURREAL } from '../../../lib/config/connections.js';
import { integer, readEnvironment, STACK, text } from '../../../lib/config/env.js';

const VARIABLES = {
  SURREAL_PORT: { schema: integer(8000, 0, 65535), doc: 'Port on 127.0.0.1; 0 takes any free port' },
  SURREAL_DATA: { schema: text('.vectadb/data/surreal'), doc: 'Folder of the database' },
  SURREAL_OPEN_TIMEOUT_MS: {
    schema: integer(60_000, 100),
    doc: 'How long the database may take to open',
    unit: 'ms',
  },
  SURREAL_USER: SURREAL.SURREAL_USER,
  SURREAL_PASS: SURREAL.SURREAL_PASS,
  SURREAL_NAMESPACE: SURREAL.SURREAL_NAMESPACE,
  SURREAL_DATABASE: SURREAL.SURREAL_DATABASE,
  LOG_LEVEL: STACK.LOG_LEVEL,
};

export interface LocalSurrealConfig {
  port: number;
  dataFolder: string;
  openTimeoutMs: number;
  user: string;
  password: string;
  namespace: string;
  database: string;
  logLevel: string;
}

/** @throws ConfigError naming every fault at once. */
export function readConfig(
  environment: Record<string, string | undefined> = process.env,
): LocalSurrealConfig {
  const settings = readEnvironment(VARIABLES, environment);
  return {
    port: settings.SURREAL_PORT,
    dataFolder: resolve(settings.SURREAL_DATA),
    openTimeoutMs: settings.SURREAL_OPEN_TIMEOUT_MS,
    user: settings.SURREAL_USER,
    password: settings.SURREAL_PASS,
    namespace: settings.SURREAL_NAMESPACE,
    database: settings.SURREAL_DATABASE,
    logLevel: settings.LOG_LEVEL,
  };
}
