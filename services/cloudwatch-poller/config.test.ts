import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/config/config-error.js';
import { readConfig } from './config.js';

const folder = mkdtempSync(join(tmpdir(), 'vectadb-poller-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(yaml: string, environment: Record<string, string> = {}) {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, yaml);
  return readConfig({ VECTADB_CONFIG: file, ...environment });
}

function faultsOf(yaml: string, environment: Record<string, string> = {}): string {
  try {
    read(yaml, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'no fault';
}

const HOUR_MS = 3_600_000;
const ACCOUNT = '{ name: prod, role_arn: "arn:aws:iam::111122223333:role/r" }';

describe('the configuration', () => {
  it('of an empty file reads nothing, every ten seconds, in batches of 100', () => {
    const config = read('');
    expect(config).toMatchObject({
      targets: [],
      batchSize: 100,
      requestsPerSecond: 4.5,
      startBackMs: HOUR_MS,
    });
    expect(config.lanes).toEqual({
      fast: { overlapMs: 60_000, settleMs: 0, intervalMs: 10_000 },
      sweep: { overlapMs: HOUR_MS, settleMs: 0, intervalMs: 600_000 },
    });
  });

  it.each([
    ['the region of the group', 'aws_region: a\nlog_groups: [{ name: /g, regions: [b] }]', ['b']],
    ['else aws_region', 'aws_region: a\nlog_groups: [{ name: /g }]', ['a']],
    ['else AWS_REGION', 'log_groups: [{ name: /g }]', ['of the environment']],
    [
      'each region once',
      'log_groups: [{ name: /g, regions: [b, a, b] }, { name: /h, regions: [a] }]',
      ['b', 'a'],
    ],
  ])('reads in %s', (_what, yaml, regions) => {
    const { targets } = read(yaml, { AWS_REGION: 'of the environment' });
    expect(targets.map(({ region }) => region)).toEqual(regions);
  });

  it('asks each account and region once, for everything that is wanted of it', () => {
    const { targets } = read(`
aws_region: a
aws_accounts: [${ACCOUNT}]
log_groups:
  - { name: /g, regions: [a, b], accounts: [prod] }
  - { name: /g }
  - { prefix: /h, accounts: [prod] }
`);
    expect(
      targets.map(({ account, region, selectors }) => [account?.name ?? null, region, selectors.length]),
    ).toEqual([
      ['prod', 'a', 2],
      ['prod', 'b', 1],
      [null, 'a', 1],
    ]);
  });

  it('begins new groups where start_minutes_ago says, now included', () => {
    expect(read('cloudwatch: { start_minutes_ago: 0 }').startBackMs).toBe(0);
    expect(read('cloudwatch: { lookback_minutes: 30 }').startBackMs).toBe(HOUR_MS / 2);
  });

  it('keeps the position of a group that is gone for longer than a new one reaches back', () => {
    expect(read('').forgetAfterMs).toBe(7 * 24 * HOUR_MS);
    expect(read('cloudwatch: { start_minutes_ago: 14400 }').forgetAfterMs).toBe(241 * HOUR_MS);
  });

  it('names settings that it accepts and does not use', () => {
    expect(read('vectadb_api_key: k').unused).toEqual(['vectadb_api_key']);
    expect(read('').unused).toEqual([]);
  });
});

describe('a fault of the configuration names its place', () => {
  it.each([
    ['log_groups: [{ name: /a, prefix: /b }]', 'log_groups.0', 'exactly one of name, prefix, pattern'],
    ['log_groups: [{ agent_id: x }]', 'log_groups.0', 'exactly one of name, prefix, pattern'],
    ['log_groups: [{ name: "" }]', 'log_groups.0', 'exactly one of name, prefix, pattern'],
    ['log_groups: [{ name: /a }, { pattern: "(" }]', 'log_groups.1', 'pattern does not compile'],
    ['log_groups: [{ name: /a, regions: [] }]', 'log_groups.0.regions', ''],
    ['log_groups: [{ name: /a, accounts: [nobody] }]', 'log_groups.0', "no account 'nobody'"],
    ['aws_accounts: [{ name: prod, role_arn: prod }]', 'aws_accounts.0.role_arn', 'is no ARN of a role'],
    ['aws_accounts: [{ name: prod, role_arn: "arn:aws:iam::1:role/r" }]', 'aws_accounts.0.role_arn', 'ARN'],
    [`aws_accounts: [${ACCOUNT}, ${ACCOUNT}]`, 'aws_accounts.1', "'prod' is there twice"],
    ['poll_interval_seconds: 0', 'poll_interval_seconds', ''],
    ['batch_size: 0', 'batch_size', ''],
    ['batch_size: 10001', 'batch_size', ''],
    ['batch_size: 1.5', 'batch_size', ''],
    ['cloudwatch: { overlap_seconds: -1 }', 'cloudwatch.overlap_seconds', ''],
    ['cloudwatch: { settle_seconds: -1 }', 'cloudwatch.settle_seconds', ''],
    ['cloudwatch: { lookback_minutes: 0 }', 'cloudwatch.lookback_minutes', ''],
    ['cloudwatch: { sweep_interval_minutes: 0 }', 'cloudwatch.sweep_interval_minutes', ''],
    ['cloudwatch: { start_minutes_ago: -1 }', 'cloudwatch.start_minutes_ago', ''],
    ['cloudwatch: { requests_per_second: 0 }', 'cloudwatch.requests_per_second', ''],
    ['cloudwatch: { concurrent_requests: 0 }', 'cloudwatch.concurrent_requests', ''],
    ['cloudwatch: { discovery_interval_seconds: 0 }', 'cloudwatch.discovery_interval_seconds', ''],
    ['cloudwatch: { lookback: 5 }', 'cloudwatch', 'lookback'],
    ['log_groups: [', 'config.yaml:1', ''],
  ])('%s', (yaml, place, what) => {
    const fault = faultsOf(yaml);
    expect(fault).toContain(place);
    expect(fault).toContain(what);
    expect(fault).not.toBe('no fault');
  });

  it('all at once', () => {
    const fault = faultsOf('batch_size: 0\npoll_interval_seconds: -1\n');
    expect(fault).toContain('batch_size');
    expect(fault).toContain('poll_interval_seconds');
  });

  it('where it is in the environment', () => {
    expect(faultsOf('', { METRICS_PORT: 'x' })).toContain('METRICS_PORT');
    expect(() => readConfig({ VECTADB_CONFIG: join(folder, 'none.yaml') })).toThrow('VECTADB_CONFIG');
  });
});
