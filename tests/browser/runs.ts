import { randomUUID } from 'node:crypto';
import { waitFor } from '../../deploy/local/wait.js';
import { loadDemo } from '../../services/simulator/demo/scenario.js';
import { generate } from '../../services/simulator/labelled/generate.js';
import { loadScenario, scenarioFiles } from '../../services/simulator/labelled/scenario.js';

const STORED_LIMIT_MS = 60_000;
const LONG_TRACE_EVENTS = 10_000;
const BATCH = 2_000;
/** How long before now the simulated agents ended. */
const ENDED_MS = 60_000;

/** What a test looks for: traces that are stored, by what they are. */
export interface KnownRuns {
  /** A Lambda agent whose booking was refused. */
  failedTraceId: string;
  /** A Lambda agent that asked for the weather and answered. */
  completedTraceId: string;
  /** Ten thousand events, one of them an error. */
  longTraceId: string;
}

/** Sends the demo's logs, those of simulated agents, and a very long trace; resolves once all of it can be queried. */
export async function sendRuns(url: string, key: string): Promise<KnownRuns> {
  const api = clientOf(url, key);
  const ids = {
    run: randomUUID().slice(0, 8),
    request_1: randomUUID(),
    request_2: randomUUID(),
    session: `ticket-${randomUUID().slice(0, 8)}`,
    trace: randomUUID(),
  };
  const demo = loadDemo(ids, Date.now());
  await api.lines(demo.lambda);
  await api.lines(demo.llamaindex);
  await api.events(demo.ownAgent);
  await api.lines(simulated());
  const longTraceId = randomUUID();
  await api.events(longTrace(longTraceId));

  const traceOf = async (session: string, status: string): Promise<string> => {
    let found = '';
    await waitFor(
      `trace of the session ${session}`,
      async () => {
        const { traces } = await api.get<{ traces: { trace_id: string; status: string }[] }>(
          `/api/v1/traces?session_id=${session}`,
        );
        found = traces[0]?.trace_id ?? '';
        return traces[0]?.status === status;
      },
      { limitMs: STORED_LIMIT_MS, everyMs: 250 },
    );
    return found;
  };
  await waitFor(
    'the long trace',
    async () =>
      (await api.get<{ total_events: number }>(`/api/v1/traces/${longTraceId}?max_events=1`)).total_events ===
      LONG_TRACE_EVENTS,
    { limitMs: STORED_LIMIT_MS, everyMs: 500 },
  );
  return {
    failedTraceId: await traceOf(ids.request_2, 'failed'),
    completedTraceId: await traceOf(ids.request_1, 'completed'),
    longTraceId,
  };
}

/** Lines of simulated agents, moved in time so that they end a minute ago. */
function simulated(): object[] {
  const { path } = scenarioFiles().find(({ name }) => name === 'messy')!;
  const inputs = generate(loadScenario(path), 7).map(({ input }) => input as { timestamp: string });
  const last = Math.max(...inputs.map(({ timestamp }) => Date.parse(timestamp)));
  const shift = Date.now() - ENDED_MS - last;
  return inputs
    .slice(-1_500)
    .map((line) => ({ ...line, timestamp: new Date(Date.parse(line.timestamp) + shift).toISOString() }));
}

/** An agent that does not stop: thoughts, calls of tools and models, and one error far from the start. */
function longTrace(traceId: string): object[] {
  const began = Date.now() - 3_600_000;
  return Array.from({ length: LONG_TRACE_EVENTS }, (_, index) => ({
    event_id: `${traceId}-${index}`,
    trace_id: traceId,
    agent_id: 'crawler',
    timestamp: new Date(began + index * 340).toISOString(),
    ...stepOfLongTrace(index),
  }));
}

function stepOfLongTrace(index: number): { event_type: string; properties: object } {
  const page = `page ${Math.floor(index / 4)}`;
  if (index === 0) return { event_type: 'agent_start', properties: { message: 'crawl the catalogue' } };
  if (index === 7_777)
    return {
      event_type: 'tool_error',
      properties: { tool_name: 'fetch_page', error_message: `${page} answered 503` },
    };
  switch (index % 4) {
    case 1:
      return { event_type: 'agent_thought', properties: { reasoning: `${page} has not been read yet` } };
    case 2:
      return { event_type: 'tool_call', properties: { tool_name: 'fetch_page', tool_input: { page } } };
    case 3:
      return {
        event_type: 'tool_result',
        properties: { tool_name: 'fetch_page', tool_output: `${page}: 20 products`, duration_ms: 120 },
      };
    default:
      return {
        event_type: 'llm_end',
        properties: {
          model: 'gpt-4o-mini',
          prompt_tokens: 900,
          completion_tokens: 40,
          total_tokens: 940,
          duration_ms: 210,
        },
      };
  }
}

function clientOf(url: string, key: string) {
  const send = async (path: string, type: string, body: string): Promise<void> => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': type, prefer: 'respond-async' },
      body,
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    const { failed = 0, rejected = 0 } = response.ok ? JSON.parse(text) : { failed: 1 };
    if (failed + rejected > 0) throw new Error(`${path}: ${response.status} ${text.slice(0, 300)}`);
  };
  const batches = <T>(items: readonly T[]): T[][] =>
    Array.from({ length: Math.ceil(items.length / BATCH) }, (_, index) =>
      items.slice(index * BATCH, (index + 1) * BATCH),
    );
  return {
    async lines(lines: readonly object[]) {
      for (const batch of batches(lines)) {
        const text = batch.map((line) => JSON.stringify(line)).join('\n');
        await send('/api/v1/logs', 'application/x-ndjson', text);
      }
    },
    async events(events: readonly object[]) {
      for (const batch of batches(events))
        await send('/api/v1/events/batch', 'application/json', JSON.stringify({ events: batch }));
    },
    async get<T>(path: string): Promise<T> {
      const response = await fetch(url + path, {
        headers: { authorization: `Bearer ${key}` },
        signal: AbortSignal.timeout(30_000),
      });
      if (!response.ok)
        throw new Error(`${path}: ${response.status} ${(await response.text()).slice(0, 300)}`);
      return (await response.json()) as T;
    },
  };
}
