import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { OWN_ACCOUNT } from '../../lib/testing/cloudwatch/identities.js';
import { clientAt, OTHER_ACCOUNT, OTHER_ROLE, PLACES } from '../../lib/testing/cloudwatch/places.js';
import { type CloudWatchProxy, startCloudWatchProxy } from '../../lib/testing/cloudwatch/proxy.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import { LogWriter } from '../../services/simulator/cloudwatch/log-writer.js';
import { vectadb } from '../pipeline/pipeline.js';
import { PollerGroup } from './poller-group.js';
import { RawLogs } from './raw-logs.js';
import { until } from './run.js';

const LIMIT_MS = 60_000;
const CLOSED_ROLE = 'arn:aws:iam::333333333333:role/closed';
let stack: TestStack;
let proxy: CloudWatchProxy;
let pollers: PollerGroup | undefined;
let rawLogs: RawLogs | undefined;
let writers: LogWriter[];

beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true, moto: true });
  await vectadb(stack, ['topics', 'apply']);
  const endpoint = stack.env.AWS_ENDPOINT_URL!;
  writers = await Promise.all(PLACES.map(async (place) => new LogWriter(await clientAt(endpoint, place))));
});
afterEach(async () => {
  await pollers?.stop();
  await rawLogs?.close();
  await proxy?.close();
});
afterAll(() => stack?.stop());

async function start(name: string, logGroups: object[]): Promise<void> {
  rawLogs = await RawLogs.open(stack, `/${name}`);
  proxy = await startCloudWatchProxy({
    target: stack.env.AWS_ENDPOINT_URL!,
    seed: 1,
    closedRoles: [CLOSED_ROLE],
  });
  pollers = new PollerGroup(stack, {
    name,
    endpoint: proxy.url,
    config: {
      aws_region: 'us-east-1',
      aws_accounts: [
        { name: 'other', role_arn: OTHER_ROLE },
        { name: 'closed', role_arn: CLOSED_ROLE },
      ],
      log_groups: logGroups,
      poll_interval_seconds: 0.5,
      cloudwatch: { discovery_interval_seconds: 1 },
    },
  });
}

/** Puts a line into the group of that name in each place, and waits until each has come from its own. */
async function putAndAwait(group: string, places: readonly number[], text: string): Promise<void> {
  const before = rawLogs!.events.length;
  for (const place of places) {
    const message = `${text} of ${PLACES[place]!.account} in ${PLACES[place]!.region}`;
    await writers[place]!.put(group, 'stream', [{ timestampMs: Date.now(), message }]);
  }
  await until(() => rawLogs!.events.length >= before + places.length, LIMIT_MS);
  const expected = places.map((place) => {
    const { account, region } = PLACES[place]!;
    return [`${account}/${region}/${group}`, `${text} of ${account} in ${region}`];
  });
  const found = rawLogs!.events.slice(before).map((event) => [event.group, event.message]);
  expect(found.sort()).toEqual(expected.sort());
}

const health = async () =>
  (await (await fetch(`${pollers!.pollers[0]!.service.url}/health`)).json()) as {
    details: {
      unreadable: { group: string; kind: string; message: string }[];
      unlisted: { target: string; kind: string; message: string }[];
    };
  };

const REGIONS = ['us-east-1', 'eu-west-1'];

describe('a log group name that two accounts have in two regions', () => {
  it('is four groups, and credentials that end before their time are replaced', async () => {
    await start('same-name', [
      { name: '/same-name', regions: REGIONS },
      { name: '/same-name', regions: REGIONS, accounts: ['other'] },
    ]);
    const poller = pollers!.join();
    await poller.waitReady();
    await putAndAwait('/same-name', [0, 1, 2, 3], 'first line');
    proxy.expireCredentials();
    await putAndAwait('/same-name', [0, 1, 2, 3], 'second line');
    expect(proxy.expired).toBeGreaterThan(0);
    expect(pollers!.unexpectedEnds()).toEqual([]);
  });
});

describe('an account whose role gives no credentials', () => {
  it.each(['throttle', 'down', 'denied'] as const)(
    'waits while STS fails (%s), and goes on when it answers; others do not wait',
    async (fault) => {
      const group = `/sts-${fault}`;
      await start(`sts-${fault}`, [{ name: group }, { prefix: group, accounts: ['other'] }]);
      await writers[1]!.createGroup(group);
      proxy.setStsFault(fault);
      const poller = pollers!.join();
      await poller.waitReady();
      await putAndAwait(group, [0], 'while STS fails');
      expect((await health()).details.unlisted).toMatchObject([
        { target: 'other in us-east-1', kind: fault === 'denied' ? 'role' : 'transient' },
      ]);
      proxy.setStsFault(null);
      await putAndAwait(group, [1], 'when it answers');

      proxy.setStsFault(fault);
      proxy.expireCredentials();
      await writers[1]!.put(group, 'stream', [{ timestampMs: Date.now(), message: 'waits' }]);
      const key = `${OTHER_ACCOUNT}/us-east-1/${group}`;
      const reported = async () =>
        (await health()).details.unreadable.some(
          (one) => one.group === key && one.message.includes(OTHER_ROLE),
        );
      const limit = Date.now() + LIMIT_MS;
      while (!(await reported()) && Date.now() < limit) await putAndAwait(group, [0], 'others go on');
      expect(await reported()).toBe(true);
      expect(rawLogs!.events.some(({ message }) => message === 'waits')).toBe(false);
      proxy.setStsFault(null);
      expect(await until(() => rawLogs!.events.some(({ message }) => message === 'waits'), LIMIT_MS)).toBe(
        true,
      );
      expect(pollers!.unexpectedEnds()).toEqual([]);
    },
  );

  it('is told with the role where the trust policy does not let us in', async () => {
    await start('closed', [{ name: '/closed' }, { name: '/closed', accounts: ['closed'] }]);
    const poller = pollers!.join();
    await poller.waitReady();
    await putAndAwait('/closed', [0], 'a line');
    const log = poller.service.output();
    expect(log).toContain('the role cannot be assumed; trying again');
    expect(log).toContain('the log group cannot be read: the role of its account cannot be assumed');
    expect(log).toContain(CLOSED_ROLE);
    expect((await health()).details.unreadable).toMatchObject([
      { group: '333333333333/us-east-1//closed', kind: 'role' },
    ]);
    expect(rawLogs!.countOf(`${OWN_ACCOUNT}/us-east-1//closed`)).toBe(1);
  });
});
