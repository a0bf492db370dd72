import { Agent } from 'node:https';
import type { Schema } from 'avsc';
import type { RegistrySettings } from '../config/connections.js';
import { loadSchemas } from '../config/schemas.js';
import type { Codec, SchemaName } from '../model/codec.js';
import { createLogger, type Logger } from '../telemetry/logger.js';
import { withinLimit } from '../time/limit.js';
import { patiently } from './patiently.js';
import { RegistryApi, RegistryUnavailableError } from './registry-api.js';
import {
  fullName,
  planSchemas,
  type SchemaChange,
  type SubjectState,
  subjectsOf,
} from './topics/schema-plan.js';
import { loadTopics, type TopicDefinition } from './topics/topic-file.js';
import { FatalError } from './types.js';

export { RegistryUnavailableError } from './registry-api.js';

export interface RegistryOptions {
  /** Left out: schemas/*.avsc of the installation. */
  schemas?: Record<SchemaName, Schema>;
  /** Left out: topics.yaml of the installation. */
  topics?: TopicDefinition[];
  logger?: Logger;
  /** How long {@link Registry.resolveIds} and {@link Registry.registerAll} wait for a registry that is down. */
  startLimitMs?: number;
  /** How long {@link Registry.learn} tries before it throws. */
  learnLimitMs?: number;
}

/**
 * The schema registry as VectaDB uses it. Subjects are named after topic and record (TopicRecordNameStrategy,
 * `agent-events-dev.vectadb.GroupLink`), because a topic may carry several record types, each with versions of its own.
 */
export interface Registry {
  /** What an apply would change, and what it must refuse. @throws RegistryUnavailableError when it gives no answer. */
  plan(): Promise<SchemaChange[]>;
  /**
   * Registers every schema that is missing, values BACKWARD_TRANSITIVE.
   * @throws FatalError, before anything is registered, when a schema cannot read the data of an earlier version.
   */
  registerAll(): Promise<void>;
  /**
   * For services: looks up the ids of our schemas, registers those that are missing and compatible, and tells the codec.
   * Waits for a registry that comes up later. @throws FatalError on an incompatible schema; RegistryUnavailableError
   * after the limit.
   */
  resolveIds(): Promise<void>;
  /**
   * Asks for an id that the codec has not met and tells the codec: its schema, or that there is none. Concurrent calls
   * for one id share a request. @throws RegistryUnavailableError after the limit: the record must be tried again later.
   */
  learn(id: number): Promise<void>;
  /**
   * Decodes a framed value with the schema it was written with, Avro or not, ours or not. `schema`: its full name, or
   * its id where it has none. @throws RegistryUnavailableError; an Error when the value cannot be decoded.
   */
  decode(value: Buffer): Promise<{ schema: string; value: unknown }>;
}

const LEVEL = 'BACKWARD_TRANSITIVE';
const CALL_LIMIT_MS = 10_000;
/** How long an id that the registry does not know counts as unknown without asking again, milliseconds. */
const UNKNOWN_FOR_MS = 5_000;

/** `where`: the settings, or the URL alone. Connects on first use. */
export function connectRegistry(
  where: string | RegistrySettings,
  codec: Codec,
  options: RegistryOptions = {},
): Registry {
  const given = typeof where === 'string' ? { url: where } : where;
  const root = given.url.replace(/\/+$/, '');
  const api = new RegistryApi({ ...given, url: root });
  // most services only look ids up, and need not pay for the client's other formats
  const connectClient = once(async () => {
    const { SchemaRegistry } = await import('@kafkajs/confluent-schema-registry');
    return new SchemaRegistry({
      host: root,
      retry: { retries: 0 },
      ...(given.tls ? { agent: new Agent(given.tls) } : {}),
      ...(given.login ? { auth: given.login } : {}),
    });
  });
  const logger = options.logger ?? createLogger('registry', 'warn');
  const schemas = options.schemas ?? loadSchemas();
  const subjects = subjectsOf(options.topics ?? loadTopics(), schemas);
  const learning = new Map<number, Promise<void>>();
  const names = new Map<number, string>();

  const plan = async (): Promise<SchemaChange[]> =>
    planSchemas(
      await Promise.all(subjects.map(async (subject) => ({ subject, state: await stateOf(subject.name) }))),
    );

  async function stateOf(name: string): Promise<SubjectState> {
    const schema = subjects.find((subject) => subject.name === name)!.schema;
    const numbers = await api.versions(name);
    if (numbers.length === 0) return { versions: [], registeredId: null, level: null, refusal: null };
    const [versions, registeredId, level, refusal] = await Promise.all([
      Promise.all(
        numbers.map(async (version) => ({ version, schema: await api.schemaOfVersion(name, version) })),
      ),
      api.idOf(name, schema),
      api.compatibility(name),
      api.refusal(name, schema),
    ]);
    return { versions, registeredId, level, refusal };
  }

  /** Ids of our schemas in the order of their subjects; null for one that is not registered. */
  const ownIds = (): Promise<(number | null)[]> =>
    Promise.all(subjects.map(({ name, schema }) => api.idOf(name, schema)));

  /** Registers what `changes` says. */
  async function settle(changes: SchemaChange[]): Promise<void> {
    const refused = changes.flatMap((change) => (change.kind === 'refused' ? [change] : []));
    if (refused.length > 0) {
      throw new FatalError(
        refused
          .map(
            ({ subject, reasons }) =>
              `schema ${subject.schemaName} is incompatible with ${subject.name}: ${reasons.join('; ')}`,
          )
          .join('\n'),
      );
    }
    for (const change of changes) {
      if (change.kind === 'level') await api.setCompatibility(change.subject.name, LEVEL);
    }
    for (const change of changes) {
      if (change.kind !== 'register') continue;
      const { name, schema } = change.subject;
      const { COMPATIBILITY, SchemaType } = await import('@kafkajs/confluent-schema-registry');
      const client = await connectClient();
      const { id } = await limited(
        `register ${name}`,
        client.register(
          { type: SchemaType.AVRO, schema: JSON.stringify(schema) },
          { subject: name, compatibility: COMPATIBILITY[LEVEL] },
        ),
      );
      logger.info({ subject: name, id }, 'schema registered');
    }
  }

  const waiting = <T>(what: string, limitMs: number, run: () => Promise<T>): Promise<T> =>
    patiently(what, run, { logger, limitMs, isPassing: (error) => !(error instanceof FatalError) });

  return {
    plan,

    registerAll: () =>
      waiting('registering schemas', options.startLimitMs ?? 60_000, async () => settle(await plan())),

    async resolveIds() {
      await waiting('looking up schema ids', options.startLimitMs ?? 60_000, async () => {
        let ids = await ownIds();
        // the whole plan asks for every version of every subject: not what each start of a service should wait for
        if (ids.includes(null)) {
          await settle(await plan());
          ids = await ownIds();
        }
        for (const [index, { name, schemaName }] of subjects.entries()) {
          const id = ids[index] ?? null;
          if (id === null)
            throw new RegistryUnavailableError(`${name} is not there right after it was registered`);
          codec.register(schemaName, id);
        }
      });
      logger.info({ subjects: subjects.length }, 'schema ids resolved');
    },

    learn(id) {
      const running = learning.get(id);
      if (running) return running;
      const started = waiting(`learning schema id ${id}`, options.learnLimitMs ?? 10_000, () =>
        learnOnce(api, codec, id, logger),
      ).finally(() => {
        learning.delete(id);
        // a schema may be registered after its data were sent; until it is asked about again the data are refused
        setTimeout(() => codec.forgetUnknown(id), UNKNOWN_FOR_MS).unref();
      });
      learning.set(id, started);
      return started;
    },

    async decode(value) {
      const id = value.readInt32BE(1);
      const schema = names.get(id) ?? (await nameOf(api, id));
      names.set(id, schema);
      return { schema, value: await limited('decode a value', (await connectClient()).decode(value)) };
    },
  };
}

async function nameOf(api: RegistryApi, id: number): Promise<string> {
  const found = await api.schemaById(id);
  if (found === null) throw new Error(`the registry has no schema of id ${id}`);
  const named = found !== 'other' && typeof (found.schema as { name?: unknown }).name === 'string';
  return named ? fullName(found.schema) : `schema ${id}`;
}

async function learnOnce(api: RegistryApi, codec: Codec, id: number, logger: Logger): Promise<void> {
  const found = await api.schemaById(id);
  if (found === null || found === 'other') {
    logger.warn(
      { id },
      found === null ? 'the registry has no schema of this id' : 'the schema of this id is not Avro',
    );
    codec.learn(id, null);
    return;
  }
  try {
    codec.learn(id, found.schema);
  } catch (error) {
    // a schema that ours cannot resolve: its data is refused as of an unknown schema, one record at a time
    logger.warn({ id, reason: String(error) }, 'data of this schema cannot be read as ours');
    codec.learn(id, null);
  }
}

/** Calls `make` when first asked, and gives everybody what it made. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** The client library sets no time limit of its own. */
const limited = <T>(what: string, call: Promise<T>): Promise<T> =>
  withinLimit(
    call,
    CALL_LIMIT_MS,
    () => new RegistryUnavailableError(`${what}: no answer within ${CALL_LIMIT_MS} ms`),
  );
