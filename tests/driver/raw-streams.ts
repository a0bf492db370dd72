import { defaultAppConfig } from '../../lib/config/app-config.js';
import { maskerOf } from '../../lib/config/masking-file.js';
import type { Codec } from '../../lib/model/codec.js';
import type { LogSource, RawLog } from '../../lib/model/events.js';
import { streamKey } from '../../lib/model/ids.js';
import { canonicalJson } from '../../lib/model/json.js';
import { localCodec, TopologyDriver } from '../../lib/testing/topology-driver.js';
import type { NewRecord } from '../../lib/topology/in-process.js';
import type { Topology } from '../../lib/topology/topology.js';
import { loadRules } from '../../services/processor/adapters/rule-files.js';
import type { CompiledRules } from '../../services/processor/core/rules/compiled-rules.js';
import { buildTopology } from '../../services/processor/core/topology.js';

export const T0 = Date.UTC(2026, 1, 3, 4);
const APPEND_DELAY_MS = 120;

/** One record of raw-logs, with the append time it has in every run. */
export type RawRecord = NewRecord & { value: Buffer; timestampMs: number };
/** The records of one producer, in their order. */
export type RawStream = RawRecord[];

const codec = localCodec();
const rules = loadRules(defaultAppConfig());

export interface RealDriverOptions {
  partitions?: number;
  generation?: number;
  maxEventsPerTrace?: number;
  nowMs?: number;
  /** Left out: the built-in ones. */
  rules?: CompiledRules;
}

/** The service's own topology, with the built-in rules. */
export function realTopology(options: RealDriverOptions = {}): Topology {
  const config = defaultAppConfig();
  config.trace_detection.max_events_per_trace = options.maxEventsPerTrace ?? 10_000;
  const epochs = new Map([['raw-logs', 'epoch-1']]);
  return buildTopology({
    codec,
    config,
    rules: options.rules ?? rules,
    masker: maskerOf(config.masking),
    epochs,
    generation: options.generation ?? 1,
  });
}

export function realDriver(options: RealDriverOptions = {}): TopologyDriver {
  return new TopologyDriver({
    topology: realTopology(options),
    defaultPartitions: options.partitions ?? 1,
    nowMs: options.nowMs ?? T0,
  });
}

export const topologyCodec: Codec = codec;

const sourceOf = (group: string, stream: string): LogSource => ({
  system: 'cloudwatch',
  account: '123456789012',
  region: 'eu-west-1',
  log_group: group,
  log_stream: stream,
  log_id: null,
});

/** Lines of one log stream; each has an id of the source's, so that its event's id does not depend on its position. */
export function logStream(group: string, stream: string, lines: [ms: number, text: string][]): RawStream {
  const source = sourceOf(group, stream);
  return lines.map(([ms, message], index) => {
    const raw: RawLog = {
      message,
      timestamp_ms: T0 + ms,
      source: { ...source, log_id: `${stream}-${index}` },
      event: null,
      options: null,
    };
    const timestampMs = T0 + ms + APPEND_DELAY_MS;
    return { key: streamKey(source), value: codec.encode('raw-log', raw), timestampMs };
  });
}

export interface Body {
  [field: string]: unknown;
  properties: Record<string, unknown>;
}

/** Structured events as the gateway writes them, keyed by the agent or the session. */
export function httpStream(key: string, bodies: [ms: number, body: Body][]): RawStream {
  return bodies.map(([ms, body]) => {
    const event = canonicalJson({ timestamp: new Date(T0 + ms).toISOString(), ...body });
    const raw: RawLog = { message: '', timestamp_ms: null, source: null, event, options: null };
    return { key, value: codec.encode('raw-log', raw), timestampMs: T0 + ms + APPEND_DELAY_MS };
  });
}

/** Records that a foreign producer piped in with no key. */
export const keyless = (lines: [ms: number, text: string][]): RawStream =>
  lines.map(([ms, text]) => ({
    key: null,
    value: Buffer.from(text, 'utf8'),
    timestampMs: T0 + ms + APPEND_DELAY_MS,
  }));

const OTHER_NAMES: [RegExp, string][] = [
  [/\b(1{8}|2{8}|3{8})-0000/g, '$1-1000'],
  [/0123456789abcdef01234567/g, '76543210fedcba9876543210'],
  [/voyage-|trace-|own-id-/g, 'other-$&'],
  [/\bdesk\b/g, 'desk-2'],
];

/** What the same producer sends `laterMs` later, of other sessions and traces. */
export function another(stream: RawStream, laterMs: number): RawStream {
  const rename = (text: string) =>
    OTHER_NAMES.reduce((renamed, [name, other]) => renamed.replace(name, other), text);
  return stream.map((record) => {
    const read = codec.decode<RawLog>(record.value, ['raw-log']);
    if (!read.ok) throw new Error(read.error.message);
    const { message, timestamp_ms, source, event, options } = read.value.value;
    const body = event === null ? null : (JSON.parse(rename(event)) as Body & { timestamp: string });
    if (body) body.timestamp = new Date(Date.parse(body.timestamp) + laterMs).toISOString();
    const raw: RawLog = {
      message: rename(message),
      timestamp_ms: timestamp_ms === null ? null : timestamp_ms + laterMs,
      source: source && { ...source, log_id: `${source.log_id}-again` },
      event: body && canonicalJson(body),
      options,
    };
    return {
      ...record,
      value: codec.encode('raw-log', raw),
      timestampMs: record.timestampMs + laterMs,
    };
  });
}
