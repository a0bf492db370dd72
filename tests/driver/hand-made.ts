import type { Codec } from '../../lib/model/codec.js';
import { type Bind, type ParsedEntry, type ParsedEvent, unexplained } from '../../lib/model/events.js';
import { groupKeys, runHome, uuidOf } from '../../lib/model/ids.js';
import { ok } from '../../lib/model/result.js';
import { localCodec, TopologyDriver } from '../../lib/testing/topology-driver.js';
import type { SubTopology, Topology } from '../../lib/topology/topology.js';
import { aggregateSubTopology } from '../../services/processor/core/aggregate/sub-topology.js';
import { PARSED_EVENTS, parsedEventsSink } from '../../services/processor/core/parsed-entries.js';
import { traceSubTopology } from '../../services/processor/core/trace/sub-topology.js';

export const T0 = Date.UTC(2026, 0, 5, 9);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** One event as a stream sends it, already parsed: ids decide its group as parse would. */
export interface Sent {
  stream: string;
  id: string;
  trace?: string;
  session?: string;
  /** Name of a run, for events without either. */
  run?: string;
  /** The run that this event shows the id of. */
  adopts?: string;
  type?: string;
  ms: number;
  /** Append time; left out: `ms`. */
  at?: number;
  agent?: string;
  framework?: string;
  properties?: Record<string, unknown>;
  amends?: boolean;
  replyTo?: string;
  flags?: string[];
}

/** The parsed event, the adoption of a run and, where it names both trace and session, its bind. */
export function parsed(sent: Sent): ParsedEntry[] {
  const key = sent.trace
    ? groupKeys.trace(sent.trace)
    : sent.session
      ? groupKeys.session(sent.session)
      : sent.run
        ? groupKeys.run(sent.stream, 'agent', sent.run)
        : groupKeys.event(sent.id);
  const at = sent.at ?? sent.ms;
  const event: ParsedEvent = {
    event_id: sent.id,
    group_id: uuidOf(key),
    group_key: key,
    home_key: sent.run && !sent.trace && !sent.session ? runHome(uuidOf(key)) : key,
    trace_id: sent.trace ?? null,
    session_id: sent.session ?? null,
    agent_id: sent.agent ?? null,
    timestamp_ms: sent.ms,
    event_type: sent.type ?? 'log',
    framework: sent.framework ?? null,
    properties: JSON.stringify(sent.properties ?? {}),
    source: null,
    raw: { topic: 'raw-logs', partition: 0, offset: 0, index: 0 },
    created_ms: at,
    updated_ms: at,
    why: unexplained(1),
    flags: sent.flags ?? [],
    options: null,
    amends: sent.amends ?? false,
    reply_to: sent.replyTo ?? null,
  };
  const entries: ParsedEntry[] = [event];
  if (sent.adopts) {
    entries.push({
      home_key: event.home_key,
      run_home_key: runHome(uuidOf(groupKeys.run(sent.stream, 'agent', sent.adopts))),
      session_id: sent.session ?? null,
      timestamp_ms: sent.ms,
      event_id: sent.id,
      appended_ms: at,
    });
  }
  if (!sent.trace || !sent.session) return entries;
  const bind: Bind = {
    home_key: groupKeys.session(sent.session),
    session_id: sent.session,
    trace_id: sent.trace,
    timestamp_ms: sent.ms,
    event_id: sent.id,
    appended_ms: at,
  };
  return [...entries, bind];
}

/** Stands in for parse: raw-logs holds {@link Sent} as JSON, so that trace and aggregate are tested by what they are given. */
export function handMadeParse(codec: Codec): SubTopology<Sent, never> {
  return {
    name: 'parse',
    groupId: 'vectadb-parse',
    source: 'raw-logs',
    changelog: 'parse-changelog',
    decode: (record) => ok([JSON.parse(record.value!.toString('utf8')) as Sent]),
    sinks: {
      [PARSED_EVENTS]: parsedEventsSink(codec),
    },
    createProcessor: () => ({
      process: (record, context) => {
        for (const entry of parsed(record.value))
          context.forward({ topic: PARSED_EVENTS, key: entry.home_key, value: entry });
      },
    }),
  };
}

export interface HandMadeOptions {
  partitions?: number;
  maxEventsPerTrace?: number;
  generation?: number;
  eager?: boolean;
  nowMs?: number;
  stateRetentionMs?: number;
  autoCloseMs?: number;
}

export function handMadeTopology(options: HandMadeOptions = {}, codec = localCodec()): Topology {
  const generation = options.generation ?? 1;
  const stateRetentionMs = options.stateRetentionMs ?? 24 * HOUR;
  const { maxEventsPerTrace = 10_000, autoCloseMs = 10 * MINUTE } = options;
  return {
    subTopologies: [
      handMadeParse(codec),
      traceSubTopology(codec, { maxEventsPerTrace, stateRetentionMs, generation }),
      aggregateSubTopology(codec, { autoCloseMs, stateRetentionMs, generation }),
    ],
  };
}

export function handMadeDriver(options: HandMadeOptions = {}): TopologyDriver {
  return new TopologyDriver({
    topology: handMadeTopology(options),
    defaultPartitions: options.partitions ?? 1,
    nowMs: options.nowMs ?? T0,
    eager: options.eager,
  });
}

/** Pipes events as their streams would send them: key is the stream, append time as given. */
export function send(driver: TopologyDriver, ...events: Sent[]): void {
  for (const event of events) {
    driver.pipe('raw-logs', { key: event.stream, value: event, timestampMs: event.at ?? event.ms });
  }
}
