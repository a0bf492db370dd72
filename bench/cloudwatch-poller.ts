import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { SMALL_PROCESS } from '../deploy/local/small-process.js';
import { startBenchStack } from './bench-stack.js';

/**
 * Memory (with the peak of each phase) and CPU of the cloudwatch-poller: a full lookback first, then steady reading with
 * sweeps, against a CloudWatch that makes its events up (no emulator holds four million). Starts a stack of its own.
 *
 *     node dist/bench/cloudwatch-poller.js                                   1,000 events/s, 50 groups, 2,000 streams
 *     node dist/bench/cloudwatch-poller.js --rate 0 --groups 5 --minutes 1   idle
 */
const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    groups: { type: 'string', default: '50' },
    streams: { type: 'string', default: '2000' },
    bytes: { type: 'string', default: '200' },
    lookback: { type: 'string', default: '60' },
    'sweep-interval': { type: 'string', default: '10' },
    'requests-per-second': { type: 'string', default: '4.5' },
    minutes: { type: 'string', default: '12' },
  },
});
const option = (name: keyof typeof values): number => Number(values[name]);
const groups = option('groups');
const perGroup = option('rate') / groups;
const streamsPerGroup = Math.max(1, option('streams') / groups);
const ACCOUNT = '123456789012';
const PAGE_BYTES = 1_048_576;
const PAGE_EVENTS = 10_000;
const filler = 'x'.repeat(Math.max(0, option('bytes') - 30));

/** The n-th event of a group is at n / rate seconds of Unix time; a token is the number of the next. */
function page(group: string, startMs: number, endMs: number, token: string | undefined): string {
  if (perGroup === 0) return JSON.stringify({ events: [], searchedLogStreams: [] });
  const timeOf = (n: number) => Math.floor((n * 1_000) / perGroup);
  const visibleMs = Math.min(endMs, Date.now());
  let n = token === undefined ? Math.ceil((startMs * perGroup) / 1_000) : Number(token);
  const events: string[] = [];
  for (let bytes = 0; events.length < PAGE_EVENTS && bytes < PAGE_BYTES && timeOf(n) <= visibleMs; n++) {
    const message = `event ${n} ${filler}`;
    bytes += message.length + 26;
    events.push(
      `{"logStreamName":"stream/${n % streamsPerGroup}/${group}","timestamp":${timeOf(n)},"message":"${message}","ingestionTime":${timeOf(n) + 500},"eventId":"${String(n).padStart(56, '3')}"}`,
    );
  }
  const more = timeOf(n) <= visibleMs;
  return `{"events":[${events.join(',')}],"searchedLogStreams":[]${more ? `,"nextToken":"${n}"` : ''}}`;
}

interface FilterRequest {
  logGroupName: string;
  startTime: number;
  endTime: number;
  nextToken?: string;
}

const names = Array.from({ length: groups }, (_, g) => `/bench/group-${g}`);
let requests = 0;
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as FilterRequest;
    const filter = String(request.headers['x-amz-target']).endsWith('FilterLogEvents');
    if (filter) requests++;
    const answer = filter
      ? page(body.logGroupName, body.startTime, body.endTime, body.nextToken)
      : JSON.stringify({
          logGroups: names.map((logGroupName) => ({
            logGroupName,
            arn: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:${logGroupName}:*`,
          })),
        });
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(answer);
  });
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

const stack = await startBenchStack();
try {
  const config = join(stack.folder, 'config.yaml');
  writeFileSync(
    config,
    stringify({
      log_groups: [{ prefix: '/bench/' }],
      cloudwatch: {
        lookback_minutes: option('lookback'),
        sweep_interval_minutes: option('sweep-interval'),
        requests_per_second: option('requests-per-second'),
      },
    }),
  );
  const poller = await stack.spawnService('cloudwatch-poller', {
    env: {
      VECTADB_CONFIG: config,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      LOG_LEVEL: 'warn',
      ...SMALL_PROCESS,
    },
  });
  await poller.waitReady();
  /** Fields in MB, a million bytes; the kernel's kB are 1,024 bytes. */
  const status = () => {
    const text = readFileSync(`/proc/${poller.pid}/status`, 'utf8');
    return (field: string) =>
      Math.round((Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(text)?.[1]) * 1.024) / 100) / 10;
  };
  /** Peaks are of one phase: the kernel forgets the one before (proc(5), clear_refs). */
  const beginPeak = () => writeFileSync(`/proc/${poller.pid}/clear_refs`, '5');
  const cpuSeconds = () => {
    const fields = readFileSync(`/proc/${poller.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  };
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${poller.url}/metrics`)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(`vectadb_cloudwatch_${name}{`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  };
  const report = async (phase: string, sinceMs: number, cpuBefore: number) => {
    const seconds = (performance.now() - sinceMs) / 1_000;
    const memory = status();
    console.log(
      JSON.stringify({
        phase,
        seconds: Math.round(seconds),
        rssMb: memory('VmRSS'),
        peakRssMb: memory('VmHWM'),
        cpuPercent: Math.round(((cpuSeconds() - cpuBefore) / seconds) * 1_000) / 10,
        delivered: await metric('events_delivered_total'),
        duplicates: await metric('events_duplicate_total'),
        seenIds: await metric('seen_ids'),
        loaded: await metric('seen_records_loaded_total'),
        pollIntervalS: Math.round(((await metric('poll_interval_seconds')) / groups) * 10) / 10,
        requests,
      }),
    );
  };
  const beganMs = performance.now();
  let cpu = cpuSeconds();
  let phaseMs = beganMs;
  const wanted = option('rate') * 60 * option('lookback');
  while ((await metric('seen_ids')) < wanted * 0.99) {
    await delay(5_000);
    if (performance.now() - beganMs > 3_600_000) throw new Error('the lookback did not fill within an hour');
  }
  await report('lookback filled', phaseMs, cpu);
  beginPeak();
  cpu = cpuSeconds();
  phaseMs = performance.now();
  for (const end = performance.now() + option('minutes') * 60_000; performance.now() < end; ) {
    await delay(Math.min(60_000, end - performance.now()));
    await report('steady', phaseMs, cpu);
  }
} finally {
  await stack.stop();
  server.close();
}
