import { uuidOf } from '../../lib/model/ids.js';
import { hashOf } from '../faults/oracle/minted.js';
import { random } from '../random.js';

/** An event as the oracle minted it, outside the system, with all that must be found of it afterwards. */
export interface MintedEvent {
  event_id: string;
  session_id: string;
  trace_id?: string;
  agent_id: string;
  timestamp: string;
  event_type: string;
  properties: { message: string; n: number; payload_hash: string };
}

const TYPES = ['agent_thought', 'tool_call', 'tool_result', 'llm_end', 'log'];

/**
 * `count` events of `sessions` sessions, interleaved. In every third session one event, somewhere in its middle, names
 * a trace: then the whole session belongs to that trace, the events before it included.
 */
export function mint(seed: number, count: number, sessions: number, startMs: number): MintedEvent[] {
  const next = random(seed);
  const run = uuidOf(`oracle:${seed}:${startMs}`).slice(0, 8);
  const perSession = Math.ceil(count / sessions);
  const binding = Math.floor(perSession / 2);
  const events: MintedEvent[] = [];
  for (let i = 0; i < count; i++) {
    const session = i % sessions;
    const place = Math.floor(i / sessions);
    const session_id = `session-${run}-${session}`;
    const bound = session % 3 === 0 && perSession > 2;
    const message = `step ${place} of ${session_id}: ${'x'.repeat(Math.floor(next() * 200))}`;
    const event: MintedEvent = {
      event_id: uuidOf(`oracle:${run}:${i}`),
      session_id,
      agent_id: `agent-${session % 7}`,
      timestamp: new Date(startMs + i).toISOString(),
      event_type: TYPES[Math.floor(next() * TYPES.length)]!,
      properties: { message, n: i, payload_hash: hashOf(message, i) },
    };
    if (bound && place === binding) event.trace_id = `trace-${run}-${session}`;
    events.push(event);
  }
  return events;
}
