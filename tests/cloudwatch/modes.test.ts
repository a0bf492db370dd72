import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { OWN_ACCOUNT } from '../../lib/testing/cloudwatch/identities.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import { emulatorWriter } from '../../services/simulator/cloudwatch/emulator.js';
import { vectadb } from '../pipeline/pipeline.js';
import { RawLogs } from './raw-logs.js';
import { until } from './run.js';

const GROUP = '/modes';
const KEY = `${OWN_ACCOUNT}/us-east-1/${GROUP}`;
const HOUR_MS = 3_600_000;
let stack: TestStack;
let rawLogs: RawLogs;

beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true, moto: true });
  await vectadb(stack, ['topics', 'apply']);
  rawLogs = await RawLogs.open(stack, GROUP);
  const writer = emulatorWriter(stack.env.AWS_ENDPOINT_URL!);
  // the first lies further back than the lookback: whether such a one is read is luck, so it is counted
  const ages = [2 * HOUR_MS, 1_000, 500];
  const now = Date.now();
  await writer.put(
    GROUP,
    's',
    ages.map((age) => ({ timestampMs: now - age, message: `${age} ms old` })),
  );
});
afterAll(async () => {
  await rawLogs?.close();
  await stack?.stop();
});

async function start(args: string[], logGroups: object[] = [{ name: GROUP }]) {
  const config = join(stack.folder, 'modes.yaml');
  writeFileSync(
    config,
    stringify({
      aws_region: 'us-east-1',
      log_groups: logGroups,
      poll_interval_seconds: 0.5,
      cloudwatch: { start_minutes_ago: 180 },
    }),
  );
  return stack.spawnService('cloudwatch-poller', { args, env: { VECTADB_CONFIG: config } });
}

async function run(args: string[], logGroups?: object[]) {
  const service = await start(args, logGroups);
  const exit = await service.exited;
  const lines = service
    .output()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code: exit.code, lines };
}

const printed = (lines: Record<string, unknown>[]) =>
  lines
    .filter(({ topic }) => topic === 'raw-logs')
    .map(({ value }) => (value as { message: string }).message);

describe('the ways to run it', () => {
  it('--dry-run --once prints what would be sent and sends nothing, as often as it is asked', async () => {
    for (let time = 0; time < 2; time++) {
      const { code, lines } = await run(['--dry-run', '--once']);
      expect(code).toBe(0);
      expect(printed(lines)).toHaveLength(3);
    }
    expect(rawLogs.events).toEqual([]);
  });

  it('--once sends all there is, once; then there is nothing left to print', async () => {
    const { code, lines } = await run(['--once']);
    expect(code).toBe(0);
    for (const line of lines)
      expect(line).toMatchObject({ level: expect.any(String), time: expect.anything() });
    expect(await until(() => rawLogs.events.length >= 3, 10_000)).toBe(true);
    expect((await run(['--once'])).code).toBe(0);
    expect(printed((await run(['--dry-run', '--once'])).lines)).toEqual([]);
    expect(rawLogs.events.map(({ group }) => group)).toEqual([KEY, KEY, KEY]);
  });

  it('--once ends with 1 where a group does not exist', async () => {
    const { code, lines } = await run(['--once'], [{ name: GROUP }, { name: '/nowhere' }]);
    expect(code).toBe(1);
    expect(lines.some(({ msg }) => String(msg).includes('it does not exist'))).toBe(true);
  });

  it('without arguments it counts what it does, and ends with 0 within 10 s of SIGTERM', async () => {
    const writer = emulatorWriter(stack.env.AWS_ENDPOINT_URL!);
    const service = await start([]);
    await service.waitReady();
    await writer.put(GROUP, 's', [
      { timestampMs: Date.now() - 2 * HOUR_MS, message: 'late beyond the lookback' },
      { timestampMs: Date.now(), message: 'punctual' },
    ]);
    expect(await until(() => rawLogs.events.length >= 4, 30_000)).toBe(true);
    let metrics = '';
    const value = (name: string, labels = '') =>
      Number(
        new RegExp(`^vectadb_cloudwatch_${name}\\{[^}]*${labels}[^}]*\\} (\\S+)$`, 'm').exec(metrics)?.[1],
      );
    const limit = Date.now() + 20_000;
    do metrics = await (await fetch(`${service.url}/metrics`)).text();
    while (!(value('poll_interval_seconds', KEY) > 0) && Date.now() < limit);
    expect(value('events_delivered_total', KEY)).toBeGreaterThanOrEqual(1);
    expect(value('events_fetched_total', KEY)).toBeGreaterThanOrEqual(1);
    expect(value('events_duplicate_total', KEY)).toBeGreaterThanOrEqual(0);
    expect(value('events_late_total', KEY)).toBeGreaterThanOrEqual(0);
    expect(value('events_beyond_lookback_total', KEY)).toBeGreaterThanOrEqual(0);
    expect(value('lag_seconds', KEY)).toBeLessThan(30);
    expect(value('group_readable', KEY)).toBe(1);
    expect(value('target_listed', 'us-east-1')).toBe(1);
    expect(value('api_calls_total', 'us-east-1')).toBeGreaterThan(1);
    expect(value('request_rate', 'us-east-1')).toBeCloseTo(4.5);
    expect(value('cycles_total', 'succeeded')).toBeGreaterThan(1);
    expect(value('delay_seconds_count')).toBeGreaterThanOrEqual(1);
    expect(value('cycle_success_ratio')).toBe(1);
    expect(metrics).toContain('# TYPE vectadb_cloudwatch_throttles_total counter');
    const began = Date.now();
    expect(await service.stop()).toMatchObject({ code: 0 });
    expect(Date.now() - began).toBeLessThan(10_000);
  });
});
