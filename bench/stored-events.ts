import { readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { loadSchemas } from '../lib/config/schemas.js';
import { noErasures } from '../lib/kafka/erasures.js';
import { Codec } from '../lib/model/codec.js';
import type { AgentEvent } from '../lib/model/events.js';
import type { SurrealStore } from '../lib/stores/surreal/connection.js';
import { sampleEvent, sampleTrace } from '../lib/stores/surreal/fixtures.js';
import { createMetrics } from '../services/surreal-sink/metrics.js';
import { createHandler } from '../services/surreal-sink/sink.js';
import { feed } from './sink-feed.js';

export const FIRST_MS = Date.UTC(2026, 0, 7, 12);
const STEPS = [
  ['agent_thought', { reasoning: 'I have to look at the timetable before I book anything' }],
  ['agent_action', { tool_name: 'timetable', tool_input: '{"route": "night ferry"}' }],
  ['tool_result', { tool_output: 'leaves at 22:10, 14 berths are left, 89.50 EUR each' }],
  ['llm_start', { model: 'gpt-4o-mini' }],
  ['llm_end', { model: 'gpt-4o-mini', prompt_tokens: 412, completion_tokens: 38, total_tokens: 450 }],
  ['log', {}],
  ['tool_error', { tool_name: 'book', error_message: 'booking service refused the connection' }],
] as const;
const LEVELS = ['INFO', 'INFO', 'INFO', 'DEBUG', 'WARNING', 'ERROR'];
/** Words of a message beside its number: some are in every one, some in few. */
const WORDS = Array.from({ length: 3_000 }, (_, n) => `word${n}`);

/** The n-th event of an agent's log, some 300 characters, a second after the one before. Its trace is `trace-<trace>`. */
export function storedEvent(n: number, trace: number, id = `event-${n}`): AgentEvent {
  const [event_type, properties] = STEPS[n % STEPS.length]!;
  const words = Array.from(
    { length: 8 },
    (_, k) => WORDS[Math.floor((3_000 * ((n * 7919 + k * 104_729) % 9_973) ** 2) / 9_973 ** 2)],
  );
  return sampleEvent({
    event_id: id,
    group_id: `group-${trace}`,
    group_key: `session:session-${trace}`,
    trace_id: `trace-${trace}`,
    session_id: `session-${trace}`,
    agent_id: `agent-${trace % 7}`,
    framework: trace % 3 === 0 ? 'llamaindex' : 'langchain',
    event_type,
    timestamp_ms: FIRST_MS + n * 1_000,
    properties: JSON.stringify({
      level: LEVELS[n % LEVELS.length],
      message: `2026-01-07 19:00:00 INFO agent.runner step ${n} of the booking of a night ferry to Lisbon ${words.join(' ')}`,
      duration_ms: (n * 7919) % 5_000,
      ...properties,
    }),
    created_ms: FIRST_MS + n * 1_000,
    updated_ms: FIRST_MS + n * 1_000,
  });
}

/** The trace row of the events `[from, to)`. */
export const storedTrace = (trace: number, from: number, to: number) =>
  sampleTrace({
    trace_id: `trace-${trace}`,
    session_id: `session-${trace}`,
    agent_id: `agent-${trace % 7}`,
    agents: [`agent-${trace % 7}`],
    group_ids: [`group-${trace}`],
    frameworks: [trace % 3 === 0 ? 'llamaindex' : 'langchain'],
    status: trace % 5 === 0 ? 'failed' : 'completed',
    total_events: to - from,
    error_count: Math.floor((to - from) / 7),
    event_counts: Object.fromEntries(STEPS.map(([type]) => [type, Math.floor((to - from) / 7)])),
    start_ms: FIRST_MS + from * 1_000,
    end_ms: FIRST_MS + (to - 1) * 1_000,
    duration_ms: (to - 1 - from) * 1_000,
  });

const PARTITIONS = 3;

/** The handler of the SurrealDB sink, fed as its consumer feeds it: batches of 1,000, partitions side by side. */
export function sinkOf(store: SurrealStore) {
  const codec = Codec.local(loadSchemas());
  const handler = createHandler({
    codec,
    store,
    erasures: noErasures,
    metrics: createMetrics(new Registry()),
    deadLetter: async (_, cause) => {
      throw new Error(cause.message);
    },
  });
  return {
    events: (events: readonly AgentEvent[]) =>
      feed(
        handler,
        'agent-events',
        events.map((event) => codec.encode('agent-event', event)),
        PARTITIONS,
      ),
    traces: (traces: readonly ReturnType<typeof storedTrace>[]) =>
      feed(
        handler,
        'agent-traces',
        traces.map((trace) => codec.encode('agent-trace', trace)),
        PARTITIONS,
      ),
  };
}

/** Process of SurrealDB; null where it is not one that says so (a server of its own). */
export async function surrealPid(url: string): Promise<number | null> {
  const health = new URL('/health', url.replace(/^ws/, 'http'));
  const text = await (await fetch(health)).text();
  const found = /"pid":(\d+)/.exec(text);
  return found ? Number(found[1]) : null;
}

/** CPU that a process has used, milliseconds, in steps of 10 (Linux). */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
