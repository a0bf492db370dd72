import { once } from 'node:events';
import Table from 'cli-table3';
import { UserError } from '../../deploy/local/stack.js';
import { KAFKA, kafkaSettings, REGISTRY, registrySettings } from '../../lib/config/connections.js';
import { integer, readEnvironment } from '../../lib/config/env.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { accessFaultOf } from '../../lib/kafka/access.js';
import { connectRegistry, type Registry } from '../../lib/kafka/registry.js';
import { loadTopics, type TopicDefinition } from '../../lib/kafka/topics/topic-file.js';
import type { KafkaSettings } from '../../lib/kafka/types.js';
import { Codec } from '../../lib/model/codec.js';
import { createLogger, type Logger } from '../../lib/telemetry/logger.js';

const VARIABLES = {
  ...KAFKA,
  ...REGISTRY,
  KAFKA_REPLICATION: { schema: integer(1, 1, 32_767), doc: 'Replication factor of the topics' },
};

/** How long a command waits for a registry that is still starting. */
const REGISTRY_LIMIT_MS = 20_000;

/** What a command on topics works with. Logs go to standard error, so that standard output is data. */
export interface KafkaContext {
  kafka: KafkaSettings;
  registry: Registry;
  /** Knows ids once the registry has resolved them. */
  codec: Codec;
  topics: TopicDefinition[];
  logger: Logger;
}

/** Reads environment, topics.yaml and schemas. @throws ConfigError naming every fault. */
export function kafkaContext(): KafkaContext {
  const settings = readEnvironment(VARIABLES);
  const logger = createLogger('cli', 'silent');
  const topics = loadTopics({ replication: settings.KAFKA_REPLICATION });
  const schemas = loadSchemas();
  const codec = new Codec(schemas);
  return {
    kafka: kafkaSettings(settings, 'vectadb-cli'),
    registry: connectRegistry(registrySettings(settings), codec, {
      schemas,
      topics,
      logger,
      startLimitMs: REGISTRY_LIMIT_MS,
    }),
    codec,
    topics,
    logger,
  };
}

/**
 * Runs a command to its exit code. An error becomes its message on standard error and exit code 1; a reader that has
 * closed its end of the pipe (`| head`) has had enough, which is no error.
 */
export async function runCommand(run: () => Promise<number>): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  try {
    process.exitCode = await run();
  } catch (error) {
    process.stderr.write(`vectadb: ${await described(error)}\n`);
    process.exitCode = 1;
  }
}

/** The error's message; where Kafka does not let us in, what to set. */
async function described(error: unknown): Promise<string> {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof Error) || !error.name.startsWith('KafkaJS')) return message;
  const settings = kafkaSettings(readEnvironment(KAFKA), 'vectadb-cli');
  const fault = await accessFaultOf(settings, error);
  return fault === null ? message : `Kafka at ${settings.brokers.join(', ')}: ${fault}`;
}

/** An option that is a whole number from 0. @throws UserError naming it. */
export function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UserError(`${option} is '${text}', wanted is a whole number`);
  return Number(text);
}

/** Writes a line, waiting while the reader is slower. */
export const writeLine = (line: string): Promise<void> => writeText(`${line}\n`);

/** Writes text as it is, waiting while the reader is slower. */
export async function writeText(text: string): Promise<void> {
  if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** A plain table without colours or boxes around every row. `right`: columns of numbers. */
export function table(head: string[], rows: (string | number)[][], right: number[] = []): string {
  const made = new Table({
    head,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
    colAligns: head.map((_, column) => (right.includes(column) ? 'right' : 'left')),
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '',
    },
  });
  made.push(...rows);
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
