import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSchemas } from '../../lib/config/schemas.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import { type Tail, tailTopic } from '../../lib/kafka/tail.js';
import { Codec } from '../../lib/model/codec.js';
import type { AgentEvent } from '../../lib/model/events.js';
import { OWN_ACCOUNT } from '../../lib/testing/cloudwatch/identities.js';
import { compareEvents } from '../../lib/testing/cloudwatch/oracle.js';
import type { TestService } from '../../lib/testing/service.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import { emulatorWriter } from '../../services/simulator/cloudwatch/emulator.js';
import type { LogWriter } from '../../services/simulator/cloudwatch/log-writer.js';
import { loadDemo } from '../../services/simulator/demo/scenario.js';
import type { KeptService } from '../pipeline/kept-service.js';
import { vectadb } from '../pipeline/pipeline.js';
import { PollerGroup } from './poller-group.js';
import { RawLogs } from './raw-logs.js';
import { until } from './run.js';

const LIMIT_MS = 90_000;
let stack: TestStack;
let writer: LogWriter;
let pollers: PollerGroup | undefined;
let processor: TestService | undefined;
let tail: Tail;
/** Latest form of each event: a record that goes on after it was told early is told again. */
const events = new Map<string, AgentEvent>();

beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true, moto: true });
  writer = emulatorWriter(stack.env.AWS_ENDPOINT_URL!);
  await vectadb(stack, ['topics', 'apply']);
  const codec = new Codec(loadSchemas());
  await connectRegistry(stack.env.SCHEMA_REGISTRY_URL!, codec).resolveIds();
  tail = tailTopic({
    kafka: { brokers: stack.brokers, clientId: 'scenarios' },
    topic: 'agent-events',
    from: 'latest',
    logger: pino({ level: 'silent' }),
    onRecords: (records) => {
      for (const { value } of records) {
        const read = codec.decode<AgentEvent>(value!, ['agent-event', 'group-link']);
        if (!read.ok) throw new Error(read.error.message);
        const event = read.value.value;
        if (read.value.schema !== 'agent-event') continue;
        if ((events.get(event.event_id)?.revision ?? -1) <= event.revision) events.set(event.event_id, event);
      }
    },
  });
  await tail.ready;
});
afterEach(async () => {
  await Promise.all([pollers?.stop(), processor?.stop()]);
});
afterAll(async () => {
  await tail?.close();
  await stack?.stop();
});

/** Starts a poller, and a processor with the same configuration. */
async function start(name: string, config: Record<string, unknown>): Promise<KeptService> {
  pollers = new PollerGroup(stack, { name, endpoint: stack.env.AWS_ENDPOINT_URL!, config });
  const poller = pollers.join();
  processor = await stack.spawnService('processor', {
    id: name,
    env: { VECTADB_CONFIG: pollers.configFile },
  });
  await Promise.all([poller.waitReady(), processor.waitReady()]);
  return poller;
}

const ofGroup = (group: string) => [...events.values()].filter(({ source }) => source?.log_group === group);

describe('a LangChain agent on Lambda', () => {
  it('becomes a trace for each request id, its tool calls parsed', async () => {
    const ids = {
      run: randomUUID().slice(0, 8),
      request_1: randomUUID(),
      request_2: randomUUID(),
      session: 'none',
      trace: 'none',
    };
    const { lambda, expected } = loadDemo(ids, Date.now());
    const { log_group, log_stream } = lambda[0]!.source;
    await start('lambda', {
      aws_region: 'us-east-1',
      log_groups: [{ name: log_group, agent_id: 'langchain-prod' }],
      poll_interval_seconds: 0.5,
      batch_size: 100,
    });
    const lines = lambda.map(({ timestamp, message }) => ({ timestampMs: Date.parse(timestamp), message }));
    await writer.put(log_group, log_stream, lines);

    const traces = expected.filter(({ name }) => name.startsWith('langchain on lambda'));
    expect(traces).toHaveLength(2);
    const wanted = traces.reduce((sum, trace) => sum + trace.events.length, 0);
    expect(await until(() => ofGroup(log_group).length >= wanted, LIMIT_MS)).toBe(true);
    for (const trace of traces) {
      const found = ofGroup(log_group)
        .filter(({ session_id }) => session_id === trace.session_id)
        .sort((a, b) => a.timestamp_ms - b.timestamp_ms);
      expect(found.map(({ event_type }) => event_type)).toEqual(trace.events.map(([type]) => type));
      expect(new Set(found.map(({ trace_id }) => trace_id)).size).toBe(1);
      found.forEach(({ properties }, index) => {
        expect(JSON.parse(properties)).toMatchObject(trace.events[index]![1]);
      });
    }
    expect(new Set(ofGroup(log_group).map(({ trace_id }) => trace_id)).size).toBe(2);
    expect(new Set(ofGroup(log_group).map(({ agent_id }) => agent_id))).toEqual(new Set(['langchain-prod']));
  });
});

describe('three log groups with rules of their own', () => {
  const groups = [
    {
      name: '/aws/lambda/orders',
      agent_id: 'order-agent',
      event_type: 'order_placed',
      pattern: 'order (?P<order>\\d+) placed',
      line: (n: number) => `order ${n} placed`,
    },
    {
      name: '/ecs/checkout',
      agent_id: 'checkout-agent',
      event_type: 'payment_checked',
      pattern: 'payment (?P<payment>\\d+) looks (?P<verdict>\\w+)',
      line: (n: number) => `payment ${n} looks fine`,
    },
    {
      name: '/apps/support',
      agent_id: 'support-agent',
      event_type: 'ticket_moved',
      pattern: 'ticket (?P<ticket>\\d+) goes to (?P<team>\\w+)',
      line: (n: number) => `ticket ${n} goes to billing`,
    },
  ];
  const PER_GROUP = 300;

  it('are read without missing an event, each by its own rules alone', async () => {
    await start('three-groups', {
      aws_region: 'us-east-1',
      log_groups: groups.map(({ name, agent_id, event_type, pattern }) => ({
        name,
        agent_id,
        parser_rules: [{ name: event_type, pattern, event_type }],
      })),
      poll_interval_seconds: 0.5,
      batch_size: 100,
    });
    for (let round = 0; round < 3; round++) {
      for (const { name } of groups) {
        const first = (round * PER_GROUP) / 3;
        // every group also prints what another group's rule is for
        const lines = Array.from({ length: PER_GROUP / 3 }, (_, at) => ({
          timestampMs: Date.now() - at,
          message: groups[(first + at) % 3]!.line(first + at),
        }));
        await writer.put(name, `stream-${round}`, lines);
      }
      await delay(400);
    }
    const complete = () => groups.every(({ name }) => ofGroup(name).length >= PER_GROUP);
    expect(await until(complete, LIMIT_MS)).toBe(true);
    for (const { name, agent_id, event_type } of groups) {
      const found = ofGroup(name);
      expect(found).toHaveLength(PER_GROUP);
      expect(found.filter((event) => event.event_type === event_type)).toHaveLength(PER_GROUP / 3);
      const others = groups.map((group) => group.event_type).filter((type) => type !== event_type);
      expect(found.filter((event) => others.includes(event.event_type))).toEqual([]);
      expect(new Set(found.map((event) => event.agent_id))).toEqual(new Set([agent_id]));
    }
  });
});

describe('10,000 events a minute in one log group, in batches of 100', () => {
  const EVENTS_PER_S = 10_000 / 60;
  const SECONDS = Number(process.env.BUSY_SECONDS ?? 60);
  const GROUP = '/aws/lambda/busy';

  it('lose none, and memory stays flat', async () => {
    const rawLogs = await RawLogs.open(stack, GROUP);
    const poller = await start('busy', {
      aws_region: 'us-east-1',
      log_groups: [{ name: GROUP }],
      poll_interval_seconds: 2,
      batch_size: 100,
      // what a pass reads again has its full size after so many seconds
      cloudwatch: { overlap_seconds: 10 },
    });
    const heapMb: number[] = [];
    const rssMb: number[] = [];
    const began = Date.now();
    let put = 0;
    for (let second = 1; second <= SECONDS; second++) {
      const count = Math.round(second * EVENTS_PER_S) - put;
      const now = Date.now();
      const lines = Array.from({ length: count }, (_, at) => ({
        timestampMs: now - at,
        message: `INFO agent: step ${put + at} of a busy agent ${'.'.repeat(120)}`,
      }));
      await writer.put(GROUP, `stream-${second % 5}`, lines);
      put += count;
      const metrics = await (await fetch(`${poller.service.url}/metrics`)).text();
      heapMb.push(megabytes(metrics, 'vectadb_nodejs_heap_size_used_bytes'));
      rssMb.push(megabytes(metrics, 'vectadb_process_resident_memory_bytes'));
      await delay(Math.max(0, began + second * 1_000 - Date.now()));
    }
    expect(await until(() => rawLogs.events.length >= put, LIMIT_MS)).toBe(true);
    await delay(3_000); // a pass more, in which nothing may come again
    const held = (await writer.list(GROUP)).map((event) => ({
      group: `${OWN_ACCOUNT}/us-east-1/${GROUP}`,
      ...event,
    }));
    expect(held).toHaveLength(put);
    expect(compareEvents(held, rawLogs.events)).toEqual([]);
    await rawLogs.close();

    // what is used right after garbage was collected is what is kept; in a minute it would grow by every event that is
    const quarter = Math.floor(heapMb.length / 4);
    const grownMb = Math.min(...heapMb.slice(-quarter)) - Math.min(...heapMb.slice(quarter, 2 * quarter));
    console.log(
      `${put} events in ${SECONDS} s: ${grownMb.toFixed(1)} MB more kept in the last quarter than in the second; ` +
        `resident at most ${Math.max(...rssMb).toFixed(1)} MB`,
    );
    expect(grownMb).toBeLessThan(8);
    expect(Math.max(...rssMb)).toBeLessThan(100);
  });
});

/** A gauge of bytes, in MB of 10^6. */
const megabytes = (metrics: string, name: string): number =>
  Number(new RegExp(`^${name}\\S* (\\d+)`, 'm').exec(metrics)![1]) / 1e6;
