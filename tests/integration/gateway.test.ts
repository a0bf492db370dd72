import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../deploy/local/wait.js';
import { loadSchemas } from '../../lib/config/schemas.js';
import { connectRegistry } from '../../lib/kafka/registry.js';
import { type Tail, tailTopic } from '../../lib/kafka/tail.js';
import { applyTopics } from '../../lib/kafka/topics/apply.js';
import { loadTopics } from '../../lib/kafka/topics/topic-file.js';
import { Codec } from '../../lib/model/codec.js';
import { eventIdentityOf } from '../../lib/model/event-body.js';
import type { EventBody, RawLog } from '../../lib/model/events.js';
import { eventId } from '../../lib/model/ids.js';
import { createLogger } from '../../lib/telemetry/logger.js';
import type { TestService } from '../../lib/testing/service.js';
import { startStack, type TestStack } from '../../lib/testing/stack.js';
import type { EncodedRecord } from '../../lib/topology/topology.js';

const KEY = 'integration-test-key-0123456789';
const LIMIT_MS = 30_000;
let stack: TestStack;
let gateway: TestService;
let env: Record<string, string>;
let tail: Tail;
const codec = new Codec(loadSchemas());
const logger = createLogger('test', 'silent');
const raw: EncodedRecord[] = [];

beforeAll(async () => {
  stack = await startStack({ kafka: true, registry: true, surreal: true, qdrant: true });
  const kafka = { brokers: stack.brokers, clientId: 'test' };
  const registry = connectRegistry(stack.env.SCHEMA_REGISTRY_URL!, codec, { logger });
  await applyTopics({ kafka, registry, topics: loadTopics() });
  await registry.resolveIds();
  tail = tailTopic({
    kafka,
    topic: 'raw-logs',
    from: 'earliest',
    onRecords: (records) => raw.push(...records),
    logger,
  });
  await tail.ready;
  env = {
    VECTADB_API_KEY: KEY,
    MODEL_PATH: `${stack.folder}/models`,
    VECTADB_STATE: `${stack.folder}/state`,
    RETENTION_DAYS: '36500',
    INGEST_WAIT_MS: '15000',
    PRODUCE_TIMEOUT_MS: '2000',
  };
  gateway = await stack.spawnService('gateway', { env });
  await gateway.waitReady();
});
afterAll(async () => {
  await tail?.close();
  await stack?.stop();
});

const anEvent = (more: object = {}) => ({
  timestamp: '2026-01-07T19:00:00.123456Z',
  event_type: 'tool_call',
  properties: { tool_name: 'web_search', nonce: randomUUID() },
  ...more,
});

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(gateway.url + path, {
    method,
    headers: {
      authorization: `Bearer ${KEY}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    // biome-ignore lint/suspicious/noExplicitAny: the answers of every route
    body: (text ? JSON.parse(text) : null) as any,
  };
}
const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  call('POST', path, body, headers);
const get = (path: string) => call('GET', path);
const noWait = { prefer: 'respond-async' };

const rawEvents = () =>
  raw.flatMap((record) => {
    const read = codec.decode<RawLog>(record.value!, ['raw-log']);
    return read.ok && read.value.value.event
      ? [{ record, log: read.value.value, body: JSON.parse(read.value.value.event) as EventBody }]
      : [];
  });
const sentIds = () => new Set(rawEvents().map(({ body }) => eventId(eventIdentityOf(body))));
const isSubset = (some: string[], all: Set<string>) => some.every((one) => all.has(one));
const inTopic = (ids: string[]) =>
  waitFor(`${ids.length} events in raw-logs`, async () => isSubset(ids, sentIds()), {
    limitMs: LIMIT_MS,
  });

describe('the gateway with Kafka alone', () => {
  it('stores an event in raw-logs before it answers', async () => {
    const event = anEvent({ agent_id: 'a-1' });
    const { status, body } = await post('/api/v1/events', event, noWait);
    expect(status).toBe(202);
    expect(body.event_id).toBe(eventId(eventIdentityOf(event as EventBody)));
    await inTopic([body.event_id]);
    const { record, log } = rawEvents().find((one) => one.body.agent_id === 'a-1')!;
    expect(record.key?.toString()).toBe('http/agent:a-1');
    expect(record.headers['reply-to']?.toString()).toMatch(/^[0-9a-f-]{36}\/[0-9a-z]+\.0$/);
    expect(log).toMatchObject({ message: '', timestamp_ms: Date.parse('2026-01-07T19:00:00.123Z') });
  });

  it('stores a batch of a thousand, and lines of text', async () => {
    const events = Array.from({ length: 1_000 }, () => anEvent());
    const { status, body } = await post('/api/v1/events/batch', { events }, noWait);
    expect([status, body.ingested, body.failed]).toEqual([202, 1_000, 0]);
    await inTopic(events.map((event) => eventId(eventIdentityOf(event as EventBody))));
    const logs = await post('/api/v1/logs?log_group=app', 'one\ntwo', { 'content-type': 'text/plain' });
    expect(logs.body).toEqual({ accepted: 2, rejected: 0, errors: [] });
  });

  it('says what is up, and reads answer 503 until the sink has made the tables', async () => {
    expect((await get('/ready')).body).toMatchObject({
      ready: true,
      parts: { kafka: { state: 'up' }, qdrant: { state: 'up' } },
    });
    expect((await get('/api/v1/traces')).status).toBe(503);
  });

  it('answers no bad input with 5xx', async () => {
    const seed = Number(process.env.SEED ?? Date.now());
    const random = generator(seed);
    for (let round = 0; round < 400; round++) {
      const [path, body, headers] = mutation(random);
      const { status } = await call(body === undefined ? 'GET' : 'POST', path, body, {
        ...noWait,
        ...headers,
      });
      if (status >= 500 && status !== 503)
        throw new Error(`seed ${seed}, round ${round}: ${status} for ${path} ${body}`);
    }
    expect((await post('/api/v1/events', anEvent(), noWait)).status).toBe(202);
  });
});

describe('while Kafka stands still', () => {
  it('answers 503 in time, and takes events again afterwards; nothing acknowledged is lost', async () => {
    const kafka = stack.part('kafka');
    const event = anEvent();
    await kafka.pause();
    try {
      const started = Date.now();
      const { status, headers, body } = await post('/api/v1/events', event, noWait);
      expect(status).toBe(503);
      expect(body.type).toBe('urn:vectadb:problem:kafka-unavailable');
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Date.now() - started).toBeLessThan(5_000);
    } finally {
      await kafka.resume();
    }
    const accepted: string[] = [];
    await waitFor(
      'an event to be taken again',
      async () => {
        const answer = await post('/api/v1/events', event, noWait);
        if (answer.status === 202) accepted.push(answer.body.event_id);
        return answer.status === 202;
      },
      { limitMs: LIMIT_MS },
    );
    for (let count = 0; count < 50; count++)
      accepted.push((await post('/api/v1/events', anEvent(), noWait)).body.event_id);
    await inTopic(accepted);
  });
});

describe('the gateway with the processor and the sinks', () => {
  let processor: TestService;

  beforeAll(async () => {
    const services = await Promise.all(
      ['processor', 'surreal-sink', 'qdrant-sink'].map((name) => stack.spawnService(name, { env })),
    );
    processor = services[0]!;
    await Promise.all(services.map((service) => service.waitReady(60_000)));
    await waitFor(
      'an answer of the processor',
      async () => (await post('/api/v1/events', anEvent())).status === 200,
      {
        limitMs: 60_000,
      },
    );
  });

  it('answers with the trace: one for a session, the named one, one of its own', async () => {
    const session = randomUUID();
    const first = await post('/api/v1/events', anEvent({ session_id: session }));
    const second = await post('/api/v1/events', anEvent({ session_id: session }));
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(first.body.trace_id).toBe(second.body.trace_id);
    const named = await post('/api/v1/events', anEvent({ trace_id: `trace ${session}` }));
    expect(named.body.trace_id).toBe(`trace ${session}`);
    const batch = await post('/api/v1/events/batch', {
      events: [
        anEvent({ session_id: session }),
        anEvent({ trace_id: `trace ${session}` }),
        { properties: {} },
        anEvent(),
      ],
    });
    expect(batch.status).toBe(200);
    expect(batch.body).toMatchObject({ ingested: 3, failed: 1, errors: [{ index: 2 }] });
    expect(batch.body.trace_ids.slice(0, 2)).toEqual([first.body.trace_id, `trace ${session}`]);
    expect(batch.body.trace_ids).toHaveLength(3);
  });

  it('stores the same event once, and gives it the same ids', async () => {
    const event = anEvent({ session_id: randomUUID() });
    const first = await post('/api/v1/events', event);
    const again = await post('/api/v1/events', { ...event, timestamp: '2026-01-07T20:00:00.123456+01:00' });
    expect([first.status, again.status]).toEqual([200, 200]);
    expect([again.body.event_id, again.body.trace_id]).toEqual([first.body.event_id, first.body.trace_id]);
    await stored(first.body.event_id);
    const { body } = await get(`/api/v1/traces/${first.body.trace_id}`);
    expect(body.events.map(({ event_id }: { event_id: string }) => event_id)).toEqual([first.body.event_id]);
  });

  it('reads events, traces, reasons and search results back', async () => {
    const session = randomUUID();
    const events = ['the weather in Paris', 'the weather in Rome', 'flights to Oslo'].map((query, index) =>
      anEvent({
        session_id: session,
        timestamp: `2026-01-07T19:00:0${index}Z`,
        properties: { query_text: query, session },
      }),
    );
    const sent = await post('/api/v1/events/batch', { events });
    const ids = events.map((event) => eventId(eventIdentityOf(event as EventBody)));
    for (const id of ids) await stored(id);
    const trace = await get(`/api/v1/traces/${sent.body.trace_ids[0]}`);
    expect(trace.body.events.map(({ event_id }: { event_id: string }) => event_id)).toEqual(ids);
    expect(trace.body.session_id).toBe(session);
    const page = await get(`/api/v1/events?session_id=${session}&limit=2&order=asc`);
    const rest = await get(
      `/api/v1/events?session_id=${session}&limit=2&order=asc&cursor=${page.body.next_cursor}`,
    );
    expect([...page.body.events, ...rest.body.events].map(({ event_id }) => event_id)).toEqual(ids);
    expect((await get(`/api/v1/events?cursor=nonsense`)).body).toMatchObject({
      status: 400,
      errors: [{ field: 'cursor' }],
    });
    expect((await get(`/api/v1/events/${ids[0]}/explain`)).body).toMatchObject({
      strategy: 2,
      raw: { topic: 'raw-logs' },
    });
    expect((await get('/api/v1/traces?limit=5')).body.traces.length).toBeGreaterThan(0);
    const search = { query: 'weather Paris', limit: 1, filter: { trace_id: sent.body.trace_ids[0] } };
    await waitFor(
      'the event to be found',
      async () => (await post('/api/v1/search', search)).body.results?.length === 1,
      {
        limitMs: LIMIT_MS,
      },
    );
    expect((await post('/api/v1/search', search)).body).toMatchObject({
      mode: 'lexical (hashed)',
      results: [{ event: { event_id: ids[0] } }],
    });
    expect((await get('/api/v1/events/nobody')).status).toBe(404);
  });

  it('explains every event of a run, and shows it as a tree with its latency and cost', async () => {
    const request = randomUUID();
    const source = { system: 'cloudwatch', log_group: '/aws/lambda/harbour', log_stream: request };
    const line = (second: number, message: string) =>
      JSON.stringify({ message, source, timestamp: `2026-01-07T19:10:0${second}Z` });
    const usage = { model: 'gpt-4o-2024-08-06', usage: { input_tokens: 1_000, output_tokens: 100 } };
    const lines = [
      line(0, `START RequestId: ${request} Version: $LATEST`),
      line(1, 'Action: tides'),
      line(1, 'Action Input: Brest'),
      line(3, 'Observation: high water at 14:10'),
      line(4, JSON.stringify({ event: 'llm_end', ...usage })),
      line(5, 'the gulls are loud today'),
      line(6, `END RequestId: ${request}`),
    ];
    await post('/api/v1/logs', lines.join('\n'), { 'content-type': 'application/x-ndjson' });
    // a structured event names both the session and a trace: all of it is there from now on
    const binding = anEvent({
      session_id: request,
      trace_id: `trace ${request}`,
      timestamp: '2026-01-07T19:10:07Z',
    });
    const bound = await post('/api/v1/events', binding);
    const url = `/api/v1/traces/${encodeURIComponent(`trace ${request}`)}`;
    await waitFor(
      'the run to be stored in its trace',
      async () => (await get(url)).body.events?.length === 7,
      { limitMs: LIMIT_MS },
    );
    const { body: trace } = await get(url);
    const shown = (id: string | null) =>
      trace.events.find((one: { event_id: string }) => one.event_id === id)?.event_type ?? null;
    expect(
      trace.events.map((one: { event_type: string; parent_id: string | null; latency_ms: number | null }) => [
        one.event_type,
        shown(one.parent_id),
        one.latency_ms,
      ]),
    ).toEqual([
      ['platform', null, 6_000],
      ['agent_action', 'platform', 2_000],
      ['tool_result', 'agent_action', null],
      ['llm_end', 'platform', null],
      ['log', 'platform', null],
      ['platform', 'platform', null],
      ['tool_call', null, null],
    ]);
    await waitFor('its row', async () => (await get(url)).body.models['gpt-4o-2024-08-06'] !== undefined, {
      limitMs: LIMIT_MS,
    });
    expect((await get(url)).body).toMatchObject({
      tools: { tides: { calls: 1, timed: 1, total_ms: 2_000 } },
      cost: { usd: 0.0035, complete: true, models: { 'gpt-4o-2024-08-06': { priced_as: 'gpt-4o' } } },
    });
    for (const { event_id } of trace.events) {
      const { status, body } = await get(`/api/v1/events/${event_id}/explain`);
      expect([status, body.trace_id]).toEqual([200, `trace ${request}`]);
      expect(body.summary).toMatch(/It was read from raw-logs\/\d at offset \d+\.$/);
      expect(body.siblings.before.length + body.siblings.after.length).toBeGreaterThanOrEqual(5);
      if (event_id === bound.body.event_id) continue;
      expect(body.links).toMatchObject({
        previous_trace_ids: [body.group_id],
        bound_by: { event_id: bound.body.event_id },
      });
    }
  });

  it('makes no trace where none may be made', async () => {
    const session = randomUUID();
    const options = { auto_create_traces: false };
    expect((await post('/api/v1/events', anEvent({ session_id: session, options }))).body.type).toMatch(
      /trace_not_found/,
    );
    const first = await post('/api/v1/events', anEvent({ session_id: session }));
    await stored(first.body.event_id);
    const second = await post('/api/v1/events', anEvent({ session_id: session, options }));
    expect([second.status, second.body.trace_id]).toEqual([200, first.body.trace_id]);
  });

  it('goes on taking events while SurrealDB is down, and reads answer 503', async () => {
    const surreal = stack.part('surreal');
    await surreal.kill();
    await waitFor('503 on reads', async () => (await get('/api/v1/traces')).status === 503, {
      limitMs: LIMIT_MS,
    });
    const { status, body } = await post('/api/v1/events', anEvent({ session_id: randomUUID() }));
    expect([status, typeof body.trace_id]).toEqual([200, 'string']);
    expect((await get('/ready')).body).toMatchObject({ ready: true, parts: { surreal: { state: 'down' } } });
    await surreal.restart();
    await stored(body.event_id);
  });

  it('waits for nobody once the processor is gone, until it answers again', async () => {
    await processor.stop();
    const short = await stack.spawnService('gateway', { env: { ...env, INGEST_WAIT_MS: '1000' } });
    await short.waitReady();
    const timed = async () => {
      const started = Date.now();
      const response = await fetch(`${short.url}/api/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify(anEvent()),
      });
      return { status: response.status, ms: Date.now() - started };
    };
    expect((await timed()).status).toBe(202);
    const second = await timed();
    expect(second.status).toBe(202);
    expect(second.ms).toBeLessThan(900);
    processor = await stack.spawnService('processor', { env });
    await waitFor('answers with traces', async () => (await timed()).status === 200, { limitMs: 60_000 });
    expect((await short.stop()).code).toBe(0);
  });

  it('finishes the requests at hand when it is told to end', async () => {
    const requests = Array.from({ length: 50 }, () => post('/api/v1/events', anEvent()).catch(() => null));
    await waitFor('requests under way', async () => (await metric('vectadb_gateway_waiting_requests')) > 0, {
      limitMs: LIMIT_MS,
      everyMs: 2,
    });
    const { code } = await gateway.stop();
    const answers = (await Promise.all(requests)).filter((answer) => answer !== null);
    expect(code).toBe(0);
    expect(answers.length).toBeGreaterThan(0);
    for (const { status } of answers) expect(status).toBe(200);
    await inTopic(answers.map(({ body }) => body.event_id));
  });
});

async function stored(id: string): Promise<void> {
  await waitFor(`event ${id} in SurrealDB`, async () => (await get(`/api/v1/events/${id}`)).status === 200, {
    limitMs: LIMIT_MS,
  });
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
}

/** mulberry32: small, and the same on every machine. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const ODD = [
  null,
  0,
  -1,
  1e308,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '𝒳',
  [],
  [[]],
  {},
  { a: {} },
  true,
  'x'.repeat(600),
  "'; REMOVE TABLE agent_event; --",
  '../../etc',
  '2026-01-07T19:00:00Z',
];

/** A valid request with one or two places spoilt. */
function mutation(
  random: () => number,
): [path: string, body: string | undefined, headers: Record<string, string>] {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const event: Record<string, unknown> = anEvent({
    source: { system: 's', log_id: 1 },
    session_id: 's',
    options: {},
  });
  for (let times = 1 + Math.floor(random() * 2); times > 0; times--) {
    const place = pick([
      ...Object.keys(event),
      'event_id',
      'trace_id',
      'agent_id',
      'framework',
      '__proto__',
      'constructor',
    ]);
    Object.defineProperty(event, place, {
      value: pick(ODD),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  const text = JSON.stringify(event);
  const odd = pick(ODD);
  const query = encodeURIComponent(typeof odd === 'string' ? odd.toWellFormed() : JSON.stringify(odd));
  switch (Math.floor(random() * 9)) {
    case 0:
      return ['/api/v1/events', text, {}];
    case 1:
      return ['/api/v1/events', text.slice(0, Math.floor(random() * text.length)), {}];
    case 2:
      return [
        '/api/v1/events/batch',
        `{"events":[${text},${JSON.stringify(odd)}],"options":${JSON.stringify(pick(ODD))}}`,
        {},
      ];
    case 3:
      return ['/api/v1/events/batch', JSON.stringify(odd), {}];
    case 4:
      return [
        `/api/v1/logs?log_group=${query}`,
        text,
        { 'content-type': pick(['text/plain', 'application/x-ndjson', 'application/json', 'x']) },
      ];
    case 5:
      return ['/api/v1/search', JSON.stringify({ query: odd, limit: pick(ODD), filter: pick(ODD) }), {}];
    case 6:
      return [
        `/api/v1/events?${pick(['limit', 'cursor', 'from', 'order', 'agent_id', 'x'])}=${query}`,
        undefined,
        {},
      ];
    case 7:
      return [`/api/v1/${pick(['events', 'traces'])}/${query}`, undefined, {}];
    default:
      return [
        `/api/v1/traces?${pick(['limit', 'cursor', 'status', 'session_id'])}=${query}`,
        undefined,
        { 'content-encoding': pick(['gzip', 'br']) },
      ];
  }
}
