import { groupKeys, uuidOf } from '../../../lib/model/ids.js';
import type { Random } from '../../../lib/testing/random.js';
import { type Home, hashOf, type Minted, type MintedBody, type Way } from './minted.js';

/** What is odd about the input. */
export interface InputFaults {
  /** Events are up to this much older than the ones before them, milliseconds. */
  disorderMs?: number;
  /** Clocks of senders are off by up to this much either way, milliseconds. HTTP refuses what lies far ahead. */
  skewMs?: number;
  /** Share of events that are sent a second time, by any way that takes them. */
  duplicates?: number;
}

const TYPES = ['agent_thought', 'tool_call', 'tool_result', 'llm_end', 'log'];
const OPEN_SESSIONS = 40;
const EVENTS_PER_SESSION = 60;
const STREAMS = 16;
/** The gateway refuses timestamps further ahead than 5 min. */
const HTTP_AHEAD_MS = 240_000;

interface OpenSession {
  id: string;
  /** Trace that one of its events will name, somewhere in its middle. */
  binding: string | null;
  home: Home;
  sent: number;
}

interface OpenStream {
  key: string;
  step: number;
  turn: number;
}

/**
 * Mints events as agents would send them: interleaved sessions of which every third is bound to a trace by one of its
 * events, traces without a session, and streams of plain text whose lines only their order holds together. The same
 * seed and the same calls give the same events, times aside.
 */
export class Mint {
  private readonly run: string;
  private readonly sessions: OpenSession[] = [];
  private readonly streams: OpenStream[];
  private sessionCount = 0;
  private count = 0;

  /** @param tag tells the ids of this run from those of any other. */
  constructor(
    private readonly random: Random,
    tag: string,
    private readonly faults: InputFaults = {},
  ) {
    this.run = uuidOf(`oracle:${tag}`).slice(0, 8);
    this.streams = Array.from({ length: STREAMS }, (_, n) => ({
      key: `worker-${this.run}-${n}`,
      step: random.below(SCRIPT.length),
      turn: 0,
    }));
  }

  next(way: Way): Minted {
    const n = this.count++;
    if (way === 'lines') return n % 3 === 0 ? this.sessionLine(way, n) : this.streamLine(n);
    if (way === 'cloudwatch') return this.sessionLine(way, n);
    return this.event(way, n);
  }

  private event(way: Way, n: number): Minted {
    const { random } = this;
    const ref = uuidOf(`oracle:${this.run}:${n}`);
    const message = `step ${n} ${'x'.repeat(random.below(200))}`;
    const body: MintedBody = {
      event_id: ref,
      timestamp: new Date(this.timeMs(way)).toISOString(),
      event_type: random.pick(TYPES),
      properties: { message, n, payload_hash: hashOf(message, n) },
    };
    if (random.chance(0.1)) {
      body.trace_id = `trace-${this.run}-alone-${Math.floor(n / 300)}`;
      return { kind: 'event', way, ref, body, home: { root: body.trace_id } };
    }
    const session = this.session();
    body.session_id = session.id;
    body.agent_id = `agent-${random.below(7)}`;
    if (session.binding !== null && session.sent >= EVENTS_PER_SESSION / 2) {
      body.trace_id = session.binding;
      session.home.root = session.binding;
      session.binding = null;
    }
    return { kind: 'event', way, ref, body, home: session.home };
  }

  private sessionLine(way: Way, n: number): Minted {
    const session = this.session();
    const ref = `${this.run}-${n}`;
    const text = `${new Date(this.timeMs(way)).toISOString()} INFO session_id=${session.id} Tool: web_search Input: {"query": "berths ${this.random.below(1_000)} ref=${ref}"}`;
    return { kind: 'line', way, ref, text, key: null, home: session.home };
  }

  private streamLine(n: number): Minted {
    const stream = this.random.pick(this.streams);
    const ref = `${this.run}-${n}`;
    const text = SCRIPT[stream.step]!(ref, stream.turn);
    stream.step = (stream.step + 1) % SCRIPT.length;
    if (stream.step === 0) stream.turn++;
    return { kind: 'line', way: 'lines', ref, text, key: stream.key, home: null };
  }

  /** An open session to which one event is added; one that has enough makes room for a new one. */
  private session(): OpenSession {
    while (this.sessions.length < OPEN_SESSIONS) {
      const number = this.sessionCount++;
      const id = `session-${this.run}-${number}`;
      this.sessions.push({
        id,
        // two sessions of six share a trace
        binding: number % 3 === 0 ? `trace-${this.run}-${Math.floor(number / 6)}` : null,
        home: { root: uuidOf(groupKeys.session(id)) },
        sent: 0,
      });
    }
    const at = this.random.below(this.sessions.length);
    const session = this.sessions[at]!;
    session.sent++;
    if (session.sent >= EVENTS_PER_SESSION) this.sessions.splice(at, 1);
    return session;
  }

  private timeMs(way: Way): number {
    const { disorderMs = 0, skewMs = 0 } = this.faults;
    let ms = Date.now();
    if (disorderMs > 0 && this.random.chance(0.3)) ms -= this.random.below(disorderMs);
    if (skewMs > 0) ms += Math.floor((this.random.next() * 2 - 1) * skewMs);
    return way === 'foreign' ? ms : Math.min(ms, Date.now() + HTTP_AHEAD_MS);
  }
}

/** What an agent prints, run after run. */
const SCRIPT: ((ref: string, turn: number) => string)[] = [
  (ref, turn) => `> Entering new AgentExecutor chain... (order ${turn}) ref=${ref}`,
  (ref) => `Thought: I need the timetable of the night ferry. ref=${ref}`,
  (ref) => `Action: timetable ref=${ref}`,
  (ref) => `Action Input: {"route": "night ferry", "note": "ref=${ref}"}`,
  (ref) => `Observation: leaves at 22:10 ref=${ref}`,
  (ref) => `INFO app: booked a berth ref=${ref}`,
  (ref) => `Traceback (most recent call last): ref=${ref}`,
  (ref) => `  File "/srv/book.py", line 12, in book # ref=${ref}`,
  (ref) => `ConnectionError: booking service refused the connection ref=${ref}`,
  (ref) => `Final Answer: the ferry is booked ref=${ref}`,
  (ref) => `> Finished chain. ref=${ref}`,
];
