import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NO_FAULTS } from '../../lib/testing/cloudwatch/faults.js';
import { OWN_ACCOUNT } from '../../lib/testing/cloudwatch/identities.js';
import { type CloudWatchProxy, startCloudWatchProxy } from '../../lib/testing/cloudwatch/proxy.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import { emulatorWriter } from '../../services/simulator/cloudwatch/emulator.js';
import { vectadb } from '../pipeline/pipeline.js';
import { PollerGroup } from './poller-group.js';
import { until } from './run.js';

/** FilterLogEvents a second of one account and region: AWS's quota. */
const QUOTA = 5;
const GROUPS = 6;
const WATCHED_MS = 15_000;
const SPAN_MS = 5_000;
let stack: TestStack;
let proxy: CloudWatchProxy | undefined;
let pollers: PollerGroup | undefined;

beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true, moto: true });
  await vectadb(stack, ['topics', 'apply']);
});
afterEach(async () => {
  await pollers?.stop();
  await proxy?.close();
});
afterAll(() => stack?.stop());

const name = (group: number) => `/quota/${group}`;

describe('more log groups than the quota serves at once', () => {
  it('are read in turn, below 5 requests a second, and one that is busy does not starve the others', async () => {
    const target = stack.env.AWS_ENDPOINT_URL!;
    const writer = emulatorWriter(target);
    for (let group = 0; group < GROUPS; group++) {
      // pages are short here, so that a pass of the first group takes some 75 of them
      const count = group === 0 ? 300 : 1;
      const lines = Array.from({ length: count }, (_, n) => ({
        timestampMs: Date.now() - n,
        message: `${n}`,
      }));
      await writer.put(name(group), 'stream', lines);
    }
    const profile = { ...NO_FAULTS, 'short-page': 1 };
    proxy = await startCloudWatchProxy({ target, seed: 1, profile, requestsPerSecond: QUOTA });
    pollers = new PollerGroup(stack, {
      name: 'quota',
      endpoint: proxy.url,
      config: { aws_region: 'us-east-1', log_groups: [{ prefix: '/quota/' }], poll_interval_seconds: 0.5 },
    });
    pollers.join();
    expect(await until(() => proxy!.rangesEnded.size >= GROUPS - 1, 60_000)).toBe(true);
    const before = new Map(proxy.rangesEnded);
    const from = performance.now();
    await delay(WATCHED_MS);

    const times = proxy.filterTimes.filter((time) => time > from);
    // request-gate.test.ts looks at single seconds: on their way here, requests may catch up with those before them
    const most = Math.max(
      ...times.map((time) => times.filter((other) => other >= time && other < time + SPAN_MS).length),
    );
    expect(most).toBeLessThanOrEqual((QUOTA * SPAN_MS) / 1_000);
    expect(times.length / (WATCHED_MS / 1_000)).toBeGreaterThan(QUOTA / 2);
    const passes = Array.from({ length: GROUPS - 1 }, (_, at) => {
      const group = `${OWN_ACCOUNT}/us-east-1/${name(at + 1)}`;
      return proxy!.rangesEnded.get(group)! - before.get(group)!;
    });
    expect(Math.min(...passes)).toBeGreaterThanOrEqual(3);
    expect(Math.max(...passes)).toBeLessThanOrEqual(2 * Math.min(...passes) + 2);
    expect(proxy.misuses).toEqual([]);
  });
});
