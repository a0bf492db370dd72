import type { TSchema } from '@sinclair/typebox';
import { FormatRegistry } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { describe, expect, it } from 'vitest';
import type { Ports } from './ports.js';
import { Problem } from './problem.js';
import { EventPage, Explanation, SearchOut, TraceDetail, TracePage } from './schemas.js';
import { GroupList, MessageList, TopicList } from './schemas-kafka.js';
import {
  CoverageStats,
  ErrorStats,
  LatencyStats,
  SequenceStats,
  TraceStats,
  UsageStats,
} from './schemas-stats.js';
import {
  anEvent,
  anEventRow,
  aTraceRow,
  emptyStore,
  INGEST_KEY,
  KEY,
  READ_KEY,
  testServer,
} from './testing/fake-ports.js';

FormatRegistry.Set('date-time', (text) => new Date(text).toISOString() === text);

describe('API keys', () => {
  const open = ['/health', '/ready', '/metrics', '/openapi.json', '/docs/'];
  const closed = [
    ['GET', '/api/v1/events', 'read'],
    ['GET', '/api/v1/events/x', 'read'],
    ['GET', '/api/v1/events/x/explain', 'read'],
    ['GET', '/api/v1/traces', 'read'],
    ['GET', '/api/v1/traces/x', 'read'],
    ['POST', '/api/v1/search', 'read'],
    ['POST', '/api/v1/events', 'ingest'],
    ['POST', '/api/v1/events/batch', 'ingest'],
    ['POST', '/api/v1/logs', 'ingest'],
    ['GET', '/api/v1/auth/keys', 'admin'],
    ['POST', '/api/v1/auth/keys', 'admin'],
    ['DELETE', '/api/v1/auth/keys/x', 'admin'],
  ] as const;

  it.each(open)('%s is open', async (url) => {
    const { app } = await testServer();
    expect((await app.inject(url)).statusCode).toBe(200);
  });

  it.each(closed)('%s %s needs a key with the scope', async (method, url, scope) => {
    const { app } = await testServer();
    const ask = async (authorization?: string) =>
      (
        await app.inject({
          method,
          url,
          headers: { ...(authorization ? { authorization } : {}), 'content-type': 'application/json' },
          ...(method === 'POST' ? { payload: '{' } : {}),
        })
      ).statusCode;
    const right = { read: READ_KEY, ingest: INGEST_KEY, admin: KEY }[scope];
    const wrong = scope === 'read' ? INGEST_KEY : READ_KEY;
    expect(await ask()).toBe(401);
    expect(await ask('Bearer nobody-knows-this-key')).toBe(401);
    expect(await ask(`Basic ${right}`)).toBe(401);
    expect(await ask('Bearer ')).toBe(401);
    expect(await ask(`Bearer ${wrong}`)).toBe(403);
    expect([200, 400, 404]).toContain(await ask(`Bearer ${right}`));
  });

  it.each(['/api/v1/events', '/api/v1/traces/x'])('HEAD %s needs a key, too', async (url) => {
    const { app } = await testServer();
    expect((await app.inject({ method: 'HEAD', url })).statusCode).toBe(401);
  });

  it('has no route below /api that is open', async () => {
    const { app } = await testServer();
    await app.ready();
    const routes = Object.entries(app.swagger().paths ?? {}).filter(([path]) => path.startsWith('/api/'));
    expect(routes.length).toBeGreaterThan(7);
    for (const [path, methods] of routes) {
      for (const method of Object.keys(methods as object)) {
        const url = path.replace('{id}', 'x');
        const { statusCode } = await app.inject({ method: method.toUpperCase() as 'GET', url });
        expect([path, statusCode]).toEqual([path, 401]);
      }
    }
  });
});

describe('the server', () => {
  it('counts requests by key and says what is left', async () => {
    const { get } = await testServer({ limits: { requestsPerMinute: 2 } });
    expect((await get('/api/v1/events')).headers['ratelimit-remaining']).toBe('1');
    await get('/api/v1/events');
    const { status, headers, body } = await get('/api/v1/events');
    expect(status).toBe(429);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(body.type).toBe('urn:vectadb:problem:rate-limited');
    expect((await get('/api/v1/events', { authorization: `Bearer ${READ_KEY}` })).status).toBe(200);
    expect((await get('/ready')).status).toBe(200);
  });

  it('answers unknown paths and hides its own failures', async () => {
    const listEvents = async () => {
      throw new Error('secret reason');
    };
    const { get } = await testServer({ ports: { store: { ...emptyStore, listEvents } } });
    expect((await get('/nowhere?x=1')).body).toMatchObject({ status: 404, instance: '/nowhere' });
    const { status, body } = await get('/api/v1/events');
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('sends security headers and lets no other origin in', async () => {
    const { get } = await testServer();
    const { headers } = await get('/api/v1/events', { origin: 'https://evil.example' });
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['content-security-policy']).toContain("script-src 'self';");
    expect(headers['content-security-policy']).not.toMatch(/script-src[^;]*unsafe/);
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it('lets in the pages of origins that are named, and of no others', async () => {
    const { app, get } = await testServer({ limits: { corsOrigins: ['https://app.example'] } });
    const ours = await get('/api/v1/events', { origin: 'https://app.example' });
    expect(ours.headers['access-control-allow-origin']).toBe('https://app.example');
    expect(ours.headers['access-control-allow-credentials']).toBeUndefined();
    const theirs = await get('/api/v1/events', { origin: 'https://app.example.evil' });
    expect(theirs.headers['access-control-allow-origin']).toBeUndefined();
    const preflight = await app.inject({
      method: 'OPTIONS',
      url: '/api/v1/events',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.statusCode).toBe(204);
    expect(preflight.headers['access-control-allow-headers']).toContain('authorization');
  });

  it('counts a key by the limit that it was made with, and whoever shows none by address', async () => {
    const busy = { id: 'busy', name: 'busy', scopes: new Set(['read'] as const), requestsPerMinute: 1 };
    const keys = { find: async (token: string) => (token === 'a-key-of-one-a-minute' ? busy : undefined) };
    const { get, app } = await testServer({ ports: { keys }, limits: { anonymousPerMinute: 2 } });
    const slow = { authorization: 'Bearer a-key-of-one-a-minute' };
    const first = await get('/api/v1/events', slow);
    expect([first.status, first.headers['ratelimit-limit']]).toEqual([200, '1']);
    const second = await get('/api/v1/events', slow);
    expect([second.status, Number(second.headers['retry-after']) > 0]).toEqual([429, true]);
    const anonymous = async () => (await app.inject('/api/v1/events')).statusCode;
    expect([await anonymous(), await anonymous(), await anonymous()]).toEqual([401, 401, 429]);
    expect((await app.inject('/nowhere')).statusCode).toBe(429);
  });

  it('tells the audit log of refusals and admin actions, and of the first use a minute', async () => {
    const { get, post, app, recorded } = await testServer();
    for (let n = 0; n < 5; n++) await post('/api/v1/logs', 'x', { 'content-type': 'text/plain' });
    await app.inject('/api/v1/events');
    await get('/api/v1/auth/keys');
    await get('/api/v1/auth/keys');
    await get('/health');
    await app.inject({
      method: 'DELETE',
      url: '/api/v1/auth/keys/abc',
      headers: { authorization: `Bearer ${KEY}` },
    });
    expect(
      recorded.audit.map(({ action, result, key_id, target }) => [action, result, !!key_id, target]),
    ).toEqual([
      ['POST /api/v1/logs', 'ok', true, null],
      ['GET /api/v1/events', 'refused', false, null],
      ['GET /api/v1/auth/keys', 'ok', true, null],
      ['GET /api/v1/auth/keys', 'ok', true, null],
      ['DELETE /api/v1/auth/keys/:id', 'invalid', true, 'abc'],
    ]);
    expect(recorded.audit[0]).toMatchObject({ ip: '127.0.0.1', key_name: 'VECTADB_API_KEY', status: 200 });
    expect(JSON.stringify(recorded.audit)).not.toContain(KEY);
  });

  it('describes every route in an OpenAPI document', async () => {
    const { get } = await testServer();
    const { body } = await get('/openapi.json');
    expect(body.openapi).toBe('3.1.0');
    expect(Object.keys(body.paths).sort()).toEqual([
      '/api/v1/auth/keys',
      '/api/v1/auth/keys/{id}',
      '/api/v1/dead-letters',
      '/api/v1/dead-letters/redrive',
      '/api/v1/dead-letters/{partition}/{offset}',
      '/api/v1/events',
      '/api/v1/events/batch',
      '/api/v1/events/{id}',
      '/api/v1/events/{id}/explain',
      '/api/v1/events/{id}/similar',
      '/api/v1/groups',
      '/api/v1/live',
      '/api/v1/logs',
      '/api/v1/patterns/try',
      '/api/v1/receipts/{id}',
      '/api/v1/search',
      '/api/v1/sessions/{id}',
      '/api/v1/stats/coverage',
      '/api/v1/stats/errors',
      '/api/v1/stats/flow',
      '/api/v1/stats/latency',
      '/api/v1/stats/sequences',
      '/api/v1/stats/traces',
      '/api/v1/stats/usage',
      '/api/v1/topics',
      '/api/v1/topics/{topic}/messages',
      '/api/v1/traces',
      '/api/v1/traces/{id}',
    ]);
    expect(body.paths['/api/v1/events'].post.responses['422'].content).toHaveProperty([
      'application/problem+json',
    ]);
  });

  it('serves the documentation without reaching out', async () => {
    const { app } = await testServer();
    const page = await app.inject('/docs/');
    expect(page.body).not.toMatch(/(src|href)="https?:/);
    expect(page.headers['content-security-policy']).toBeDefined();
  });

  it('says 503 on /ready with the part that is down', async () => {
    const part = { state: 'up' } as const;
    const parts = {
      kafka: { state: 'down', detail: 'gone' } as const,
      answers: part,
      keys: part,
      surreal: part,
      qdrant: part,
      search: part,
    };
    const { get } = await testServer({ ports: { health: () => ({ ready: false, parts }) } });
    expect(await get('/ready')).toMatchObject({
      status: 503,
      body: { parts: { kafka: { detail: 'gone' } } },
    });
    expect((await get('/health')).status).toBe(200);
  });

  it('counts what it does', async () => {
    const { get, post } = await testServer();
    await post('/api/v1/events/batch', { events: [anEvent(), 1] });
    const { body } = await get('/metrics');
    expect(body).toContain('vectadb_gateway_events_total{route="batch",outcome="stored"} 1');
    expect(body).toContain('vectadb_gateway_events_total{route="batch",outcome="refused"} 1');
    expect(body).toContain('route="/api/v1/events/batch",status="200"');
  });
});

describe('reading', () => {
  const store: Ports['store'] = {
    ...emptyStore,
    getEventContext: async (id: string) =>
      id === 'e-1'
        ? {
            event: anEventRow(),
            trace: aTraceRow(),
            bound_by: { event_id: 'e-0', timestamp: '2026-01-07T18:59:00.000Z' },
            continued_by: null,
            before: [
              { event_id: 'e-0', event_type: 'log', timestamp: '2026-01-07T18:59:00.000Z', strategy: 1 },
            ],
            after: [],
          }
        : null,
    getEvent: async (id: string) => (id === 'e-1' ? anEventRow() : null),
    getEventsByIds: async (ids: readonly string[]) =>
      ids.flatMap((id) => (id === 'gone' ? [] : [anEventRow({ event_id: id })])),
    listEvents: async () => ({ events: [anEventRow()], next_cursor: 'next' }),
    listTraces: async () => ({ traces: [aTraceRow()], next_cursor: null }),
    getTrace: async (id: string) =>
      id.startsWith('t')
        ? {
            trace: aTraceRow(),
            events: [anEventRow()],
            truncated: false,
            causes: [],
            merged_from: id === 't-1' ? null : id,
            same_session: [],
            same_agent: [aTraceRow({ trace_id: 't-9' })],
          }
        : null,
  };

  it('answers in the shapes that it describes', async () => {
    const search = {
      mode: 'semantic' as const,
      search: async () => [
        { event_id: 'e-2', score: 0.9 },
        { event_id: 'gone', score: 0.8 },
      ],
      has: async () => false,
      similar: async (id: string) => (id === 'e-1' ? [{ event_id: 'e-2', score: 0.7 }] : null),
    };
    const { get, post } = await testServer({ ports: { store, search } });
    const events = await get('/api/v1/events');
    expect(Value.Check(EventPage, events.body)).toBe(true);
    expect(events.body.next_cursor).toBe('next');
    expect((await get('/api/v1/events/e-1')).body).toMatchObject({
      event_id: 'e-1',
      properties: { tool_name: 'web_search' },
    });
    expect(Value.Check(TracePage, (await get('/api/v1/traces')).body)).toBe(true);
    const trace = await get('/api/v1/traces/t-0');
    expect(Value.Check(TraceDetail, trace.body)).toBe(true);
    expect(trace.body).toMatchObject({
      trace_id: 't-1',
      merged_from: 't-0',
      events: [{ event_id: 'e-1' }],
      related: { same_agent: [{ trace_id: 't-9' }] },
    });
    const found = await post('/api/v1/search', { query: 'weather' });
    expect(Value.Check(SearchOut, found.body)).toBe(true);
    expect(found.body).toMatchObject({
      mode: 'semantic',
      results: [{ score: 0.9, event: { event_id: 'e-2' } }],
    });
    expect(found.body.results).toHaveLength(1);
    const both = await post('/api/v1/search', { query: 'weather', by: 'both' });
    expect(Value.Check(SearchOut, both.body)).toBe(true);
    expect(both.body.results.map(({ found_by }: { found_by: object[] }) => found_by)).toEqual([
      [{ how: 'text', rank: 1 }],
      [{ how: 'meaning', rank: 1, score: 0.9 }],
    ]);
    const near = await get('/api/v1/events/e-1/similar?limit=3');
    expect(Value.Check(SearchOut, near.body)).toBe(true);
    expect(near.body.results).toMatchObject([{ score: 0.7, event: { event_id: 'e-2' } }]);
    expect((await get('/api/v1/events/none/similar')).status).toBe(404);
  });

  it('counts and shows the cluster in the shapes that it describes', async () => {
    const { get } = await testServer({ ports: { store } });
    const answers: [string, TSchema][] = [
      ['stats/errors', ErrorStats],
      ['stats/latency', LatencyStats],
      ['stats/usage', UsageStats],
      ['stats/sequences?length=4', SequenceStats],
      ['stats/coverage', CoverageStats],
      ['stats/traces?agent_id=a&agent_id=b', TraceStats],
      ['topics', TopicList],
      ['groups', GroupList],
      ['topics/raw-logs/messages?limit=1', MessageList],
    ];
    for (const [path, shape] of answers) {
      const { status, body } = await get(`/api/v1/${path}`);
      expect([path, status, Value.Check(shape, body)]).toEqual([path, 200, true]);
    }
    const read = { authorization: `Bearer ${READ_KEY}` };
    expect((await get('/api/v1/topics/raw-logs/messages', read)).status).toBe(403);
    expect((await get('/api/v1/topics/raw-logs/messages?offset=3')).body.errors[0].field).toBe('offset');
    expect((await get('/api/v1/stats/latency?agent=a')).body.errors[0].field).toBe('agent');
    expect((await get('/api/v1/live?kind=metric')).body.errors[0].field).toBe('kind');
  });

  it('says what traces cost, and what is not known of it', async () => {
    const stats = { calls: 1, errors: 0, timed: 0, total_ms: 0, cached_tokens: 0, cache_write_tokens: 0 };
    const tokens = { prompt_tokens: 500_000, completion_tokens: 250_000, total_tokens: 750_000 };
    const trace = aTraceRow({ models: { swift: { ...stats, ...tokens }, slow: { ...stats, ...tokens } } });
    const costed = { ...store, listTraces: async () => ({ traces: [trace], next_cursor: null }) };
    const { get } = await testServer({ ports: { store: costed } });
    const { body } = await get('/api/v1/traces');
    expect(Value.Check(TracePage, body)).toBe(true);
    expect(body.traces[0].cost).toEqual({
      usd: 3,
      complete: false,
      unknown: ['slow'],
      models: {
        swift: { usd: 3, why: 'priced', priced_as: 'swift', at_least: false },
        slow: { usd: null, why: 'no_price', priced_as: null, at_least: false },
      },
    });
  });

  it('shows the events of a trace as a tree, in the order of the log, and how long its tools took', async () => {
    const row = (event_id: string, offset: number, more: object) =>
      anEventRow({ event_id, raw: { topic: 'raw-logs', partition: 2, offset, index: 0 }, ...more });
    const events = [
      row('b', 9, { event_type: 'tool_result', properties: {}, timestamp: '2026-01-07T19:00:00.250Z' }),
      row('a', 8, {}),
      row('c', 7, { event_type: 'chain_start', properties: {} }),
    ];
    const getTrace = async () => ({
      trace: aTraceRow({ tools: { web_search: { calls: 1, errors: 0, timed: 0, total_ms: 0 } } }),
      events,
      truncated: false,
      causes: [],
      merged_from: null,
      same_session: [],
      same_agent: [],
    });
    const { get } = await testServer({ ports: { store: { ...store, getTrace } } });
    const { body } = await get('/api/v1/traces/t-1');
    expect(Value.Check(TraceDetail, body)).toBe(true);
    expect(body.events).toMatchObject([
      { event_id: 'c', parent_id: null, relation: null, latency_ms: null },
      { event_id: 'a', parent_id: 'c', relation: 'within', latency_ms: 250 },
      { event_id: 'b', parent_id: 'a', relation: 'answers', latency_ms: null },
    ]);
    expect(body.tools).toEqual({ web_search: { calls: 1, errors: 0, timed: 1, total_ms: 250, max_ms: 250 } });
  });

  it('explains an event', async () => {
    const { get } = await testServer({ ports: { store } });
    const { body } = await get('/api/v1/events/e-1/explain');
    expect(Value.Check(Explanation, body)).toBe(true);
    expect(body).toMatchObject({
      rule: 'langchain/tool_call',
      strategy: 2,
      group_key: 'session:s-1',
      links: { previous_trace_ids: ['g-1'], bound_by: { event_id: 'e-0' } },
      siblings: { before: [{ event_id: 'e-0' }], after: [] },
      raw: { offset: 7 },
    });
    expect(body.summary).toContain('It names its session or request s-1.');
  });

  it.each(['/api/v1/events/no', '/api/v1/events/no/explain', '/api/v1/traces/no'])(
    '%s is 404',
    async (url) => {
      const { get } = await testServer({ ports: { store } });
      expect((await get(url)).body).toMatchObject({ status: 404, type: 'urn:vectadb:problem:not-found' });
    },
  );

  it.each([
    ['/api/v1/events?limit=0', 'limit'],
    ['/api/v1/events?limit=1001', 'limit'],
    ['/api/v1/events?limit=x', 'limit'],
    ['/api/v1/events?from=yesterday', 'from'],
    ['/api/v1/events?order=up', 'order'],
    ['/api/v1/traces?to=2026-01-07', 'to'],
    ['/api/v1/traces?status=odd', 'status'],
    ['/api/v1/traces/t-1?max_events=10001', 'max_events'],
    [`/api/v1/events?agent_id=${'x'.repeat(513)}`, 'agent_id'],
  ])('%s is refused by name', async (url, field) => {
    const { get } = await testServer({ ports: { store } });
    const { status, body } = await get(url);
    expect(status).toBe(400);
    expect(body.errors[0].field).toBe(field);
  });

  it.each([
    [{}, 'query'],
    [{ query: '' }, 'query'],
    [{ query: 1 }, 'query'],
    [{ query: 'x', limit: 101 }, 'limit'],
    [{ query: 'x', limit: '5' }, 'limit'],
    [{ query: 'x', filter: { from: 'x' } }, 'filter.from'],
    [{ query: 'x', filter: { agent: 'x' } }, 'filter.agent'],
    [[], 'body'],
  ])('the search %j is refused by name', async (search, field) => {
    const { post } = await testServer({ ports: { store } });
    const { status, body } = await post('/api/v1/search', search);
    expect(status).toBe(400);
    expect(body.errors[0].field).toBe(field);
  });

  it('passes filters on as they were meant', async () => {
    const asked: unknown[] = [];
    const listEvents = async (filter: unknown) => {
      asked.push(filter);
      return { events: [], next_cursor: null };
    };
    const { get } = await testServer({ ports: { store: { ...emptyStore, listEvents } } });
    await get('/api/v1/events?session_id=s&from=2026-01-07T19:00:00%2B01:00&limit=5&order=asc&cursor=c');
    expect(asked).toEqual([
      { session_id: 's', from: Date.parse('2026-01-07T18:00:00Z'), limit: 5, order: 'asc', cursor: 'c' },
    ]);
  });

  it('takes several values of a filter, levels by any of their names, and texts as words and phrases', async () => {
    const asked: unknown[] = [];
    const listEvents = async (filter: unknown) => {
      asked.push(filter);
      return { events: [], next_cursor: null };
    };
    const { get } = await testServer({ ports: { store: { ...emptyStore, listEvents } } });
    await get('/api/v1/events?event_type=a&event_type=b,c&level=warning&text=Flight%20%22to%20Oslo%22');
    expect(asked).toEqual([
      { event_type: ['a', 'b,c'], level: ['WARN'], text: ['flight', 'to oslo'], limit: 50, order: 'desc' },
    ]);
  });

  it.each([
    ['/api/v1/events?typ=error', 'typ'],
    ['/api/v1/events?text=%22%22', 'text'],
    [`/api/v1/events?text=${'a+b+c+d+'.repeat(5)}e+f`, null],
    [`/api/v1/events?text=${Array.from({ length: 17 }, (_, i) => `w${i}`).join('+')}`, 'text'],
    ['/api/v1/traces?status=failed&status=gone', 'status'],
    ['/api/v1/traces?sort=colour', 'sort'],
    ['/api/v1/traces?order=asc', 'order'],
    ['/api/v1/traces?sort=cost&order=asc', null],
    ['/api/v1/traces?level=warn', 'level'],
  ])('the list %s is refused by the name of %s', async (path, field) => {
    const { get } = await testServer();
    const { status, body } = await get(path);
    expect([status, body.errors?.[0].field]).toEqual(field === null ? [200, undefined] : [400, field]);
  });

  it('says 503 while a store is down', async () => {
    const down = async () => {
      throw new Problem('store-unavailable', 'gone', { retryAfterS: 2 });
    };
    const { get, post } = await testServer({ ports: { store: { ...emptyStore, getTrace: down } } });
    expect(await get('/api/v1/traces/t')).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
    expect((await post('/api/v1/events', anEvent())).status).toBe(200);
  });
});
