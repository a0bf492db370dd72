import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { defaultMasker } from '../../../lib/config/masking-file.js';
import { priceTable } from '../../../lib/model/cost/price-table.js';
import type { EventRow, TraceRow } from '../../../lib/stores/surreal/index.js';
import { fixedKeys } from '../auth.js';
import type { Answer } from '../core/answer-table.js';
import { readApiKey } from '../core/api-keys.js';
import type { AuditEntry } from '../core/audit-filter.js';
import type { RawEvent } from '../core/raw-event.js';
import { LiveFeed } from '../live.js';
import { gatewayMetrics } from '../metrics.js';
import type { Ports } from '../ports.js';
import { Problem } from '../problem.js';
import { createServer, type ServerLimits } from '../server.js';

/** For tests of the HTTP shapes alone: ports that remember what they were given. The rest runs on the real stack. */
export const NOW_MS = Date.parse('2026-01-07T19:00:00.000Z');
export const KEY = 'test-key-with-every-scope';
export const INGEST_KEY = 'test-key-that-may-ingest';
export const READ_KEY = 'test-key-that-may-read';

const keys = [KEY, `${INGEST_KEY}:ingest`, `${READ_KEY}:read`].map((entry) => {
  const read = readApiKey(entry);
  if (!read.ok) throw new Error(read.fault);
  return read.key;
});

const PRICES = priceTable([{ name: 'swift', input: 2, output: 8 }]);

export interface Recorded {
  sent: Pick<RawEvent, 'key' | 'log'>[];
  waited: boolean[];
  audit: AuditEntry[];
}

/** What the processor would say of an event; undefined: nothing in time. */
export type Answering = (event: RawEvent) => Answer | undefined;

export const inItsSession: Answering = (event) => ({
  traceId: `trace-of-${JSON.parse(event.log.event!).session_id ?? event.eventId}`,
  createdMs: NOW_MS + 5,
});

export interface TestServer {
  app: FastifyInstance;
  recorded: Recorded;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<TestAnswer>;
  get(path: string, headers?: Record<string, string>): Promise<TestAnswer>;
}

export interface TestAnswer {
  status: number;
  headers: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any;
}

export async function testServer(
  options: {
    ports?: Partial<Ports>;
    answering?: Answering;
    limits?: Partial<ServerLimits>;
    consoleFolder?: string;
  } = {},
): Promise<TestServer> {
  const recorded: Recorded = { sent: [], waited: [], audit: [] };
  const answering = options.answering ?? inItsSession;
  const ports: Ports = {
    ingest: {
      async publish(records) {
        recorded.sent.push(...records);
      },
      async publishAndWait(events, wait) {
        recorded.sent.push(...events);
        recorded.waited.push(wait);
        if (!wait) return new Map();
        const answers = events.map((event) => [event.eventId, answering(event)] as const);
        return new Map(answers.filter((one): one is [string, Answer] => one[1] !== undefined));
      },
    },
    store: emptyStore,
    search: {
      mode: 'lexical (hashed)',
      search: async () => [],
      similar: async () => [],
      has: async () => false,
    },
    trail: noTrail,
    look: noKafka,
    deadLetters: noLetters,
    trials: noTrials,
    live: new FeedOfNothing(),
    flow: { report: { report: null, failure: 'not measured yet' } },
    keys: fixedKeys(keys),
    keyAdmin: noKeys,
    erasure: {
      eraseTrace: async () => ({ traces: 0, events: 0, vectors: 0 }),
      eraseSession: async () => ({ traces: 0, events: 0, vectors: 0 }),
    },
    masker: defaultMasker(),
    audit: { record: (entry) => recorded.audit.push(entry) },
    prices: () => PRICES,
    now: () => NOW_MS,
    health: () => ({
      ready: true,
      parts: {
        kafka: { state: 'up' },
        answers: { state: 'up' },
        keys: { state: 'up' },
        surreal: { state: 'up' },
        qdrant: { state: 'up' },
        search: { state: 'up' },
      },
    }),
    ...options.ports,
  };
  const app = await createServer({
    ports,
    metrics: gatewayMetrics(new Registry()),
    consoleFolder: options.consoleFolder ?? '/nowhere',
    limits: {
      maxBodyBytes: 64 * 1024,
      maxBatchItems: 100,
      requestsPerMinute: 10_000,
      anonymousPerMinute: 10_000,
      headersTimeoutMs: 10_000,
      requestTimeoutMs: 60_000,
      idleTimeoutMs: 120_000,
      maxConnections: 10_000,
      corsOrigins: [],
      trustedProxies: [],
      ...options.limits,
    },
  });
  const answer = (response: { statusCode: number; headers: object; body: string }): TestAnswer => ({
    status: response.statusCode,
    headers: response.headers as Record<string, unknown>,
    body: /json/.test(String((response.headers as Record<string, unknown>)['content-type']))
      ? JSON.parse(response.body)
      : response.body,
  });
  return {
    app,
    recorded,
    post: async (path, body, headers = {}) =>
      answer(
        await app.inject({
          method: 'POST',
          url: path,
          headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
          payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
        }),
      ),
    get: async (path, headers = {}) =>
      answer(await app.inject({ url: path, headers: { authorization: `Bearer ${KEY}`, ...headers } })),
  };
}

/** A live feed that nothing is published to. */
class FeedOfNothing {
  private readonly feed = new LiveFeed('test');
  subscribe = this.feed.subscribe.bind(this.feed);
  clients = () => this.feed.size;
  close = async () => this.feed.close();
}

export const noKafka: Ports['look'] = {
  topics: async () => [],
  groups: async () => [],
  messages: async () => ({ messages: [], scanned: 0, complete: true }),
};

export const noTrials: Ports['trials'] = { run: async () => ({ lines: [], faults: [], suggested: null }) };

export const noLetters: Ports['deadLetters'] = {
  list: async () => ({ summary: [], total: 0, letters: [], next: null }),
  find: async () => null,
  plan: async () => ({ letters: 0, more: false, not_selected: [], outcomes: [] }),
  redrive: async () => ({ letters: 0, more: false, not_selected: [], outcomes: [] }),
};

export const noTrail: Ports['trail'] = {
  follow: async () => ({ raw: null, parsed: null, traced: null }),
  vectorOnItsWay: async () => null,
  letter: async () => null,
};

export const noKeys: Ports['keyAdmin'] = {
  create: async () => {
    throw new Problem('kafka-unavailable', 'there is no Kafka in this test');
  },
  list: async () => [],
  revoke: async () => false,
};

export const emptyStore: Ports['store'] = {
  getEvent: async () => null,
  storedHours: async () => [],
  getEventsByIds: async () => [],
  listEvents: async () => ({ events: [], next_cursor: null }),
  listTraces: async () => ({ traces: [], next_cursor: null }),
  getTrace: async () => null,
  getEventContext: async () => null,
  findTraceBySession: async () => null,
  tracesOfSession: async () => [],
  measures: async () => ({ measures: [], reachedMs: null }),
  tracesByDay: async () => ({ days: [], reachedMs: null }),
};

/** An event as the contract has it at least. */
export const anEvent = (more: object = {}) => ({
  timestamp: '2026-01-07T19:00:00Z',
  properties: { tool_name: 'web_search' },
  ...more,
});

export const anEventRow = (more: Partial<EventRow> = {}): EventRow => ({
  event_id: 'e-1',
  trace_id: 't-1',
  group_id: 'g-1',
  group_key: 'session:s-1',
  session_id: 's-1',
  agent_id: null,
  timestamp: '2026-01-07T19:00:00.000Z',
  event_type: 'tool_call',
  framework: 'langchain',
  properties: { tool_name: 'web_search' },
  source: null,
  raw: { topic: 'raw-logs', partition: 2, offset: 7, index: 0 },
  why: {
    rule: 'langchain/tool_call',
    rule_version: '3',
    captures: { tool_name: 'web_search' },
    strategy: 2,
    inherited: null,
    confidence: null,
    evidence: [],
  },
  flags: [],
  options: null,
  revision: 1,
  generation: 1,
  created_at: '2026-01-07T19:00:00.100Z',
  updated_at: '2026-01-07T19:00:00.100Z',
  ...more,
});

export const aTraceRow = (more: Partial<TraceRow> = {}): TraceRow => ({
  trace_id: 't-1',
  session_id: 's-1',
  agent_id: null,
  status: 'running',
  merged_into: null,
  continues: null,
  group_ids: ['g-1'],
  agents: [],
  frameworks: ['langchain'],
  total_events: 1,
  error_count: 0,
  event_counts: { tool_call: 1 },
  tools: {},
  models: {},
  start_time: '2026-01-07T19:00:00.000Z',
  end_time: '2026-01-07T19:00:00.000Z',
  duration_ms: 0,
  revision: 1,
  generation: 1,
  state_lost: false,
  created_at: '2026-01-07T19:00:00.100Z',
  updated_at: '2026-01-07T19:00:00.100Z',
  ...more,
});
