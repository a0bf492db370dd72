import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { emulatorWriter } from '../../../services/simulator/cloudwatch/emulator.js';
import { LogWriter } from '../../../services/simulator/cloudwatch/log-writer.js';
import { startStack, type TestStack } from '../stack.js';
import { type FaultProfile, NO_FAULTS, type Visibility } from './faults.js';
import { compareEvents, type OracleEvent } from './oracle.js';
import { type CloudWatchProxy, startCloudWatchProxy } from './proxy.js';

const CREDENTIALS = { accessKeyId: 'any', secretAccessKey: 'any' };
/** Everything at once, each often. */
const BAD_DAY: FaultProfile = {
  throttle: 0.1,
  'server-error': 0.08,
  cut: 0.1,
  slow: 0.02,
  'expired-token': 0.02,
  'empty-page': 0.15,
  'short-page': 0.08,
  'repeated-page': 0.1,
};

let stack: TestStack;
let writer: LogWriter;
let proxy: CloudWatchProxy | undefined;
beforeAll(async () => {
  stack = await startStack({ moto: true });
  writer = emulatorWriter(stack.env.AWS_ENDPOINT_URL!);
});
afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
});
afterAll(() => stack?.stop());

const clientOf = ({ url }: CloudWatchProxy) =>
  new CloudWatchLogsClient({ endpoint: url, region: 'us-east-1', credentials: CREDENTIALS, maxAttempts: 1 });

/** Puts 600 events of three streams within two seconds, a third of them in one millisecond. */
async function fill(group: string, at: number): Promise<OracleEvent[]> {
  for (const stream of ['a', 'b', 'c']) {
    const events = Array.from({ length: 200 }, (_, n) => ({
      timestampMs: n % 3 === 0 ? at - 1_000 : at - 2_000 + n * 10,
      message: `${stream} ${n}`,
    }));
    await writer.put(group, stream, events);
  }
  return (await writer.list(group)).map((event) => ({ group, ...event }));
}

interface ReaderDefects {
  /** Takes an empty page for the last one. */
  stopsAtEmptyPages?: boolean;
  /** Takes a failed page for the last one. */
  stopsAtFailures?: boolean;
  /** Hands on whatever a page holds. */
  forgetsIds?: boolean;
}

/** One range read to its end, from its beginning again after a failure: the least a poller must do, and what it may get wrong. */
async function readRange(group: string, defects: ReaderDefects = {}): Promise<OracleEvent[]> {
  const client = clientOf(proxy!);
  const range = { logGroupName: group, startTime: 0, endTime: Date.now(), limit: 30 };
  const seen = new Set<string>();
  const delivered: OracleEvent[] = [];
  let nextToken: string | undefined;
  for (let attempt = 0; attempt < 1_000; attempt++) {
    try {
      const page = await client.send(new FilterLogEventsCommand({ ...range, nextToken }));
      for (const { eventId, timestamp, message, logStreamName } of page.events ?? []) {
        if (seen.has(eventId!) && !defects.forgetsIds) continue;
        seen.add(eventId!);
        delivered.push({
          eventId: eventId!,
          group,
          stream: logStreamName!,
          timestampMs: timestamp!,
          message: message!,
        });
      }
      ({ nextToken } = page);
      if (!nextToken || (defects.stopsAtEmptyPages && page.events?.length === 0)) return delivered;
    } catch (error) {
      if (defects.stopsAtFailures) return delivered;
      if (error instanceof Error && error.name === 'InvalidParameterException') nextToken = undefined;
    }
  }
  throw new Error('the range did not end');
}

describe('a reader on a bad day', () => {
  it.each([1, 2, 3])('gets every event once when it does what it must (seed %i)', async (seed) => {
    const group = `/bad-day/${seed}`;
    const put = await fill(group, Date.now());
    proxy = await startCloudWatchProxy({ target: stack.env.AWS_ENDPOINT_URL!, seed, profile: BAD_DAY });
    expect(compareEvents(put, await readRange(group))).toEqual([]);
    for (const kind of Object.keys(BAD_DAY)) {
      if (kind !== 'expired-token') expect(proxy.served[kind as 'cut'], kind).toBeGreaterThan(0);
    }
    expect(proxy.misuses).toEqual([]);
  });

  it.each([
    [
      'takes an empty page for the last',
      { stopsAtEmptyPages: true },
      { 'empty-page': 0.3, 'short-page': 0.6 },
      'lost',
    ],
    ['takes a failure for the end', { stopsAtFailures: true }, { throttle: 0.3, 'short-page': 0.6 }, 'lost'],
    ['takes a cut answer for the end', { stopsAtFailures: true }, { cut: 0.3, 'short-page': 0.6 }, 'lost'],
    ['forgets ids over repeated pages', { forgetsIds: true }, { 'repeated-page': 0.5 }, 'doubled'],
    ['forgets ids over expired tokens', { forgetsIds: true }, { 'expired-token': 0.05 }, 'doubled'],
  ] as const)('is caught when it %s', async (what, defects, profile, kind) => {
    const group = `/defect/${what.replaceAll(' ', '-')}`;
    const put = await fill(group, Date.now());
    const target = stack.env.AWS_ENDPOINT_URL!;
    proxy = await startCloudWatchProxy({ target, seed: 11, profile: { ...NO_FAULTS, ...profile } });
    const faults = compareEvents(put, await readRange(group, defects));
    expect(new Set(faults.map((fault) => fault.kind))).toEqual(new Set([kind]));
  });
});

it('shows an event when its delay has passed on the moved clock', async () => {
  const visibility: Visibility = { late: 0.5, maxDelayMs: 1_800_000 };
  const put = await fill('/late', Date.now());
  let offsetMs = 0;
  proxy = await startCloudWatchProxy({
    target: stack.env.AWS_ENDPOINT_URL!,
    seed: 4,
    visibility,
    nowMs: () => Date.now() + offsetMs,
  });
  const atOnce = await readRange('/late');
  offsetMs = 900_000;
  const later = await readRange('/late');
  offsetMs = 1_800_000;
  const last = await readRange('/late');
  expect(atOnce.length).toBeGreaterThan(200);
  expect(later.length).toBeGreaterThan(atOnce.length);
  expect(last.length).toBeGreaterThan(later.length);
  expect(compareEvents(put, last)).toEqual([]);
});

it('throttles above its quota, and records a token that is used with another range', async () => {
  await fill('/quota', Date.now());
  proxy = await startCloudWatchProxy({ target: stack.env.AWS_ENDPOINT_URL!, seed: 1, requestsPerSecond: 5 });
  const client = clientOf(proxy);
  const filter = (rest: object) =>
    client.send(new FilterLogEventsCommand({ logGroupName: '/quota', limit: 10, ...rest }));
  const { nextToken } = await filter({ endTime: Date.now() });
  await expect(filter({ nextToken, endTime: 1 })).rejects.toThrow('nextToken');
  expect(proxy.misuses).toEqual([
    'nextToken for 123456789012/us-east-1//quota: it was given for another endTime',
  ]);
  const answers = await Promise.allSettled(Array.from({ length: 6 }, () => filter({})));
  const refused = answers.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Error).name] : []));
  expect(refused).toEqual(['ThrottlingException', 'ThrottlingException', 'ThrottlingException']);
});

it('passes everything else on, and cuts every connection in an outage', async () => {
  proxy = await startCloudWatchProxy({ target: stack.env.AWS_ENDPOINT_URL!, seed: 1 });
  const through = new LogWriter(clientOf(proxy));
  await through.put('/through', 's', [{ timestampMs: Date.now(), message: 'a line' }]);
  expect(await writer.list('/through')).toHaveLength(1);
  await expect(through.list('/nowhere')).rejects.toThrow('does not exist');
  proxy.setOutage(true);
  await expect(through.list('/through')).rejects.toThrow();
  proxy.setOutage(false);
  expect(await through.list('/through')).toHaveLength(1);
});
