import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { Random } from '../lib/testing/random.js';
import { ApiClient } from '../services/cli/api-client.js';
import { emulatorWriter } from '../services/simulator/cloudwatch/emulator.js';
import { startBenchStack } from './bench-stack.js';

/**
 * How long after it was printed an event can be queried: log groups in the CloudWatch emulator, poller, processor,
 * sinks, SurrealDB, `GET /api/v1/events`. Events are printed at moments of their own, whatever the poller does. Starts
 * a stack of its own. What CloudWatch itself takes to show an event comes on top of it.
 *
 *     node --enable-source-maps dist/bench/cloudwatch-delay.js --groups 5 --interval 5 --events-per-second 2 --seconds 60
 */
const KEY = 'bench-key-0123456789abcdef';
const { values } = parseArgs({
  options: {
    groups: { type: 'string', default: '5' },
    interval: { type: 'string', default: '5' },
    'events-per-second': { type: 'string', default: '2' },
    seconds: { type: 'string', default: '60' },
  },
});
const groups = Number(values.groups);
const intervalS = Number(values.interval);
const perGroupAndSecond = Number(values['events-per-second']);
const seconds = Number(values.seconds);
/** How often the API is asked: what the figures may be too high by. */
const ASK_EVERY_MS = 100;
const WARM_UP_MS = 3 * intervalS * 1_000;
const LIMIT_MS = 60_000;

const stack = await startBenchStack({ surreal: true, qdrant: true, moto: true });
try {
  const folder = join(stack.folder, 'config');
  mkdirSync(folder);
  const config = join(folder, 'config.yaml');
  writeFileSync(
    config,
    stringify({
      aws_region: 'us-east-1',
      log_groups: [{ prefix: '/bench/' }],
      poll_interval_seconds: intervalS,
      cloudwatch: { discovery_interval_seconds: 1 },
    }),
  );
  const env = { VECTADB_API_KEY: KEY, VECTADB_CONFIG: config, RATE_LIMIT_PER_MINUTE: '1000000' };
  const spawn = (name: string) =>
    stack.spawnService(name, { env: { ...env, VECTADB_STATE: join(folder, name) } });
  const names = ['gateway', 'processor', 'surreal-sink', 'qdrant-sink', 'cloudwatch-poller'];
  const services = await Promise.all(names.map(spawn));
  await Promise.all(services.map((service) => service.waitReady(120_000)));
  const api = new ApiClient(services[0]!.url, KEY);
  const writer = emulatorWriter(stack.env.AWS_ENDPOINT_URL!);

  const began = Date.now();
  const measuredFrom = began + WARM_UP_MS;
  const end = measuredFrom + seconds * 1_000;
  const printed = new Map<string, number>();
  const seen = new Map<string, number>();
  const random = new Random(1);
  const print = async (group: number): Promise<void> => {
    for (let n = 0; Date.now() < end; n++) {
      // moments of a Poisson process
      await delay((-Math.log(1 - random.next()) / perGroupAndSecond) * 1_000);
      const timestampMs = Date.now();
      const message = `INFO agent: step ${n} of group ${group}`;
      await writer.put(`/bench/group-${group}`, 'stream', [{ timestampMs, message }]);
      if (timestampMs >= measuredFrom) printed.set(message, timestampMs);
    }
  };
  const watch = async (printing: Promise<unknown>): Promise<void> => {
    let done = false;
    void printing.then(() => {
      done = true;
    });
    const limit = end + LIMIT_MS;
    while ((!done || seen.size < printed.size) && Date.now() < limit) {
      const missing = [...printed].filter(([message]) => !seen.has(message)).map(([, at]) => at);
      const from = new Date(missing.length > 0 ? Math.min(...missing) : Date.now()).toISOString();
      const events = await api.events({ from, limit: '1000' });
      const now = Date.now();
      for (const { properties } of events) {
        const message = String(properties.message);
        if (printed.has(message) && !seen.has(message)) seen.set(message, now);
      }
      await delay(ASK_EVERY_MS);
    }
  };
  const printing = Promise.all(Array.from({ length: groups }, (_, group) => print(group)));
  await Promise.all([printing, watch(printing)]);

  const delays = [...seen].map(([message, at]) => at - printed.get(message)!).sort((a, b) => a - b);
  const at = (share: number) => Math.round(delays[Math.floor(delays.length * share)] ?? Number.NaN);
  console.log(
    JSON.stringify({
      groups,
      poll_interval_s: intervalS,
      events: printed.size,
      never_seen: printed.size - seen.size,
      median_ms: at(0.5),
      p95_ms: at(0.95),
      max_ms: delays.at(-1),
    }),
  );
  if (seen.size < printed.size) process.exitCode = 1;
} finally {
  await stack.stop();
}
