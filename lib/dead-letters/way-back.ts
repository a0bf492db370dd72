import type { Codec } from '../model/codec.js';
import {
  type AgentEvent,
  type Bind,
  type ParsedEvent,
  type ParsedPack,
  UNKNOWN_BIND_MS,
} from '../model/events.js';
import { isRun, runHome } from '../model/ids.js';
import { partitionOf } from '../topology/partition.js';
import { encodeRedrive, REDRIVE_HEADER, REDRIVEN } from '../topology/redrive.js';
import type { OutputRecord } from '../topology/task.js';
import { type Letter, nameOf } from './letter.js';

export interface WayBackOptions {
  /** Knows our schemas' ids, and those of the letters at hand. */
  codec: Codec;
  /** Partitions of a topic; undefined: there is no such topic. */
  partitionsOf: (topic: string) => number | undefined;
  /** Most bytes that a record of the topic may have. */
  maxBytesOf: (topic: string) => number;
  /** Epochs of the topics, see lib/kafka/topics/epochs. */
  epochs: ReadonlyMap<string, { created_ms: number }>;
  /** The trace that a trace was merged into, or itself. */
  rootOf: (traceId: string) => string;
}

/** What a redrive of a letter sends, or why it cannot send anything. */
export type WayBack = { ok: true; record: OutputRecord } | { ok: false; reason: string };

/** What record and batch take beside key, value and headers, bytes, rounded up. */
const OVERHEAD_BYTES = 256;
const STATE_LOST = 'state_lost';

/**
 * The record that brings a letter's data back into the topology.
 *
 * What a stage refused goes to the topic that it was read from, bytes, key and headers as they were. An event that a store
 * refused goes to trace, as a later form of itself: only trace knows in which trace its group is by now, and both stores then
 * take it or have it already. Parts of continued groups and links say all that there is to say themselves, and go to the sinks.
 *
 * @param again whether the letter was redriven before
 */
export function wayBack(letter: Letter, options: WayBackOptions, again = false): WayBack {
  const { from } = letter;
  if (from === null) return no('its headers do not say where it came from');
  const partitions = options.partitionsOf(from.topic);
  if (partitions === undefined) return no(`there is no topic ${from.topic} any more`);
  const event = from.topic === 'agent-events' ? readEvent(letter, options.codec) : null;
  const home = event && homeOf(event);
  const record = event && home ? toTrace(event, home, letter, options) : toItsTopic(letter, from, partitions);
  if (record === null) return no('there is no topic parsed-events');
  const headers = { ...record.headers, [REDRIVE_HEADER]: redriveHeader(letter, again, options) };
  const made = { ...record, headers };
  const bytes = sizeOf(made);
  const most = options.maxBytesOf(made.topic);
  if (bytes > most) return no(`${bytes} bytes, and ${made.topic} takes ${most}`);
  return { ok: true, record: made };
}

const no = (reason: string): WayBack => ({ ok: false, reason });

/** The same partition as before: there the record keeps its place behind its neighbours. */
function toItsTopic(
  { key, value, headers }: Letter,
  { topic, partition }: { topic: string; partition: number },
  partitions: number,
): OutputRecord {
  return { topic, partition: partition % partitions, key, value, headers };
}

function toTrace(
  event: AgentEvent,
  home: string,
  { headers }: Letter,
  { codec, partitionsOf, rootOf }: WayBackOptions,
): OutputRecord | null {
  const topic = 'parsed-events';
  const partitions = partitionsOf(topic);
  if (partitions === undefined) return null;
  const entries: ParsedPack['entries'] = [{ event: parsedEvent(event, home), bind: null, adoption: null }];
  const bind = lastKnownRoot(event, home, rootOf);
  if (bind) entries.unshift({ event: null, bind, adoption: null });
  const value = codec.encode('parsed-pack', { entries } satisfies ParsedPack);
  return { topic, partition: partitionOf(home, partitions), key: null, value, headers };
}

function readEvent({ value }: Letter, codec: Codec): AgentEvent | null {
  if (value === null) return null;
  const decoded = codec.decode<AgentEvent>(value, ['agent-event']);
  return decoded.ok ? decoded.value.value : null;
}

/** Home key of an event's group; null for a part that continues another: its home is not told, and it never moves. */
function homeOf({ group_id, group_key }: AgentEvent): string | null {
  if (group_key.startsWith('cont:')) return null;
  return isRun(group_key) ? runHome(group_id) : group_key;
}

/** Trace emits an event that it knows only if it comes as a fuller form of itself. */
function parsedEvent(event: AgentEvent, home_key: string): ParsedEvent {
  const { trace_id: _trace, revision: _revision, generation: _generation, ...fields } = event;
  const flags = [...event.flags.filter((flag) => flag !== STATE_LOST && flag !== REDRIVEN), REDRIVEN];
  const trace_id = home_key.startsWith('trace:') ? home_key.slice('trace:'.length) : null;
  return { ...fields, flags, home_key, trace_id, amends: true, reply_to: null };
}

/** Trace may have forgotten where the group went; whatever it knows itself counts before this. */
function lastKnownRoot(event: AgentEvent, home_key: string, rootOf: WayBackOptions['rootOf']): Bind | null {
  const { group_id, session_id, event_id, created_ms: appended_ms } = event;
  // a group that moved left word under its own name; the trace that the letter names may be one of several on its way
  const moved = rootOf(group_id);
  const trace_id = moved === group_id ? rootOf(event.trace_id) : moved;
  if (trace_id === group_id || home_key.startsWith('trace:')) return null;
  return { home_key, session_id, trace_id, timestamp_ms: UNKNOWN_BIND_MS, event_id, appended_ms };
}

function redriveHeader(letter: Letter, again: boolean, { epochs }: WayBackOptions): string {
  const { partition, offset, attempt, refusedMs } = letter;
  const origin = letter.origin!;
  const epoch = epochs.get(origin.topic);
  // the topic was made anew since: its offsets count other records now
  const isOfAnother = origin.epoch === null && epoch !== undefined && refusedMs < epoch.created_ms;
  return encodeRedrive({
    letter: { partition, offset },
    attempt,
    again: again || letter.again,
    origin: isOfAnother ? { ...origin, epoch: `letter/${nameOf(letter)}` } : origin,
  });
}

function sizeOf({ key, value, headers }: OutputRecord): number {
  let size = OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, header] of Object.entries(headers)) size += name.length + header.length + 8;
  return size;
}
