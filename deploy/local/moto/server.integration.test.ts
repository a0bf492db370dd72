import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudWatchLogsClient,
  FilterLogEventsCommand,
  InvalidParameterException,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LogWriter } from '../../../services/simulator/cloudwatch/log-writer.js';
import type { LocalComponent } from '../component.js';
import { cacheFolder } from '../home.js';
import { installMoto, startMoto } from '../moto.js';
import { type Reservation, reservePort } from '../ports.js';

let folder: string;
let reservation: Reservation;
let server: LocalComponent;
let client: CloudWatchLogsClient;
let writer: LogWriter;
const start = () =>
  startMoto({
    port: reservation.port,
    dataDir: join(folder, 'data'),
    logFile: join(folder, 'moto.log'),
    cacheDir: cacheFolder(),
  });
const filter = (logGroupName: string, rest: Record<string, unknown> = {}) =>
  client.send(new FilterLogEventsCommand({ logGroupName, ...rest }));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vectadb-moto-'));
  reservation = await reservePort();
  await installMoto(cacheFolder());
  server = await start();
  client = new CloudWatchLogsClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });
  writer = new LogWriter(client);
});
afterAll(async () => {
  await server?.stop(0);
  reservation?.release();
  rmSync(folder, { recursive: true, force: true });
});

it('orders the events of all streams by time', async () => {
  const at = Date.now();
  await writer.put('/order', 'b', [
    { timestampMs: at + 3, message: 'third' },
    { timestampMs: at + 1, message: 'first' },
  ]);
  await writer.put('/order', 'a', [{ timestampMs: at + 2, message: 'second' }]);
  const { events, nextToken } = await filter('/order');
  expect(events?.map(({ message }) => message)).toEqual(['first', 'second', 'third']);
  expect(nextToken).toBeUndefined();
  const { events: ranged } = await filter('/order', { startTime: at + 2, endTime: at + 2 });
  expect(ranged?.map(({ message }) => message)).toEqual(['second']);
});

it('ends a page at 1 MB, and goes on behind it, late events of the rest included', async () => {
  const at = Date.now();
  const large = (n: number) => ({ timestampMs: at + n, message: `${n}`.padEnd(200_000, '.') });
  await writer.put('/large', 's', [0, 1, 2, 3, 4, 5, 6, 7].map(large));
  const first = await filter('/large');
  expect(first.events).toHaveLength(5);
  await writer.put('/large', 't', [{ timestampMs: at + 6, message: 'late' }]);
  const second = await filter('/large', { nextToken: first.nextToken });
  expect(second.events?.map(({ timestamp }) => timestamp! - at)).toEqual([5, 6, 6, 7]);
  expect(second.nextToken).toBeUndefined();
});

it('ends a page at 10,000 events, in the middle of a millisecond, without losing or repeating one', async () => {
  const timestampMs = Date.now();
  await writer.put(
    '/burst',
    's',
    Array.from({ length: 25_000 }, (_, n) => ({ timestampMs, message: `${n}` })),
  );
  const events = await writer.list('/burst');
  expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(25_000);
  expect(new Set(events.map(({ message }) => message)).size).toBe(25_000);
  expect((await filter('/burst')).events).toHaveLength(10_000);
});

it('refuses a token that it cannot read, and one of another group', async () => {
  await expect(filter('/burst', { nextToken: 'elsewhere' })).rejects.toThrow(InvalidParameterException);
  const { nextToken } = await filter('/burst', { limit: 1 });
  await expect(filter('/large', { nextToken })).rejects.toThrow(InvalidParameterException);
});

it('never gives an event id twice, restarts included', async () => {
  const event = { timestampMs: Date.now(), message: 'again' };
  await writer.put('/ids', 's', [event]);
  const [before] = await writer.list('/ids');
  await server.stop();
  server = await start();
  await new LogWriter(client).put('/ids', 's', [event]);
  const [after] = await writer.list('/ids');
  expect(after!.eventId).toMatch(/^\d{56}$/);
  expect(BigInt(after!.eventId)).toBeGreaterThan(BigInt(before!.eventId));
});
