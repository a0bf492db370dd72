import { gzipSync } from 'node:zlib';
import { FormatRegistry } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { describe, expect, it } from 'vitest';
import { canonicalEventBody, eventIdentityOf } from '../../lib/model/event-body.js';
import type { EventBody } from '../../lib/model/events.js';
import { eventId } from '../../lib/model/ids.js';
import { Problem } from './problem.js';
import { BatchAccepted, EventAccepted, ProblemOut } from './schemas.js';
import { anEvent, emptyStore, NOW_MS, testServer } from './testing/fake-ports.js';

FormatRegistry.Set('date-time', (text) => new Date(text).toISOString() === text);

const at = (ms: number) => new Date(NOW_MS + ms).toISOString();
const FIVE_MINUTES_MS = 300_000;
const fields = (body: { errors?: { field: string }[] }) => body.errors?.map(({ field }) => field);

describe('POST /api/v1/events', () => {
  it('answers with the id, the trace and the time of storing', async () => {
    const { post, recorded } = await testServer();
    const event = anEvent({ session_id: 's-1', agent_id: 'a-1', event_type: 'tool_call' });
    const { status, body } = await post('/api/v1/events', event);
    expect(status).toBe(200);
    expect(body).toEqual({
      event_id: eventId(eventIdentityOf(event as EventBody)),
      trace_id: 'trace-of-s-1',
      created_at: at(5),
    });
    expect(Value.Check(EventAccepted, body)).toBe(true);
    expect(recorded.sent).toMatchObject([
      {
        key: 'http/agent:a-1',
        log: {
          message: '',
          timestamp_ms: NOW_MS,
          source: null,
          event: canonicalEventBody(event as EventBody),
          options: null,
        },
      },
    ]);
  });

  it('answers 202 without a trace when the processor says nothing in time', async () => {
    const { post } = await testServer({ answering: () => undefined });
    const { status, body } = await post('/api/v1/events', anEvent());
    expect(status).toBe(202);
    expect(body).toMatchObject({ trace_id: null, created_at: at(0) });
    expect(Value.Check(EventAccepted, body)).toBe(true);
  });

  it.each(['respond-async', 'Respond-Async; wait=1', 'handling=lenient, respond-async'])(
    'does not wait with Prefer: %s',
    async (prefer) => {
      const { post, recorded } = await testServer();
      const { status, body, headers } = await post('/api/v1/events', anEvent(), { prefer });
      expect(status).toBe(202);
      expect(body.trace_id).toBeNull();
      expect(headers['preference-applied']).toBe('respond-async');
      expect(recorded.waited).toEqual([false]);
    },
  );

  it.each([
    ['the least there is', anEvent({ properties: {} })],
    ['a timestamp exactly 5 minutes ahead', anEvent({ timestamp: at(FIVE_MINUTES_MS) })],
    ['a timestamp of 1970', anEvent({ timestamp: '1970-01-01T00:00:00Z' })],
    [
      'null for what is optional',
      anEvent({ trace_id: null, session_id: null, source: null, event_type: null, options: null }),
    ],
    ['unknown fields', anEvent({ level: 'info', nested: { a: [] } })],
    ['ids of 512 characters', anEvent({ event_id: 'x'.repeat(512), session_id: 'ü'.repeat(512) })],
    ['a source with its system only', anEvent({ source: { system: 'datadog' } })],
    ['properties nested 63 levels', anEvent({ properties: nested(63) })],
    [
      'every option',
      anEvent({
        options: { auto_create_traces: true, generate_embeddings: false, extract_relationships: true },
      }),
    ],
  ])('takes %s', async (_name, event) => {
    const { post, recorded } = await testServer();
    const { status, body } = await post('/api/v1/events', event);
    expect(body.errors).toBeUndefined();
    expect(status).toBe(200);
    expect(recorded.sent).toHaveLength(1);
  });

  it.each([
    [
      'a timestamp one millisecond beyond 5 minutes ahead',
      anEvent({ timestamp: at(FIVE_MINUTES_MS + 1) }),
      ['timestamp'],
    ],
    ['no timestamp', { properties: {} }, ['timestamp']],
    ['a timestamp without an offset', anEvent({ timestamp: '2026-01-07T19:00:00' }), ['timestamp']],
    ['a numeric timestamp', anEvent({ timestamp: 1767812400 }), ['timestamp']],
    ['no properties', { timestamp: at(0) }, ['properties']],
    ['properties that are null', anEvent({ properties: null }), ['properties']],
    ['properties that are text', anEvent({ properties: 'x' }), ['properties']],
    ['properties that are an array', anEvent({ properties: [] }), ['properties']],
    ['properties nested 64 levels', anEvent({ properties: nested(64) }), ['properties']],
    [
      'properties nested a hundred thousand levels',
      `{"timestamp":"${at(0)}","properties":{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}}`,
      ['properties'],
    ],
    [
      'a key __proto__',
      `{"timestamp":"${at(0)}","properties":{"a":{"__proto__":{"admin":true}}}}`,
      ['properties.a'],
    ],
    ['a trace id that is a number', anEvent({ trace_id: 1 }), ['trace_id']],
    ['a session id of 513 characters', anEvent({ session_id: 'x'.repeat(513) }), ['session_id']],
    ['an agent id with a line break', anEvent({ agent_id: 'a\nb' }), ['agent_id']],
    [
      'an event id with half a character',
      `{"timestamp":"${at(0)}","properties":{},"event_id":"\\ud800"}`,
      ['event_id'],
    ],
    ['an event type that is an object', anEvent({ event_type: {} }), ['event_type']],
    ['a framework that is a list', anEvent({ framework: ['x'] }), ['framework']],
    ['a source that is text', anEvent({ source: 'cloudwatch' }), ['source']],
    ['a source without system', anEvent({ source: { log_group: 'g' } }), ['source.system']],
    ['a log id that is a number', anEvent({ source: { system: 's', log_id: 1 } }), ['source.log_id']],
    [
      'an option that is text',
      anEvent({ options: { generate_embeddings: 'no' } }),
      ['options.generate_embeddings'],
    ],
    ['options that are a list', anEvent({ options: [] }), ['options']],
    ['several faults at once', { properties: 1, session_id: 2 }, ['session_id', 'timestamp', 'properties']],
    ['an array', [], ['body']],
    ['null', 'null', ['body']],
    ['text', '"x"', ['body']],
  ])('refuses %s with problem details that name the field', async (_name, event, named) => {
    const { post, recorded } = await testServer();
    const { status, body, headers } = await post('/api/v1/events', event);
    expect(status).toBe(422);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(Value.Check(ProblemOut, body)).toBe(true);
    expect(body).toMatchObject({
      type: 'urn:vectadb:problem:invalid-event',
      status: 422,
      instance: '/api/v1/events',
    });
    expect(fields(body)).toEqual(named);
    expect(body.detail).toContain(named[0]);
    expect(recorded.sent).toEqual([]);
  });

  it.each([
    ['{"timestamp":', 400, 'invalid-request'],
    ['', 400, 'invalid-request'],
    [Buffer.from([0x22, 0xff, 0x22]), 400, 'invalid-request'],
    [JSON.stringify(anEvent({ properties: { a: 'x'.repeat(64 * 1024) } })), 413, 'too-large'],
  ])('answers a body it cannot take with a problem', async (payload, status, problem) => {
    const { post } = await testServer();
    const answer = await post('/api/v1/events', payload);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body.type).toBe(`urn:vectadb:problem:${problem}`);
  });

  it('takes a body of exactly the limit and refuses one byte more', async () => {
    const { post } = await testServer({ limits: { maxBodyBytes: 1_024 } });
    const pad = (bytes: number) => {
      const text = JSON.stringify(anEvent({ properties: { a: '' } }));
      return text.replace('"a":""', `"a":"${'x'.repeat(bytes - text.length)}"`);
    };
    expect((await post('/api/v1/events', pad(1_024))).status).toBe(200);
    expect((await post('/api/v1/events', pad(1_025))).status).toBe(413);
  });

  it('refuses an event that raw-logs would not take', async () => {
    const { post } = await testServer({ limits: { maxBodyBytes: 4 * 1024 * 1024 } });
    const { status, body } = await post(
      '/api/v1/events',
      anEvent({ properties: { a: 'x'.repeat(1_000_000) } }),
    );
    expect(status).toBe(413);
    expect(fields(body)).toEqual(['properties']);
  });

  it('takes gzip, and holds the limit against what comes out of it', async () => {
    const { post, recorded } = await testServer();
    const gzip = { 'content-encoding': 'gzip' };
    expect((await post('/api/v1/events', gzipSync(JSON.stringify(anEvent())), gzip)).status).toBe(200);
    expect(recorded.sent).toHaveLength(1);
    const bomb = gzipSync(JSON.stringify(anEvent({ properties: { a: ' '.repeat(50_000_000) } })));
    expect((await post('/api/v1/events', bomb, gzip)).status).toBe(413);
    expect((await post('/api/v1/events', Buffer.from('no gzip'), gzip)).status).toBe(400);
    expect((await post('/api/v1/events', 'x', { 'content-encoding': 'br' })).status).toBe(415);
  });

  it.each(['GET', 'POST'] as const)(
    'survives gzip that is none on a %s which nobody reads',
    async (method) => {
      const { app, post } = await testServer();
      const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' };
      for (const url of ['/', '/health', '/api/v1/events', '/nowhere']) {
        await app.inject({ method, url, headers, ...(method === 'POST' ? { payload: 'no gzip' } : {}) });
      }
      expect((await post('/api/v1/events', anEvent())).status).toBe(200);
    },
  );

  it('refuses other content types', async () => {
    const { post } = await testServer();
    expect((await post('/api/v1/events', 'a=b', { 'content-type': 'text/xml' })).status).toBe(415);
  });

  it('keeps 64-bit integers', async () => {
    const { post, recorded } = await testServer();
    await post('/api/v1/events', `{"timestamp":"${at(0)}","properties":{"id":9007199254740993}}`);
    expect(JSON.parse(recorded.sent[0]!.log.event!).properties).toEqual({ id: '9007199254740993' });
  });

  it.each([
    [
      { source: { system: 'cloudwatch', account: '1', region: 'eu', log_group: '/g', log_stream: 's' } },
      'cloudwatch:1/eu//g/s',
    ],
    [{ source: { system: 'x' }, agent_id: 'a' }, 'x:///'],
    [{ agent_id: 'a', session_id: 's' }, 'http/agent:a'],
    [{ session_id: 's' }, 'http/session:s'],
    [{}, null],
  ])('keys %j by its stream: %s', async (more, key) => {
    const { post, recorded } = await testServer();
    await post('/api/v1/events', anEvent(more));
    expect(recorded.sent[0]!.key).toBe(key);
  });

  it.each(['kafka-unavailable', 'overloaded'] as const)(
    'says 503 and when to come again: %s',
    async (name) => {
      const refuse = async () => {
        throw new Problem(name, 'not now', { retryAfterS: 2 });
      };
      const { post } = await testServer({ ports: { ingest: { publish: refuse, publishAndWait: refuse } } });
      const { status, headers } = await post('/api/v1/events', anEvent());
      expect(status).toBe(503);
      expect(headers['retry-after']).toBe('2');
    },
  );
});

describe('POST /api/v1/events/batch', () => {
  it.each([0, 1, 100])('takes %i items', async (count) => {
    const { post, recorded } = await testServer();
    const events = Array.from({ length: count }, (_, index) =>
      anEvent({ properties: { index }, session_id: 's' }),
    );
    const { status, body } = await post('/api/v1/events/batch', { events });
    expect(status).toBe(200);
    expect(body).toEqual({ ingested: count, failed: 0, trace_ids: count ? ['trace-of-s'] : [], errors: [] });
    expect(Value.Check(BatchAccepted, body)).toBe(true);
    expect(recorded.sent).toHaveLength(count);
  });

  it('stores the siblings of bad items and says why those are bad', async () => {
    const { post, recorded } = await testServer();
    const { status, body } = await post('/api/v1/events/batch', {
      events: [
        anEvent({ session_id: 'a' }),
        anEvent({ timestamp: at(FIVE_MINUTES_MS + 1) }),
        null,
        anEvent({ session_id: 'b' }),
        anEvent({ properties: 7 }),
      ],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ ingested: 2, failed: 3, trace_ids: ['trace-of-a', 'trace-of-b'] });
    expect(body.errors.map(({ index }: { index: number }) => index)).toEqual([1, 2, 4]);
    expect(body.errors[0].error).toMatch(/^timestamp lies more than 5 minutes ahead/);
    expect(body.errors[1].error).toMatch(/^body must be an object/);
    expect(body.errors[2].error).toMatch(/^properties must be an object/);
    expect(recorded.sent).toHaveLength(2);
  });

  it('answers 200 when every item is bad: the batch was processed', async () => {
    const { post, recorded } = await testServer();
    const { status, body } = await post('/api/v1/events/batch', { events: [1, 2] });
    expect(status).toBe(200);
    expect(body).toMatchObject({ ingested: 0, failed: 2 });
    expect(recorded.sent).toEqual([]);
  });

  it('answers 202 when some traces are not known yet', async () => {
    const { post } = await testServer({
      answering: (event) => (event.key === null ? undefined : { traceId: 't', createdMs: NOW_MS }),
    });
    const { status, body } = await post('/api/v1/events/batch', {
      events: [anEvent(), anEvent({ agent_id: 'a' })],
    });
    expect(status).toBe(202);
    expect(body).toEqual({ ingested: 2, failed: 0, trace_ids: ['t'], errors: [] });
  });

  it("gives every item the batch's options, and lets it have its own", async () => {
    const { post, recorded } = await testServer();
    await post('/api/v1/events/batch', {
      events: [
        anEvent({ agent_id: '1' }),
        anEvent({ agent_id: '2', options: { extract_relationships: true } }),
      ],
      options: { generate_embeddings: false },
    });
    const shared = { auto_create_traces: true, generate_embeddings: false };
    expect(recorded.sent.map(({ log }) => log.options)).toEqual([
      { ...shared, extract_relationships: false },
      { ...shared, extract_relationships: true },
    ]);
  });

  it.each([
    [[], 400, 'body'],
    [{}, 400, 'events'],
    [{ events: {} }, 400, 'events'],
    [{ events: null }, 400, 'events'],
    [{ events: [], options: 1 }, 400, 'options'],
    [{ events: [], options: { auto_create_traces: 'yes' } }, 400, 'options.auto_create_traces'],
    [{ events: Array(101).fill(anEvent()) }, 422, 'events'],
  ])('refuses %# as a whole, naming the field', async (payload, status, field) => {
    const { post, recorded } = await testServer();
    const answer = await post('/api/v1/events/batch', payload);
    expect(answer.status).toBe(status);
    expect(fields(answer.body)).toEqual([field]);
    expect(recorded.sent).toEqual([]);
  });

  it('fails what has no trace when none may be created', async () => {
    const store = {
      ...emptyStore,
      findTraceBySession: async (session: string) => (session === 'known' ? 't' : null),
    };
    const { post, recorded } = await testServer({ ports: { store } });
    const { body } = await post('/api/v1/events/batch', {
      events: [
        anEvent({ session_id: 'known' }),
        anEvent({ session_id: 'unknown' }),
        anEvent({ trace_id: 't' }),
        anEvent(),
        anEvent({ trace_id: '0'.repeat(32) }),
        anEvent({ properties: { own: 1 }, options: { auto_create_traces: true } }),
      ],
      options: { auto_create_traces: false },
    });
    expect(body).toMatchObject({ ingested: 3, failed: 3 });
    expect(body.errors.map(({ index }: { index: number }) => index)).toEqual([1, 3, 4]);
    for (const { error } of body.errors) expect(error).toMatch(/^trace_not_found: /);
    expect(recorded.sent).toHaveLength(3);
  });

  it('says trace_not_found of a single event as a problem of its own', async () => {
    const { post } = await testServer();
    const { status, body } = await post(
      '/api/v1/events',
      anEvent({ session_id: 's', options: { auto_create_traces: false } }),
    );
    expect(status).toBe(422);
    expect(body.type).toBe('urn:vectadb:problem:trace_not_found');
    expect(fields(body)).toEqual(['session_id']);
  });

  it('takes what names its trace while the store is down, and says of the rest why not', async () => {
    const findTraceBySession = async () => {
      throw new Problem('store-unavailable', 'SurrealDB does not answer: gone');
    };
    const { post } = await testServer({ ports: { store: { ...emptyStore, findTraceBySession } } });
    const { body } = await post('/api/v1/events/batch', {
      events: [anEvent({ trace_id: 't' }), anEvent({ session_id: 's' })],
      options: { auto_create_traces: false },
    });
    expect(body).toMatchObject({
      ingested: 1,
      failed: 1,
      errors: [{ index: 1, error: 'SurrealDB does not answer: gone' }],
    });
  });
});

function nested(levels: number): object {
  let value: object = {};
  for (let level = 1; level < levels; level++) value = { a: value };
  return value;
}

describe('secrets', () => {
  const SECRET = `AKIA${'IOSFODNN7EXAMPL2'}`;

  it('are masked before anything is sent to Kafka, in events and in lines', async () => {
    const { post, recorded, get } = await testServer();
    const properties = { message: `used ${SECRET}`, deep: [{ password: 'hunter2' }] };
    await post('/api/v1/events', anEvent({ session_id: 's-1', properties }));
    await post('/api/v1/events/batch', { events: [anEvent({ properties })] });
    await post('/api/v1/logs', `a ${SECRET}\nb`, { 'content-type': 'text/plain' });
    await post('/api/v1/logs', [
      { message: `c ${SECRET}`, source: { system: 'x' } },
      anEvent({ properties }),
    ]);
    const sent = JSON.stringify(recorded.sent.map(({ key, log }) => ({ key, log })));
    expect(recorded.sent).toHaveLength(6);
    expect(sent).not.toContain(SECRET);
    expect(sent).not.toContain('hunter2');
    expect(sent.split('[masked:aws-access-key]')).toHaveLength(6);
    expect((await get('/metrics')).status).toBe(200);
  });

  it('do not make two sessions one, and what holds none is sent as it was', async () => {
    const { post, recorded } = await testServer();
    for (const session_id of [`s-${SECRET}1`, `s-${SECRET}2`])
      await post('/api/v1/events', anEvent({ session_id }));
    expect(new Set(recorded.sent.map(({ key }) => key)).size).toBe(2);
    const event = anEvent({ properties: { n: 12345678901, text: 'Thought: I need a password' } });
    await post('/api/v1/events', event);
    expect(JSON.parse(recorded.sent.at(-1)!.log.event!).properties).toEqual(event.properties);
  });
});
