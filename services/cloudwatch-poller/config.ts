import { existsSync } from 'node:fs';
import { type AppConfig, loadAppConfig } from '../../lib/config/app-config.js';
import { ConfigError } from '../../lib/config/config-error.js';
import {
  KAFKA,
  type KafkaSettings,
  kafkaSettings,
  REGISTRY,
  type RegistrySettings,
  registrySettings,
} from '../../lib/config/connections.js';
import { readEnvironment, type Settings, STACK, text } from '../../lib/config/env.js';
import { type LogGroupSelector, logGroupMatcher } from '../../lib/config/log-group-matcher.js';
import { maskingPlanOf } from '../../lib/config/masking-file.js';
import type { MaskingPlan } from '../../lib/config/masking-rules.js';
import type { ApiOptions } from './adapters/cloudwatch-api.js';
import type { Lanes } from './core/lanes.js';

const VARIABLES = {
  ...KAFKA,
  ...REGISTRY,
  VECTADB_CONFIG: STACK.VECTADB_CONFIG,
  VECTADB_STATE: STACK.VECTADB_STATE,
  LOG_LEVEL: STACK.LOG_LEVEL,
  METRICS_HOST: STACK.METRICS_HOST,
  METRICS_PORT: STACK.METRICS_PORT,
  AWS_REGION: {
    schema: text('us-east-1'),
    doc: 'Region of log groups that name none, where aws_region of config.yaml is left out',
  },
  VECTADB_CLOCK_OFFSET_FILE: {
    schema: text(''),
    doc: 'For tests: a file with milliseconds to add to the wall clock, read on each use',
  },
  FAULT_POINT: {
    schema: text(''),
    doc: 'For tests: NAME:N ends the process with SIGKILL the N-th time that the named moment is reached, NAME:N:SIGSTOP stops it',
  },
} as const;

const FORGET_AFTER_MS = 7 * 24 * 3_600_000;

export type PollerEnvironment = Settings<typeof VARIABLES>;

/** What is asked of one account and region. */
export interface TargetConfig extends ApiOptions {
  selectors: LogGroupSelector[];
}

export interface PollerConfig {
  environment: PollerEnvironment;
  targets: TargetConfig[];
  lanes: Lanes;
  startBackMs: number;
  /** How long the position of a group is kept that is gone; one that comes back later begins anew, behind what was read. */
  forgetAfterMs: number;
  batchSize: number;
  masking: MaskingPlan;
  requestsPerSecond: number;
  concurrentRequests: number;
  discoveryIntervalMs: number;
  /** Settings that are accepted and not used, named once at start. */
  unused: string[];
}

/** The whole configuration, with the way to what the poller writes to. */
export interface StartConfig extends PollerConfig {
  kafka: KafkaSettings;
  registry: RegistrySettings;
}

/** @throws ConfigError naming every fault at once. */
export function readConfig(environment: Record<string, string | undefined> = process.env): StartConfig {
  const variables = readEnvironment(VARIABLES, environment);
  const path = variables.VECTADB_CONFIG;
  if (environment.VECTADB_CONFIG && !existsSync(path))
    throw new ConfigError([`${path}: there is no such file (VECTADB_CONFIG)`]);
  return {
    ...pollerConfig(loadAppConfig(path), variables, path),
    kafka: kafkaSettings(variables, 'cloudwatch-poller'),
    registry: registrySettings(variables),
  };
}

/** @throws ConfigError where a pattern does not compile. */
export function pollerConfig(app: AppConfig, environment: PollerEnvironment, path: string): PollerConfig {
  const { cloudwatch } = app;
  const lookbackMs = cloudwatch.lookback_minutes * 60_000;
  const startBackMs =
    cloudwatch.start_minutes_ago === undefined ? lookbackMs : cloudwatch.start_minutes_ago * 60_000;
  return {
    environment,
    targets: targetsOf(app, environment.AWS_REGION, path),
    lanes: {
      fast: {
        overlapMs: cloudwatch.overlap_seconds * 1_000,
        settleMs: cloudwatch.settle_seconds * 1_000,
        intervalMs: app.poll_interval_seconds * 1_000,
      },
      sweep: {
        overlapMs: lookbackMs,
        settleMs: cloudwatch.settle_seconds * 1_000,
        intervalMs: cloudwatch.sweep_interval_minutes * 60_000,
      },
    },
    startBackMs,
    forgetAfterMs: Math.max(FORGET_AFTER_MS, startBackMs + lookbackMs),
    batchSize: app.batch_size,
    masking: maskingPlanOf(app.masking, path),
    requestsPerSecond: cloudwatch.requests_per_second,
    concurrentRequests: cloudwatch.concurrent_requests,
    discoveryIntervalMs: cloudwatch.discovery_interval_seconds * 1_000,
    unused: (['vectadb_endpoint', 'vectadb_api_key'] as const).filter((name) => app[name] !== undefined),
  };
}

/** Each account and region once, with everything that is wanted of it. */
function targetsOf(app: AppConfig, defaultRegion: string, path: string): TargetConfig[] {
  const targets = new Map<string, TargetConfig>();
  const faults: string[] = [];
  app.log_groups.forEach(({ name, prefix, pattern, regions, accounts }, index) => {
    const selector: LogGroupSelector = { name, prefix, pattern };
    try {
      logGroupMatcher(selector);
    } catch (error) {
      faults.push(`${path}: log_groups.${index}: pattern does not compile: ${(error as Error).message}`);
    }
    for (const region of new Set(regions ?? [app.aws_region ?? defaultRegion])) {
      for (const account of new Set(accounts ?? [null])) {
        const key = `${account ?? ''}/${region}`;
        const target = targets.get(key) ?? {
          region,
          account: app.aws_accounts.find((one) => one.name === account) ?? null,
          selectors: [],
        };
        target.selectors.push(selector);
        targets.set(key, target);
      }
    }
  });
  if (faults.length > 0) throw new ConfigError(faults);
  return [...targets.values()];
}
