import { existsSync, readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { ConfigError } from './env.js';

/** A rule of `parser_rules`: an import of a built-in set, or a rule of one's own. Compiled by the processor's parser. */
export type ParserRule =
  | { import: string }
  | ({ name: string; pattern?: string; event_type?: string } & Record<string, unknown>);

const parserRule: z.ZodType<ParserRule> = z.union([
  z.strictObject({ import: z.string() }),
  z.looseObject({ name: z.string(), pattern: z.string().optional(), event_type: z.string().optional() }),
]);

const logGroup = z
  .looseObject({
    name: z.string().optional(),
    prefix: z.string().optional(),
    pattern: z.string().optional(),
    agent_id: z.string().optional(),
    parser_rules: z.array(parserRule).optional(),
  })
  .refine((group) => [group.name, group.prefix, group.pattern].filter(Boolean).length === 1, {
    message: 'names its log group by exactly one of name, prefix, pattern',
  });

const positive = z.number().positive();

/** config.yaml; poller and processor read the same file. */
const appConfig = z.looseObject({
  aws_region: z.string().default('us-east-1'),
  log_groups: z.array(logGroup).default([]),
  vectadb_endpoint: z.string().optional(),
  vectadb_api_key: z.string().optional(),
  poll_interval_seconds: positive.default(10),
  batch_size: z.number().int().positive().max(10_000).default(100),
  parser: z
    .strictObject({
      /** Gap of append time after which an unfinished record is complete, milliseconds. */
      flush_ms: positive.default(2_000),
      /** Largest joined record, bytes. */
      max_record_bytes: positive.default(262_144),
    })
    .prefault({}),
  trace_detection: z
    .strictObject({
      agent_window_minutes: positive.default(5),
      auto_close_after_minutes: positive.default(10),
      max_events_per_trace: z.number().int().positive().default(10_000),
      state_retention_hours: positive.default(24),
      split_on_run_boundaries: z.boolean().default(true),
    })
    .prefault({}),
  /** Price list of one's own, asked before the built-in prices.yaml; relative to this file. */
  prices: z.string().min(1).optional(),
  /** Built-in sets and rules of one's own, in order; left out: the three built-in sets. */
  parser_rules: z.array(parserRule).optional(),
});

export type AppConfig = z.output<typeof appConfig>;
export type TraceDetection = AppConfig['trace_detection'];

/** The configuration of an empty file. */
export const defaultAppConfig = (): AppConfig => appConfig.parse({});

/**
 * Reads config.yaml. A missing file means the defaults.
 * @throws ConfigError with every fault, each with file, line and path.
 */
export function loadAppConfig(path: string): AppConfig {
  if (!existsSync(path)) return defaultAppConfig();
  return parseAppConfig(readFileSync(path, 'utf8'), path);
}

/** As {@link loadAppConfig}, from text. `name` stands for the file in messages. */
export function parseAppConfig(text: string, name: string): AppConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((error) => `${name}:${error.linePos?.[0].line ?? 1}: ${error.message}`),
    );
  }
  const read = appConfig.safeParse(document.toJS() ?? {});
  if (read.success) return read.data;
  throw new ConfigError(
    read.error.issues.map((issue) => {
      const node = document.getIn(issue.path as (string | number)[], true) as
        | { range?: [number] }
        | undefined;
      const line = node?.range ? lines.linePos(node.range[0]).line : 1;
      return `${name}:${line}: ${issue.path.join('.') || 'the file'}: ${issue.message}`;
    }),
  );
}
