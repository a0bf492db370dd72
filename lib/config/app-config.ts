import { existsSync, readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { ConfigError } from './config-error.js';
import { maskingConfig } from './masking-file.js';

/**
 * A rule of `parser_rules`: an import of a built-in set, or a rule of one's own, which is called after its place where it has no name.
 * Compiled by the processor's parser, which knows what else a rule may have.
 */
export type ParserRule =
  | { import: string }
  | ({ name?: string; pattern?: string; event_type?: string } & Record<string, unknown>);

const parserRule = z
  .looseObject({
    import: z.string().optional(),
    name: z.string().min(1).optional(),
    pattern: z.string().optional(),
    event_type: z.string().optional(),
  })
  .refine((rule) => rule.import === undefined || Object.keys(rule).length === 1, {
    message: 'an import stands alone: a rule of your own is an entry of its own',
  }) as unknown as z.ZodType<ParserRule>;

const logGroup = z
  .strictObject({
    name: z.string().optional(),
    prefix: z.string().optional(),
    pattern: z.string().optional(),
    /** Regions where the group is looked for; left out: aws_region. */
    regions: z.array(z.string().min(1)).min(1).optional(),
    /** Names of aws_accounts where the group is looked for; left out: the account of the credentials. */
    accounts: z.array(z.string().min(1)).min(1).optional(),
    agent_id: z.string().optional(),
    parser_rules: z.array(parserRule).optional(),
  })
  .refine((group) => [group.name, group.prefix, group.pattern].filter(Boolean).length === 1, {
    message: 'names its log group by exactly one of name, prefix, pattern',
  });

const positive = z.number().positive();

/** An account that is read through a role of its own. */
const awsAccount = z.strictObject({
  /** What `accounts` of a log group calls it. */
  name: z.string().min(1),
  role_arn: z
    .string()
    .regex(
      /^arn:aws[\w-]*:iam::\d{12}:role\/.+$/,
      'is no ARN of a role: arn:aws:iam::123456789012:role/NAME',
    ),
  external_id: z.string().min(1).optional(),
});

/** How CloudWatch is read; services/cloudwatch-poller. */
const cloudwatch = z
  .strictObject({
    /** How far a pass of the fast lane reads back, seconds: what becomes visible within it arrives with the next poll. */
    overlap_seconds: z.number().nonnegative().default(60),
    /** How far the fast lane stays away from now, seconds. */
    settle_seconds: z.number().nonnegative().default(0),
    /** How long after its time an event may become visible and still be read, minutes. */
    lookback_minutes: positive.default(60),
    /** From one sweep over the lookback to the next, minutes. */
    sweep_interval_minutes: positive.default(10),
    /** How far back a group is read that was never read before, minutes; left out: the lookback. */
    start_minutes_ago: z.number().nonnegative().optional(),
    /** Requests a second to one account and region, all pollers together; the quota is 5. */
    requests_per_second: positive.default(4.5),
    /** Requests under way at once to one account and region; one page at a time is in memory. */
    concurrent_requests: z.number().int().positive().default(3),
    /** How often new groups of a prefix or pattern are looked for, seconds. */
    discovery_interval_seconds: positive.default(60),
  })
  .refine(({ overlap_seconds, lookback_minutes }) => overlap_seconds <= lookback_minutes * 60, {
    message: 'overlap_seconds reaches further than lookback_minutes',
  })
  .prefault({});

/** config.yaml; poller and processor read the same file. */
const appConfig = z
  .strictObject({
    /** Region of log groups that name none; left out: AWS_REGION, else us-east-1. */
    aws_region: z.string().min(1).optional(),
    aws_accounts: z.array(awsAccount).default([]),
    log_groups: z.array(logGroup).default([]),
    cloudwatch,
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
    /** What is masked before it is stored; docs/security.md. */
    masking: maskingConfig,
    /** Built-in sets and rules of one's own, in order; left out: the three built-in sets. */
    parser_rules: z.array(parserRule).optional(),
  })
  .superRefine(({ aws_accounts, log_groups }, context) => {
    const known = new Set<string>();
    aws_accounts.forEach(({ name }, index) => {
      if (known.has(name))
        context.addIssue({
          code: 'custom',
          path: ['aws_accounts', index],
          message: `'${name}' is there twice`,
        });
      known.add(name);
    });
    log_groups.forEach(({ accounts = [] }, index) => {
      for (const name of accounts.filter((one) => !known.has(one)))
        context.addIssue({
          code: 'custom',
          path: ['log_groups', index],
          message: `aws_accounts has no account '${name}'`,
        });
    });
  });

export type AppConfig = z.output<typeof appConfig>;
export type TraceDetection = AppConfig['trace_detection'];
export type LogGroupConfig = AppConfig['log_groups'][number];
export type AwsAccountConfig = AppConfig['aws_accounts'][number];

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
    read.error.issues.flatMap((issue) => {
      const at = issue.path as (string | number)[];
      const told = (path: (string | number)[], message: string) => {
        const node = document.getIn(path, true) as { range?: [number] } | undefined;
        const line = node?.range ? lines.linePos(node.range[0]).line : 1;
        return `${name}:${line}: ${path.join('.') || 'the file'}: ${message}`;
      };
      if (issue.code !== 'unrecognized_keys') return [told(at, issue.message)];
      return issue.keys.map((key) => told([...at, key], 'there is no such setting'));
    }),
  );
}
