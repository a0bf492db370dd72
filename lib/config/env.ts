import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { DEFAULT_MODEL } from '../embedding/model-files.js';
import { ConfigError } from './config-error.js';

/** One environment variable: how it is read, what it means, its unit, and whether it is a secret. */
export interface Variable<T extends z.ZodType = z.ZodType> {
  schema: T;
  doc: string;
  unit?: string;
  secret?: boolean;
}

export type Variables = Record<string, Variable>;
export type Settings<V extends Variables> = { [K in keyof V]: z.output<V[K]['schema']> };

/**
 * Reads the variables of one service. Empty strings count as unset. A secret may also be the content of the file that
 * `<NAME>_FILE` names, without white space around it. @throws ConfigError naming every fault at once.
 */
export function readEnvironment<V extends Variables>(
  variables: V,
  environment: Record<string, string | undefined> = process.env,
): Settings<V> {
  const faults: string[] = [];
  const settings: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(variables)) {
    const fromFile = variable.secret ? secretFile(name, environment, faults) : undefined;
    const given = fromFile ?? (environment[name] === '' ? undefined : environment[name]);
    const read = variable.schema.safeParse(given);
    if (read.success) settings[name] = read.data;
    else {
      const shown = given === undefined ? 'is not set' : variable.secret ? 'is not valid' : `is '${given}'`;
      faults.push(
        `${name} ${shown}: ${read.error.issues.map((issue) => issue.message).join('; ')} (${variable.doc})`,
      );
    }
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return settings as Settings<V>;
}

function secretFile(
  name: string,
  environment: Record<string, string | undefined>,
  faults: string[],
): string | undefined {
  const path = environment[`${name}_FILE`];
  if (!path) return undefined;
  if (environment[name]) faults.push(`${name} and ${name}_FILE are both set: one of them is enough`);
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    faults.push(`${name}_FILE cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
    return undefined;
  }
}

export const list = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter(Boolean),
    );
export const integer = (fallback: number, min = 0, max = Number.MAX_SAFE_INTEGER) =>
  z.coerce.number().int().min(min).max(max).default(fallback);
export const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false', '1', '0', 'yes', 'no'])
    .default(fallback ? 'true' : 'false')
    .transform((text) => text === 'true' || text === '1' || text === 'yes');
export const text = (fallback: string) => z.string().default(fallback);

/** What services have in common; a service picks the ones it needs. Addresses and logins are in connections.ts. */
export const STACK = {
  VECTADB_CONFIG: {
    schema: text('config.yaml'),
    doc: 'config.yaml; a missing default file means the defaults',
  },
  MODEL_PATH: { schema: text('.vectadb/models'), doc: 'Folder of embedding models' },
  EMBEDDING_MODEL: {
    schema: text(DEFAULT_MODEL),
    doc: 'Model below MODEL_PATH, of 384 dimensions; where it is not there, words are hashed. The same for gateway and qdrant-sink',
  },
  VECTADB_STATE: {
    schema: text(''),
    doc: 'Folder that the next process in the place of this one finds again; empty keeps nothing',
  },
  LOG_LEVEL: {
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
    doc: 'Least level logged',
  },
  METRICS_HOST: {
    schema: text('127.0.0.1'),
    doc: 'Address that the probe port listens on; 0.0.0.0 where another container asks',
  },
  METRICS_PORT: {
    schema: integer(0, 0, 65535),
    doc: 'Port of /health, /ready and /metrics; 0 takes any free port',
  },
} satisfies Variables;
